module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.Op.scale (c : Nat) (x : Nat → Nat) : Nat → Nat := fun i => c * x i
