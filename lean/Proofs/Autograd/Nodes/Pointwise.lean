module

public import Proofs.Autograd.Tape.Node

/-!
# Coordinatewise ops

Sum, difference and product of two tensors, coordinate by coordinate, multiplication by a fixed
scalar, and the negative.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Laws

variable {R : Type} [ScalarOps R]

namespace Tensor

variable {s : Shape}

noncomputable section

/-- The negative of a tensor. -/
def neg (a : Tensor R s) : Tensor R s := fun i => -a i

/-- The difference of two tensors, coordinate by coordinate. -/
def sub (a b : Tensor R s) : Tensor R s := fun i => a i - b i

/-- The product of two tensors, coordinate by coordinate. -/
def mul (a b : Tensor R s) : Tensor R s := fun i => a i * b i

end

@[simp] theorem neg_apply (a : Tensor R s) (i : s.Index) : a.neg i = -a i := rfl

@[simp] theorem sub_apply (a b : Tensor R s) (i : s.Index) : a.sub b i = a i - b i := rfl

@[simp] theorem mul_apply (a b : Tensor R s) (i : s.Index) : a.mul b i = a i * b i := rfl

@[simp] theorem smul_dot (c : R) (a b : Tensor R s) : (c • a).dot b = a.dot (c • b) :=
  sumIndex_congr fun i => by simp only [smul_apply]; grind

/-- Multiplying by a fixed tensor is its own adjoint. -/
@[simp] theorem mul_dot (a b c : Tensor R s) : (a.mul b).dot c = b.dot (a.mul c) :=
  sumIndex_congr fun i => by simp only [mul_apply]; grind

theorem mul_left_comm (a b c : Tensor R s) : a.mul (b.mul c) = b.mul (a.mul c) :=
  funext fun i => Laws.mul_left_comm (a i) (b i) (c i)

theorem mul_sub (a b c : Tensor R s) : a.mul (b.sub c) = (a.mul b).sub (a.mul c) :=
  funext fun i => by simp only [mul_apply, sub_apply]; grind

@[simp] theorem dot_neg (a b : Tensor R s) : a.dot b.neg = -a.dot b := by
  have h : a.dot (b.neg + b) = 0 :=
    (congrArg a.dot (funext fun i => neg_add_cancel (b i))).trans a.dot_zero
  rw [dot_add] at h
  grind

@[simp] theorem neg_dot (a b : Tensor R s) : a.neg.dot b = -a.dot b := by
  rw [dot_comm, dot_neg, dot_comm]

theorem dot_sub (a b c : Tensor R s) : a.dot (b.sub c) = a.dot b - a.dot c := by
  have h : b.sub c = b + c.neg := funext fun i => sub_eq_add_neg (b i) (c i)
  rw [h, dot_add, dot_neg, sub_eq_add_neg]

@[simp] theorem sub_dot (a b c : Tensor R s) : (a.sub b).dot c = a.dot c - b.dot c := by
  rw [dot_comm, dot_sub, dot_comm c a, dot_comm c b]

end Tensor

noncomputable section

namespace Op

/-- The sum of two tensors. -/
def add (s : Shape) : Op R [s, s] s where
  forward x := x.1 + x.2.1
  jvp _ dx := dx.1 + dx.2.1
  vjp _ δ := (δ, δ, ())
  correct x dx δ := by simp [dotList]; grind

/-- The difference of two tensors. -/
def sub (s : Shape) : Op R [s, s] s where
  forward x := x.1.sub x.2.1
  jvp _ dx := dx.1.sub dx.2.1
  vjp _ δ := (δ, δ.neg, ())
  correct x dx δ := by simp [dotList]; grind

/-- The product of two tensors, coordinate by coordinate. -/
def mul (s : Shape) : Op R [s, s] s where
  forward x := x.1.mul x.2.1
  jvp x dx := x.1.mul dx.2.1 + x.2.1.mul dx.1
  vjp x δ := (x.2.1.mul δ, x.1.mul δ, ())
  correct x dx δ := by simp [dotList]; grind

/-- Multiplication by a fixed scalar. -/
def scale (s : Shape) (c : R) : Op R [s] s where
  forward x := c • x.1
  jvp _ dx := c • dx.1
  vjp _ δ := (c • δ, ())
  correct x dx δ := by simp

/-- The negative of a tensor. -/
def neg (s : Shape) : Op R [s] s where
  forward x := x.1.neg
  jvp _ dx := dx.1.neg
  vjp _ δ := (δ.neg, ())
  correct x dx δ := by simp

end Op

namespace TapeNodes

variable {Γ : List Shape} {s : Shape}

/-- The sum of the tensors at `a` and `b`. -/
def add (a b : Idx Γ s) : Node R Γ s where
  args := _
  op := .add s
  operands := .cons a (.cons b .nil)

/-- The difference of the tensors at `a` and `b`. -/
def sub (a b : Idx Γ s) : Node R Γ s where
  args := _
  op := .sub s
  operands := .cons a (.cons b .nil)

/-- The product of the tensors at `a` and `b`, coordinate by coordinate. -/
def mul (a b : Idx Γ s) : Node R Γ s where
  args := _
  op := .mul s
  operands := .cons a (.cons b .nil)

/-- The tensor at `a` times the scalar `c`. -/
def scale (a : Idx Γ s) (c : R) : Node R Γ s where
  args := _
  op := .scale s c
  operands := .cons a .nil

/-- The negative of the tensor at `a`. -/
def neg (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .neg s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
