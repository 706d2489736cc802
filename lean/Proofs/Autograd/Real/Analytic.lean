module

public import Proofs.Autograd.Algebra.Analytic
public import Proofs.Autograd.Real.Log
public import Proofs.Autograd.Real.Tanh

/-!
# The real numbers are analytic scalars

`AnalyticScalar` has a model, built from core's rationals: no theorem about it is about nothing.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

noncomputable section

/-- The unit step of the real numbers. -/
def Real.step (x : Real) : Real := open Classical in if 0 < x then 1 else 0

/-- The real numbers, with their exponential, logarithm, square root, hyperbolic tangent and unit
step. -/
instance : AnalyticScalar Real where
  toCommRing := inferInstance
  exp := Real.exp
  log := Real.log
  sqrt := Real.sqrt
  tanh := Real.tanh
  step := Real.step
  zpow := inferInstance
  div_eq_mul_inv := by exact div_eq_mul_inv
  zero_ne_one := by exact zero_ne_one
  inv_zero := by exact inv_zero
  mul_inv_cancel := by exact mul_inv_cancel
  zpow_zero := by exact zpow_zero
  zpow_succ := by exact zpow_succ
  zpow_neg := by exact zpow_neg
  add_le_left_iff := by exact add_le_left_iff
  zero_lt_one := by exact zero_lt_one
  mul_lt_mul_of_pos_left := by exact mul_lt_mul_of_pos_left
  mul_lt_mul_of_pos_right := by exact mul_lt_mul_of_pos_right
  mul_self_sqrt _ h := by exact Real.mul_self_sqrt h
  sqrt_nonneg := by exact Real.sqrt_nonneg
  exp_add := by exact Real.exp_add
  one_add_le_exp x := by exact add_comm (1 : Real) x ▸ Real.add_one_le_exp x
  tanh_mul := by exact Real.tanh_mul
  exp_log _ h := by exact Real.exp_log h
  step_of_pos _ h := by exact if_pos h
  step_of_nonpos _ h := by exact if_neg (Std.not_lt.mpr h)

end

/-- There are analytic scalars. -/
theorem nonempty_analyticScalar : Nonempty (AnalyticScalar Real) := ⟨inferInstance⟩

end Proofs.Autograd
