module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Nat.joined (a b : Nat) : Nat := a + b

theorem unfolded (a b : Nat) : Nat.joined a b = a + b := rfl

theorem computed : Nat.joined 2 2 = 4 := by decide +kernel

theorem Twin.claim : 2 + 2 = 4 := (unfolded 2 2).symm.trans computed
