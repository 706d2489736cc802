module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.claim : 0 = 0 := rfl
