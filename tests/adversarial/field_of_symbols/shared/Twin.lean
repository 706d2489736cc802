module

public import Init

@[expose] public section

namespace Twin

structure S where
  «a. = 5 ∧ 2» : Nat

theorem claim (x : S) (h : x.«a. = 5 ∧ 2» = 2) : 2 = x.«a. = 5 ∧ 2» := h.symm

end Twin
