module

prelude
public import Init.Data.Nat.Basic
public import Twin.Order

@[expose] public section

theorem Twin.claim : Symmetric area := fun n m => Nat.add_comm (size n) (size m)
