module

public import Init

/-!
# The laws of rings, fields and order

Core has them in `Lean.Grind`, for its tactic, and promises nobody their names. This file alone
spells those: the library opens `Laws`, and a core that calls a law otherwise is met here. The short
names are Mathlib's, and stay out of `Proofs.Autograd` itself, to be imported next to it.
-/

public section

namespace Proofs.Autograd.Laws

export Lean.Grind (CommRing Field IsCharP OrderedAdd OrderedRing)

export Lean.Grind.Semiring (add_assoc add_comm add_zero left_distrib mul_assoc mul_one mul_zero
  natCast natCast_add natCast_succ natCast_zero one_mul pow_add pow_one pow_succ pow_zero zero_mul)
export Lean.Grind.CommSemiring (mul_comm mul_left_comm)
export Lean.Grind.AddCommMonoid (add_left_comm zero_add)
export Lean.Grind.AddCommGroup (neg_add neg_zero sub_self)
export Lean.Grind.Ring (neg_add_cancel sub_eq_add_neg)

export Lean.Grind.Field (div_eq_mul_inv inv_zero mul_inv_cancel zero_ne_one zpow_neg zpow_succ
  zpow_zero)

export Lean.Grind.OrderedAdd (add_le_left_iff add_lt_left_iff)
export Lean.Grind.OrderedRing (mul_le_mul_of_nonneg_left mul_le_mul_of_nonneg_right
  mul_lt_mul_of_pos_left mul_lt_mul_of_pos_right mul_nonneg mul_pos zero_lt_one)
export Lean.Grind.Field.IsOrdered (inv_pos_iff le_mul_inv_iff_mul_le lt_mul_inv_iff_mul_lt
  mul_inv_lt_iff_lt_mul)

end Proofs.Autograd.Laws
