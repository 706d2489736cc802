module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.size : Nat := 1

theorem Twin.claim : Twin.size = 1 := rfl
