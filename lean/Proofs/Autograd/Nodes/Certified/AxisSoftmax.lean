module

public import Proofs.Autograd.Calculus.Elementary
public import Proofs.Autograd.Nodes.AxisSoftmax
public import Proofs.Autograd.Nodes.Certified.Axes
public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Nodes.Certified.Softmax

/-!
# Certificates of softmax and the logarithm of sums of exponentials along an axis

Each is certified everywhere, also along an axis of no positions, where nothing depends on anything.
Main results besides: softmax of batches of matrices is an instance, and is the exponential of
log-softmax (`exp_logSoftmaxAxis`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

theorem softmaxAxis_eq_softmaxLast {R : Type} [ScalarOps R] {a b n : Nat}
    (x : TList R [cube a b n]) :
    (Op.softmaxAxis (mat a b) n .scalar).forward x = (Op.softmaxLast a b n).forward x :=
  rfl

variable {R : Type} [AnalyticScalar R] {N n : Nat} {x : Vec R N} {o s : Shape}

/-! ### Sums along an axis -/

namespace Tensor

/-- The sums of positive numbers along an axis are positive, where there is a position. -/
theorem sumAxis_pos (hn : 0 < n) : {o : Shape} → {a : Tensor R (o.append (.dim n s))} →
    (∀ i, 0 < a i) → ∀ i, 0 < a.sumAxis i
  | .scalar, _, h, i => sum_pos hn fun k => h (k, i)
  | .dim _ _, _, h, i => sumAxis_pos hn (fun j => h (i.1, j)) i.2

/-- Along an axis of no positions the sums are 0. -/
theorem sumAxis_empty : {o : Shape} → (a : Tensor R (o.append (.dim 0 s))) → ∀ i, a.sumAxis i = 0
  | .scalar, _, _ => rfl
  | .dim _ _, a, i => sumAxis_empty (a.slice i.1) i.2

/-- A place of a tensor has a position along the axis behind those of `o`. -/
theorem position_pos : {o : Shape} → (o.append (.dim n s)).Index → 0 < n
  | .scalar, i => i.1.pos
  | .dim _ _, i => position_pos i.2

theorem spreadSum_pos {a : Tensor R (o.append (.dim n s))} (h : ∀ i, 0 < a i)
    (i : (o.append (.dim n s)).Index) : 0 < a.spreadSum i :=
  sumAxis_pos (position_pos i) h _

/-- Weights that are parts of their sum weigh as they are, over the sum. -/
theorem sumAxis_parts : {o : Shape} → (b w : Tensor R (o.append (.dim n s))) → ∀ i,
    sumAxis (fun j => b j / b.spreadSum j * w j) i = (b.sumAxis i)⁻¹ * (b.mul w).sumAxis i
  | .scalar, b, w, i => by
      change (Proofs.Autograd.sum fun k => b (k, i) / (Proofs.Autograd.sum fun k => b (k, i)) *
        w (k, i)) = _ * Proofs.Autograd.sum fun k => b (k, i) * w (k, i)
      rw [mul_sum]
      refine sum_congr fun k => ?_
      change _ = (Proofs.Autograd.sum fun k => b (k, i))⁻¹ * _
      generalize (Proofs.Autograd.sum fun k => b (k, i)) = S
      rw [div_eq_mul_inv]
      grind
  | .dim _ _, b, w, i => sumAxis_parts (b.slice i.1) (w.slice i.1) i.2

/-- The exponential of log-softmax is softmax. -/
theorem exp_logSoftmaxAxis (a : Tensor R (o.append (.dim n s))) (i : (o.append (.dim n s)).Index) :
    exp (a.logSoftmaxAxis i) = a.softmaxAxis i := by
  have hS := spreadSum_pos (a := a.map exp) (fun _ => exp_pos _) i
  have e : exp ((a.logsumexpAxis).expandAxis n i) = (a.map exp).spreadSum i := exp_log _ hS
  have h := exp_mul_exp_neg ((a.logsumexpAxis).expandAxis n i)
  have split : exp (a.logSoftmaxAxis i) = exp (a i) * exp (-(a.logsumexpAxis).expandAxis n i) := by
    rw [← exp_add, ← sub_eq_add_neg]
    rfl
  rw [split]
  change exp (a i) * _ = exp (a i) / (a.map exp).spreadSum i
  rw [e] at h
  generalize (a.map exp).spreadSum i = S at *
  generalize exp (-(a.logsumexpAxis).expandAxis n i) = w at *
  rw [div_eq_mul_inv]
  grind

end Tensor

/-! ### Derivatives -/

namespace HasTensorDerivAt

variable {a a' : Vec R N → Tensor R (o.append (.dim n s))}

theorem logsumexpAxis (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).logsumexpAxis)
      (fun h => (((a x).logSoftmaxAxis.map exp).mul (a' h)).sumAxis) x := fun i => by
  by_cases hn : n = 0
  · subst hn
    refine (HasDifferentialAt.const (log 0)).congr (fun v => ?_) fun h => Tensor.sumAxis_empty _ i
    exact congrArg log (Tensor.sumAxis_empty _ i)
  · have he : HasTensorDerivAt (fun v => (a v).map exp) (fun h => ((a x).map exp).mul (a' h)) x :=
      ha.map fun _ => hasDerivAt_exp _
    have hS : 0 < ((a x).map exp).sumAxis i :=
      Tensor.sumAxis_pos (by omega) (fun _ => exp_pos _) i
    refine ((hasDerivAt_log hS).comp_hasDifferentialAt (he.sumAxis i)).congr (fun _ => rfl)
      fun h => ?_
    rw [← Tensor.sumAxis_parts]
    refine congrArg (fun t => Tensor.sumAxis t i) (funext fun j => ?_)
    exact congrArg (· * _) (Tensor.exp_logSoftmaxAxis (a x) j)

theorem logSoftmaxAxis (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).logSoftmaxAxis)
      (fun h => (a' h).sub (((a x).logSoftmaxAxis.map exp).mul (a' h)).spreadSum) x :=
  ha.sub fun _ => ha.logsumexpAxis _

theorem softmaxAxis (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).softmaxAxis)
      (fun h => (a x).softmaxAxis.mul ((a' h).sub ((a x).softmaxAxis.mul (a' h)).spreadSum)) x := by
  have e (t : Tensor R (o.append (.dim n s))) : t.logSoftmaxAxis.map exp = t.softmaxAxis :=
    funext t.exp_logSoftmaxAxis
  have H := ha.logSoftmaxAxis.map (f := exp) (f' := exp) fun _ => hasDerivAt_exp _
  simpa only [e] using H

end HasTensorDerivAt

namespace Op

theorem softmaxAxis_fderivCorrect : OpFDerivCorrect (softmaxAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.softmaxAxis

theorem logsumexpAxis_fderivCorrect : OpFDerivCorrect (logsumexpAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.logsumexpAxis

theorem logSoftmaxAxis_fderivCorrect : OpFDerivCorrect (logSoftmaxAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.logSoftmaxAxis

end Op

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `softmaxAxis`. -/
def softmaxAxisFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (softmaxAxis (R := R) o a) :=
  .ofOp Op.softmaxAxis_fderivCorrect

/-- The certificate of `logsumexpAxis`. -/
def logsumexpAxisFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (logsumexpAxis (R := R) o a) :=
  .ofOp Op.logsumexpAxis_fderivCorrect

/-- The certificate of `logSoftmaxAxis`. -/
def logSoftmaxAxisFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (logSoftmaxAxis (R := R) o a) :=
  .ofOp Op.logSoftmaxAxis_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
