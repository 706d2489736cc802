module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def width (n : Nat) : Nat := n * 1

theorem claim (n : Nat) (v w : Fin (0 + width n) → Nat) (h : v = w) : w = v := h.symm

end Twin
