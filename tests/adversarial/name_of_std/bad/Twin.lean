module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

structure Std.HashSet (α : Type) where
  size : Nat

theorem Twin.claim (α : Type) (m : Std.HashSet α) : m.size + 0 = m.size := rfl
