module

public import Spec.Shape
public import Proofs.Autograd.Algebra.Sum

/-!
# Tensors

A tensor of shape `s` is a function on the multi-indices of `s`. `dot` is the sum over all
coordinates of the products.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Laws

/-- A tensor of shape `s`: a scalar for each multi-index. -/
def Tensor (R : Type) (s : Shape) : Type := s.Index → R

variable {R : Type} [ScalarOps R]

noncomputable section

/-- The sum of `f i` over all multi-indices `i` of a shape. -/
def sumIndex : (s : Shape) → (s.Index → R) → R
  | .scalar, f => f ()
  | .dim _ s, f => sum fun i => sumIndex s fun j => f (i, j)

namespace Tensor

/-- The same tensor at an equal shape. -/
def cast {s s' : Shape} (h : s = s') (a : Tensor R s) : Tensor R s' := h ▸ a

/-- The tensor of zeros. -/
instance instZero {s : Shape} : Zero (Tensor R s) := ⟨fun _ => 0⟩

/-- The sum of two tensors, coordinate by coordinate. -/
instance instAdd {s : Shape} : Add (Tensor R s) := ⟨fun a b i => a i + b i⟩

/-- A scalar multiple. -/
instance instSMul {s : Shape} : SMul R (Tensor R s) := ⟨fun c a i => c * a i⟩

/-- The sub-tensor at one position of the outermost axis. -/
def slice {n : Nat} {s : Shape} (a : Tensor R (.dim n s)) (i : Fin n) : Tensor R s :=
  fun j => a (i, j)

/-- The tensor with given slices along a new outermost axis. -/
def stack {n : Nat} {s : Shape} (f : Fin n → Tensor R s) : Tensor R (.dim n s) := fun i => f i.1 i.2

/-- The sum over all coordinates of the products of `a` and `b`. -/
def dot {s : Shape} (a b : Tensor R s) : R := sumIndex s fun i => a i * b i

end Tensor

end

theorem sumIndex_congr {s : Shape} {f g : s.Index → R} (h : ∀ i, f i = g i) :
    sumIndex s f = sumIndex s g :=
  congrArg (sumIndex s) (funext h)

theorem sumIndex_zero (s : Shape) : (sumIndex s fun _ => (0 : R)) = 0 := by
  induction s with
  | scalar => rfl
  | dim n s ih => simp only [sumIndex, ih, sum_zero]

theorem sumIndex_add {s : Shape} (f g : s.Index → R) :
    (sumIndex s fun i => f i + g i) = sumIndex s f + sumIndex s g := by
  induction s with
  | scalar => rfl
  | dim n s ih => simp only [sumIndex, ih, sum_add]

theorem mul_sumIndex {s : Shape} (c : R) (f : s.Index → R) :
    c * sumIndex s f = sumIndex s fun i => c * f i := by
  induction s with
  | scalar => rfl
  | dim n s ih => simp only [sumIndex, mul_sum, ih]

namespace Tensor

variable {s : Shape}

@[simp] theorem zero_apply (i : s.Index) : (0 : Tensor R s) i = 0 := rfl

@[simp] theorem add_apply (a b : Tensor R s) (i : s.Index) : (a + b) i = a i + b i := rfl

@[simp] theorem smul_apply (c : R) (a : Tensor R s) (i : s.Index) : (c • a) i = c * a i := rfl

theorem dot_comm (a b : Tensor R s) : a.dot b = b.dot a :=
  sumIndex_congr fun i => mul_comm (a i) (b i)

theorem dot_add (a b c : Tensor R s) : a.dot (b + c) = a.dot b + a.dot c := by
  simp only [dot, ← sumIndex_add]
  exact sumIndex_congr fun i => left_distrib (a i) (b i) (c i)

@[simp] theorem add_dot (a b c : Tensor R s) : (a + b).dot c = a.dot c + b.dot c := by
  rw [dot_comm, dot_add, dot_comm c a, dot_comm c b]

theorem dot_stack {n : Nat} (f : Fin n → Tensor R s) (b : Tensor R (.dim n s)) :
    (stack f).dot b = sum fun i => (f i).dot (b.slice i) :=
  rfl

theorem dot_dim {n : Nat} (a b : Tensor R (.dim n s)) :
    a.dot b = sum fun i => (a.slice i).dot (b.slice i) :=
  rfl

theorem dot_zero (a : Tensor R s) : a.dot 0 = 0 := by
  simp only [dot, zero_apply, mul_zero, sumIndex_zero]

end Tensor

end Proofs.Autograd
