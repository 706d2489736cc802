module

public import Proofs.Autograd.Nodes.Gather

/-!
# Softmax over what is allowed

Along the last axis, the exponentials of those coordinates that a mask allows, over their sum; 0
elsewhere. The mask is an argument of the graph, an array of truth values, and no operand. Its axes
are the last ones: along those of `o`, outside of it, it is the same.

Adjointness holds for every mask. Where a row allows nothing, its sum is 0, and the JVP is no
derivative: that each row allows something, `AllowsSome`, is the certificate's hypothesis
(`Nodes/Certified/MaskedSoftmax`).

References: PyTorch, `masked_fill` with `-inf` before `softmax`; Vaswani et al., *Attention is all
you need*, 2017, section 3.2.3.
-/

@[expose] public section

set_option autoImplicit false

namespace Spec.Shape.Index

/-- An index by its part in the axes of `o` and its part inside of them. -/
def snoc {s : Shape} : {o : Shape} → o.Index → s.Index → (o.append s).Index
  | scalar, _, j => j
  | dim _ _, i, j => (i.1, snoc i.2 j)

/-- The part of an index in the axes of `t` and inside of them. -/
def innermost {t s : Shape} : {o : Shape} → ((o.append t).append s).Index → (t.append s).Index
  | scalar, i => i
  | dim _ _, i => innermost i.2

theorem innermost_snoc {t s : Shape} : {o : Shape} → (i : (o.append t).Index) → (j : s.Index) →
    innermost (snoc i j) = snoc (inside i) j
  | scalar, _, _ => rfl
  | dim _ _, i, j => innermost_snoc i.2 j

end Spec.Shape.Index

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {s t o : Shape} {n : Nat}

/-- Every row along the last axis has a position that the mask allows. -/
def AllowsSome (mask : (o.append (vec n)).Index → Bool) : Prop :=
  ∀ i : o.Index, ∃ j : Fin n, mask (Index.snoc i (j, ())) = true

theorem AllowsSome.innermost {mask : (t.append (vec n)).Index → Bool} (h : AllowsSome mask) :
    AllowsSome (o := o.append t) fun i => mask (Index.innermost i) := fun i => by
  obtain ⟨j, hj⟩ := h (Index.inside i)
  exact ⟨j, (congrArg mask (Index.innermost_snoc (s := vec n) i (j, ()))).trans hj⟩

noncomputable section

namespace Tensor

/-- The exponential of every coordinate that the mask allows; 0 elsewhere. -/
def maskedExp (mask : s.Index → Bool) (x : Tensor R s) : Tensor R s :=
  fun i => if mask i then ScalarOps.exp (x i) else 0

/-- For each coordinate, the sum of its row along the last axis. -/
def rowTotal (x : Tensor R (o.append (vec n))) : Tensor R (o.append (vec n)) :=
  (x.sumAxis (s := .scalar)).expandAxis n

/-- The softmax along the last axis over what the mask allows. -/
def maskedSoftmax (mask : (o.append (vec n)).Index → Bool) (x : Tensor R (o.append (vec n))) :
    Tensor R (o.append (vec n)) :=
  fun i => x.maskedExp mask i / (x.maskedExp mask).rowTotal i

/-- The matrix `diag(y) − y yᵀ` of every row along the last axis applied to that of `v`. -/
def softmaxAlong (y v : Tensor R (o.append (vec n))) : Tensor R (o.append (vec n)) :=
  fun i => y i * (v i - (y.mul v).rowTotal i)

end Tensor

end

namespace Tensor

theorem rowTotal_dot (x w : Tensor R (o.append (vec n))) :
    x.rowTotal.dot w = (x.sumAxis (s := .scalar)).dot (w.sumAxis (s := .scalar)) :=
  expandAxis_dot _ w

/-- The matrices `diag(y) − y yᵀ` are symmetric, whatever `y` is. -/
theorem softmaxAlong_dot (y v w : Tensor R (o.append (vec n))) :
    (softmaxAlong y v).dot w = v.dot (softmaxAlong y w) := by
  have expand (a b : Tensor R (o.append (vec n))) : (softmaxAlong y a).dot b =
      (sumIndex _ fun i => y i * a i * b i) -
        ((y.mul a).sumAxis (s := .scalar)).dot ((y.mul b).sumAxis (s := .scalar)) := by
    rw [← rowTotal_dot]
    have split : (softmaxAlong y a).dot b =
        sumIndex _ fun i => y i * a i * b i + -1 * ((y.mul a).rowTotal i * (y.mul b) i) :=
      sumIndex_congr fun i => by simp only [softmaxAlong, mul_apply]; grind
    rw [split, sumIndex_add, ← mul_sumIndex]
    simp only [dot]
    grind
  rw [expand, dot_comm v, expand, dot_comm ((y.mul v).sumAxis (s := .scalar))]
  exact congrArg (· - _) (sumIndex_congr fun i => by grind)

/-- What the mask does not allow has no part in the softmax. -/
theorem maskedSoftmax_congr {mask : (o.append (vec n)).Index → Bool}
    {x x' : Tensor R (o.append (vec n))} (h : ∀ i, mask i = true → x i = x' i) :
    x.maskedSoftmax mask = x'.maskedSoftmax mask := by
  have he : x.maskedExp mask = x'.maskedExp mask := funext fun i => by
    simp only [maskedExp]
    split
    · rw [h i ‹_›]
    · rfl
  exact funext fun i => congrArg (fun e : Tensor R (o.append (vec n)) => e i / e.rowTotal i) he

end Tensor

noncomputable section

namespace Op

/-- The softmax along the last axis over what the mask allows, which is the same along the axes of
`o`. -/
def maskedSoftmax (o t : Shape) (n : Nat) (mask : (t.append (vec n)).Index → Bool) :
    Op R [(o.append t).append (vec n)] ((o.append t).append (vec n)) where
  forward x := x.1.maskedSoftmax fun i => mask (Index.innermost i)
  jvp x dx := .softmaxAlong (x.1.maskedSoftmax fun i => mask (Index.innermost i)) dx.1
  vjp x δ := (.softmaxAlong (x.1.maskedSoftmax fun i => mask (Index.innermost i)) δ, ())
  correct x dx δ := by simp [Tensor.softmaxAlong_dot]

end Op

namespace TapeNodes

/-- The softmax along the last axis of the tensor at `a` over what the mask allows. -/
def maskedSoftmax {Γ : List Shape} (o t : Shape) {n : Nat} (a : Idx Γ ((o.append t).append (vec n)))
    (mask : (t.append (vec n)).Index → Bool) : Node R Γ ((o.append t).append (vec n)) where
  args := _
  op := .maskedSoftmax o t n mask
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
