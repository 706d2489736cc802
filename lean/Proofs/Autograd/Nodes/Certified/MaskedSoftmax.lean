module

public import Proofs.Autograd.Calculus.Special
public import Proofs.Autograd.Nodes.Certified.Axes
public import Proofs.Autograd.Nodes.MaskedSoftmax
public import Proofs.Autograd.Nodes.Softmax

/-!
# The certificate of softmax over what is allowed

Where every row allows something, its sum of exponentials is positive, and the JVP is the
derivative. Main results besides: what is not allowed has 0 (`maskedSoftmax_eq_zero`), and without a
mask it is the softmax (`maskedSoftmax_eq_softmaxLast`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

theorem maskedSoftmax_eq_softmaxLast {R : Type} [ScalarOps R] {h m n : Nat}
    (x : TList R [cube h m n]) :
    (Op.maskedSoftmax (vec h) (vec m) n fun _ => true).forward x =
      (Op.softmaxLast h m n).forward x :=
  rfl

variable {R : Type} [AnalyticScalar R] {N n : Nat} {x : Vec R N} {o s t : Shape}

/-- A sum of terms that are not negative, one of which is positive, is positive. -/
theorem sum_pos_of_exists {n : Nat} {f : Fin n → R} (h : ∀ i, 0 ≤ f i) (hf : ∃ j, 0 < f j) :
    0 < sum f := by
  induction n with
  | zero => exact hf.choose.elim0
  | succ n ih =>
    obtain ⟨j, hj⟩ := hf
    have h₀ := h 0
    have hs := sum_nonneg fun i : Fin n => h i.succ
    simp only [sum]
    cases j using Fin.cases with
    | zero => grind
    | succ j => have := ih (fun i => h i.succ) ⟨j, hj⟩; grind

namespace Tensor

theorem sumAxis_pos_of_exists : {o : Shape} → {f : Tensor R (o.append (vec n))} →
    (∀ i, 0 ≤ f i) → (∀ i : o.Index, ∃ j : Fin n, 0 < f (Index.snoc i (j, ()))) →
    ∀ i, 0 < f.sumAxis (s := .scalar) i
  | .scalar, _, h, hf, _ => sum_pos_of_exists (fun k => h (k, ())) (hf ())
  | .dim _ _, f, h, hf, i =>
      sumAxis_pos_of_exists (f := f.slice i.1) (fun j => h (i.1, j))
        (fun j => hf (i.1, j)) i.2

theorem maskedExp_nonneg (mask : s.Index → Bool) (x : Tensor R s) (i : s.Index) :
    0 ≤ x.maskedExp mask i := by
  simp only [maskedExp]
  split
  · exact exp_nonneg _
  · grind

/-- Where every row allows something, the sums of its exponentials are positive. -/
theorem rowTotal_maskedExp_pos {mask : (o.append (vec n)).Index → Bool} (h : AllowsSome mask)
    (x : Tensor R (o.append (vec n))) (i : (o.append (vec n)).Index) :
    0 < (x.maskedExp mask).rowTotal i := by
  refine sumAxis_pos_of_exists (maskedExp_nonneg mask x) (fun i => ?_) _
  obtain ⟨j, hj⟩ := h i
  refine ⟨j, ?_⟩
  simp only [maskedExp, hj, if_true]
  exact exp_pos _

/-- What the mask does not allow has 0. -/
theorem maskedSoftmax_eq_zero {mask : (o.append (vec n)).Index → Bool}
    (x : Tensor R (o.append (vec n))) {i : (o.append (vec n)).Index} (h : mask i = false) :
    x.maskedSoftmax mask i = 0 := by
  simp only [maskedSoftmax, maskedExp, h]
  grind

theorem sumAxis_mul_expandAxis : {o : Shape} → (a : Tensor R (o.append (.dim n s))) →
    (c : Tensor R (o.append s)) → (i : (o.append s).Index) →
    (a.mul (c.expandAxis n)).sumAxis i = a.sumAxis i * c i
  | .scalar, a, c, i => (sum_mul (fun k => a (k, i)) (c i)).symm
  | .dim _ _, a, c, i => sumAxis_mul_expandAxis (a.slice i.1) (c.slice i.1) i.2

end Tensor

namespace HasTensorDerivAt

variable {a a' : Vec R N → Tensor R (o.append (vec n))}

theorem maskedExp {a a' : Vec R N → Tensor R s} (ha : HasTensorDerivAt a a' x)
    (mask : s.Index → Bool) :
    HasTensorDerivAt (fun v => (a v).maskedExp mask)
      (fun h => ((a x).maskedExp mask).mul (a' h)) x := fun i => by
  simp only [Tensor.maskedExp, Tensor.mul_apply]
  cases mask i with
  | true => exact (hasDerivAt_exp (a x i)).comp_hasDifferentialAt (ha i)
  | false =>
    exact (HasDifferentialAt.const 0).congr (fun _ => by simp) fun _ => by simp [zero_mul]

theorem rowTotal (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).rowTotal) (fun h => (a' h).rowTotal) x :=
  fun _ => (HasTensorDerivAt.sumAxis (s := .scalar) ha) _

theorem maskedSoftmax {mask : (o.append (vec n)).Index → Bool} (hm : AllowsSome mask)
    (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).maskedSoftmax mask)
      (fun h => .softmaxAlong ((a x).maskedSoftmax mask) (a' h)) x := fun i => by
  have hS := Tensor.rowTotal_maskedExp_pos hm (a x) i
  have he := ha.maskedExp mask
  refine ((he i).div (he.rowTotal i) (by grind)).congr (fun _ => rfl) fun h => ?_
  have hr : (((a x).maskedSoftmax mask).mul (a' h)).rowTotal i =
      (((a x).maskedExp mask).mul (a' h)).rowTotal i * (((a x).maskedExp mask).rowTotal i)⁻¹ := by
    have hm : ((a x).maskedSoftmax mask).mul (a' h) =
        (((a x).maskedExp mask).mul (a' h)).mul
          (Tensor.expandAxis n fun j =>
            (((a x).maskedExp mask).sumAxis (s := .scalar) j)⁻¹) := funext fun k => by
      simp only [Tensor.mul_apply, Tensor.maskedSoftmax, Tensor.rowTotal, Tensor.expandAxis]
      grind
    rw [hm]
    exact Tensor.sumAxis_mul_expandAxis (s := .scalar) _ _ _
  simp only [Tensor.softmaxAlong, hr, Tensor.maskedSoftmax, Tensor.mul_apply]
  generalize (((a x).maskedExp mask).mul (a' h)).rowTotal i = T
  generalize ((a x).maskedExp mask).rowTotal i = S at *
  grind

end HasTensorDerivAt

/-- Where every row allows something, the JVP of the masked softmax is its derivative. -/
theorem Op.maskedSoftmax_fderivCorrectOn (mask : (t.append (vec n)).Index → Bool) :
    OpFDerivCorrectOn (Op.maskedSoftmax (R := R) o t n mask) fun _ => AllowsSome mask :=
  fun _ _ _ _ ⟨ha, _⟩ h => ha.maskedSoftmax h.innermost

/-- The certificate of `maskedSoftmax`, where every row allows something. -/
noncomputable def TapeNodes.maskedSoftmaxFderiv {Γ : List Shape} (o : Shape)
    (a : Idx Γ ((o.append t).append (vec n))) {mask : (t.append (vec n)).Index → Bool}
    (h : AllowsSome mask) : NodeFDerivCorrect (maskedSoftmax (R := R) o t a mask) :=
  .ofAt fun _ => .ofOp (Op.maskedSoftmax_fderivCorrectOn mask) h

end Proofs.Autograd
