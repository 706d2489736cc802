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

theorem claim (F G : (All.{0} → All.{0}) → Nat) (h : F = G) : G = F := h.symm

end Twin
