module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.length : Nat := 0

theorem Twin.claim : Twin.length = 0 := rfl
