module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.length : Nat := 1

theorem Twin.claim : Twin.length = 1 := rfl
