module

public import Proofs.Autograd.Nodes.Elementwise

/-!
# Activations

Elementwise ops that networks are made of, each an instance of `Op.elemwise` with a name of its own.
The logistic function is written with `tanh`, `σ(x) = (1 + tanh (x / 2)) / 2`, in which nothing
overflows; that it is `1 / (1 + exp (-x))` is a theorem where there are laws (`sigmoidSpec_eq`).

References: Elfwing, Uchibe and Doya, *Sigmoid-weighted linear units*, 2017, for SiLU.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [ScalarOps R] {s : Shape}

noncomputable section

/-- The logistic function, `σ(x) = (1 + tanh (x / 2)) / 2`. -/
def sigmoidSpec (x : R) : R := (1 + ScalarOps.tanh (x / 2)) / 2

/-- The derivative of the logistic function, `σ(x) · (1 − σ(x))`. -/
def sigmoidDerivSpec (x : R) : R := sigmoidSpec x * (1 - sigmoidSpec x)

/-- SiLU, `x · σ(x)`. -/
def siluSpec (x : R) : R := x * sigmoidSpec x

/-- The derivative of SiLU, `σ(x) · (1 + x · (1 − σ(x)))`. -/
def siluDerivSpec (x : R) : R := sigmoidSpec x * (1 + x * (1 - sigmoidSpec x))

namespace Op

/-- The exponential of every coordinate, which is its own derivative. -/
def exp (s : Shape) : Op R [s] s := elemwise s ScalarOps.exp ScalarOps.exp

/-- The hyperbolic tangent of every coordinate, with derivative `1 − tanh²`. -/
def tanh (s : Shape) : Op R [s] s :=
  elemwise s ScalarOps.tanh fun x => 1 - ScalarOps.tanh x * ScalarOps.tanh x

/-- The logistic function of every coordinate. -/
def sigmoid (s : Shape) : Op R [s] s := elemwise s sigmoidSpec sigmoidDerivSpec

/-- SiLU, also called swish, of every coordinate. -/
def silu (s : Shape) : Op R [s] s := elemwise s siluSpec siluDerivSpec

/-- The square of every coordinate, with derivative `2 · x`. -/
def square (s : Shape) : Op R [s] s := elemwise s (fun x => x * x) fun x => 2 * x

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The exponential of every coordinate of the tensor at `a`. -/
def exp (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .exp s
  operands := .cons a .nil

/-- The hyperbolic tangent of every coordinate of the tensor at `a`. -/
def tanh (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .tanh s
  operands := .cons a .nil

/-- The logistic function of every coordinate of the tensor at `a`. -/
def sigmoid (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .sigmoid s
  operands := .cons a .nil

/-- SiLU of every coordinate of the tensor at `a`. -/
def silu (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .silu s
  operands := .cons a .nil

/-- The square of every coordinate of the tensor at `a`. -/
def square (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .square s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
