module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure Pair where
  size : Nat
  differ : (.inl ⟨⟩ : True ∨ True) ≠ .inr ⟨⟩

theorem claim (f g : Pair → Nat) (h : f = g) : g = f := h.symm

end Twin
