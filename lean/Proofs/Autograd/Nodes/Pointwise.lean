module

public import Proofs.Autograd.Tape.Node

/-!
# Coordinatewise ops

Sum of two tensors and multiplication by a fixed scalar.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [ScalarOps R]

namespace Tensor

theorem scale_dot {s : Shape} (c : R) (a b : Tensor R s) : (a.scale c).dot b = a.dot (b.scale c) :=
  sumIndex_congr fun i => by simp only [scale]; grind

end Tensor

noncomputable section

namespace Op

/-- The sum of two tensors. -/
def add (s : Shape) : Op R [s, s] s where
  forward x := x.1.add x.2.1
  jvp _ dx := dx.1.add dx.2.1
  vjp _ δ := (δ, δ, ())
  correct x dx δ := by simp only [Tensor.add_dot, dotList]; grind

/-- Multiplication by a fixed scalar. -/
def scale (s : Shape) (c : R) : Op R [s] s where
  forward x := x.1.scale c
  jvp _ dx := dx.1.scale c
  vjp _ δ := (δ.scale c, ())
  correct x dx δ := by simp only [Tensor.scale_dot, dotList]; grind

end Op

namespace TapeNodes

variable {Γ : List Shape} {s : Shape}

/-- The sum of the tensors at `a` and `b`. -/
def add (a b : Idx Γ s) : Node R Γ s where
  args := _
  op := .add s
  operands := .cons a (.cons b .nil)

/-- The tensor at `a` times the scalar `c`. -/
def scale (a : Idx Γ s) (c : R) : Node R Γ s where
  args := _
  op := .scale s c
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
