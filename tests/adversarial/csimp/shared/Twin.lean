module

prelude
public import Init.Data.Nat.Basic
public import Twin.Fast

@[expose] public section

theorem Twin.claim (n : Nat) : size n = n := rfl
