module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

structure Twin.HashSet (α : Type) where
  size : Nat

theorem Twin.claim (α : Type) (m : Twin.HashSet α) : m.size + 0 = m.size := rfl
