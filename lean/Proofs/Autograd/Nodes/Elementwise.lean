module

public import Proofs.Autograd.Nodes.Pointwise

/-!
# Elementwise ops

A function of one variable applied to every coordinate, with a second function that stands for its
derivative: tangents and cotangents are both multiplied by the latter. Adjointness relates the two
functions in no way; that one is the derivative of the other is a theorem of the calculus.

The ops of the graphs are instances with names of their own, so that a graph can be read back:
`addConst`, `sqrtClamp`, `inv`, `gelu`.

References: Hendrycks and Gimpel, *Gaussian error linear units*, 2016, for the tanh form of GELU.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Laws

variable {R : Type} [ScalarOps R] {s : Shape}

noncomputable section

/-- The value of `f` at every coordinate. -/
def Tensor.map (f : R → R) (a : Tensor R s) : Tensor R s := fun i => f (a i)

/-! ### The tanh form of GELU -/

/-- The coefficient 0.044715 of the cubic term, exactly. -/
def geluCoefficient : R := 44715 / 1000000

/-- The argument of the hyperbolic tangent, `κ · (x + 0.044715 · x³)`. -/
def geluArgument (κ x : R) : R := κ * (x + geluCoefficient * (x * x * x))

/-- GELU in its tanh form, `x · (1 + tanh (κ · (x + 0.044715 · x³))) / 2`. The constant `κ` is meant
to be `√(2/π)`; scalars need not contain π, so it is an argument. -/
def geluSpec (κ x : R) : R := x * (1 + ScalarOps.tanh (geluArgument κ x)) / 2

/-- The derivative of `geluSpec κ`, with `t` the hyperbolic tangent in it:
`(1 + t + x · (1 − t²) · κ · (1 + 3 · 0.044715 · x²)) / 2`. -/
def geluDerivSpec (κ x : R) : R :=
  let t := ScalarOps.tanh (geluArgument κ x)
  (1 + t + x * (1 - t * t) * (κ * (1 + 3 * geluCoefficient * (x * x)))) / 2

/-! ### Ops -/

namespace Op

/-- The function `f` at every coordinate; `f'` stands for its derivative. -/
def elemwise (s : Shape) (f f' : R → R) : Op R [s] s where
  forward x := x.1.map f
  jvp x dx := (x.1.map f').mul dx.1
  vjp x δ := ((x.1.map f').mul δ, ())
  correct x dx δ := by simp [Tensor.mul_dot]

/-- A fixed scalar added to every coordinate. -/
def addConst (s : Shape) (ε : R) : Op R [s] s := elemwise s (· + ε) fun _ => 1

/-- The square root of every coordinate, clamped at 0: `√(max(x, 0))`. Since `√` is 0 at negative
numbers, that is `√x`. The derivative `1/(2√x)` is meant for positive coordinates. -/
def sqrtClamp (s : Shape) : Op R [s] s :=
  elemwise s ScalarOps.sqrt fun x => 1 / (2 * ScalarOps.sqrt x)

/-- The inverse of every coordinate, with derivative `−(x²)⁻¹`. -/
def inv (s : Shape) : Op R [s] s := elemwise s (·⁻¹) fun x => -(x ^ 2)⁻¹

/-- GELU of every coordinate, in its tanh form; `κ` is meant to be `√(2/π)`. -/
def gelu (s : Shape) (κ : R) : Op R [s] s := elemwise s (geluSpec κ) (geluDerivSpec κ)

end Op

/-! ### Nodes -/

namespace TapeNodes

variable {Γ : List Shape}

/-- The function `f` at every coordinate of the tensor at `a`; `f'` stands for its derivative. -/
def elemwise (a : Idx Γ s) (f f' : R → R) : Node R Γ s where
  args := _
  op := .elemwise s f f'
  operands := .cons a .nil

/-- The tensor at `a` with `ε` added to every coordinate. -/
def addConst (a : Idx Γ s) (ε : R) : Node R Γ s where
  args := _
  op := .addConst s ε
  operands := .cons a .nil

/-- The square root of every coordinate of the tensor at `a`. -/
def sqrtClamp (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .sqrtClamp s
  operands := .cons a .nil

/-- The inverse of every coordinate of the tensor at `a`. -/
def inv (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .inv s
  operands := .cons a .nil

/-- GELU of every coordinate of the tensor at `a`, in its tanh form. -/
def gelu (a : Idx Γ s) (κ : R) : Node R Γ s where
  args := _
  op := .gelu s κ
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
