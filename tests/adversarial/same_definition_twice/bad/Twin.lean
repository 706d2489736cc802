module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.size : Nat := 0

theorem Twin.claim : Twin.size = 0 := rfl
