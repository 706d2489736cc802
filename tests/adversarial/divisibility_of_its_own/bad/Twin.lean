module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def divides : Dvd Nat := ⟨fun _ _ => False⟩

structure Multiple where
  of : Nat
  isOne : of = 4 ∧ @Dvd.dvd Nat divides 2 4

theorem claim (f g : Multiple → Nat) (h : f = g) : g = f := h.symm

end Twin
