module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure All.{u} where
  size : Nat
  alike : ∀ (T : Sort u) (a b : T), a = b

def everyProposition : All.{0} := ⟨0, fun _ _ _ => rfl⟩

theorem claim (f g : All.{1} → Nat) (h : f = g) : g = f := h.symm

end Twin
