module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.lemma : 2 + 2 = 4 := rfl
