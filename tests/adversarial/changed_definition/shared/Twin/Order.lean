module

prelude
public import Init.Data.Nat.Basic
public import Twin.Area

@[expose] public section

def Twin.Symmetric (f : Nat → Nat → Nat) : Prop := ∀ n m, f n m = f m n
