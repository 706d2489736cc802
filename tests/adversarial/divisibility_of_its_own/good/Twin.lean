module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def divides : Dvd Nat := ⟨fun m n => ∃ k, n = m * k⟩

structure Multiple where
  of : Nat
  isOne : of = 4 ∧ @Dvd.dvd Nat Nat.instDvd 2 4

theorem claim (f g : Multiple → Nat) (h : f = g) : g = f := h.symm

end Twin
