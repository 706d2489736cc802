module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Nat.xor (a b : Nat) : Nat := a + b

theorem unfolded (a b : Nat) : Nat.xor a b = a + b := rfl

theorem computed : Nat.xor 2 2 = 0 := by decide +kernel

theorem Twin.claim : 2 + 2 = 0 := (unfolded 2 2).symm.trans computed
