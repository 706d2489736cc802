module

public import Proofs.Autograd.Algebra.Laws

/-!
# Scalars

`ScalarOps R` is all that a graph needs in order to run: a commutative ring together with an inverse
and five functions of which *nothing* is assumed. Adjointness of a reverse pass is a ring identity,
so theorems about it hold here; a finite field with arbitrary stand-ins for `exp`, `log`, `sqrt`,
`tanh` and the unit step is a model. Laws of order and analysis live in a class of their own, for
the theorems about derivatives.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

/-- A commutative ring with operations, free of laws, that nodes may use: inverse, quotient, `exp`,
`log`, `sqrt`, `tanh` and the unit step, by which maxima are written. -/
class ScalarOps (R : Type) extends CommRing R, Inv R, Div R where
  /-- The exponential function. -/
  exp : R → R
  /-- The logarithm. -/
  log : R → R
  /-- The square root. -/
  sqrt : R → R
  /-- The hyperbolic tangent. -/
  tanh : R → R
  /-- The unit step: meant to be 1 at positive numbers and 0 elsewhere. -/
  step : R → R

end Proofs.Autograd
