module

public import Proofs.Autograd.Nodes.Elementwise

/-!
# The logarithm and softplus

Softplus is `log (1 + exp x)`. Its derivative is the logistic function, here written
`exp (x - softplus x)`, in which nothing overflows and nothing cancels; that the two are the same is
a theorem where there are laws (`softplusDerivSpec_eq`).

References: Dugas et al., *Incorporating second-order functional knowledge for better option
pricing*, 2000, for softplus.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [ScalarOps R] {s : Shape}

noncomputable section

/-- Softplus, `log (1 + exp x)`. -/
def softplusSpec (x : R) : R := ScalarOps.log (1 + ScalarOps.exp x)

/-- The derivative of softplus, `exp (x - softplus x)`. -/
def softplusDerivSpec (x : R) : R := ScalarOps.exp (x - softplusSpec x)

namespace Op

/-- The logarithm of every coordinate. The derivative `x⁻¹` is meant for positive coordinates. -/
def log (s : Shape) : Op R [s] s := elemwise s ScalarOps.log (·⁻¹)

/-- Softplus of every coordinate, `log (1 + exp x)`. -/
def softplus (s : Shape) : Op R [s] s := elemwise s softplusSpec softplusDerivSpec

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The logarithm of every coordinate of the tensor at `a`. -/
def log (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .log s
  operands := .cons a .nil

/-- Softplus of every coordinate of the tensor at `a`. -/
def softplus (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .softplus s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
