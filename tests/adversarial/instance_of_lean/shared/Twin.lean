module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.claim (n : Nat) : n + 0 = n := rfl
