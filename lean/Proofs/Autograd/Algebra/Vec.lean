module

public import Proofs.Autograd.Algebra.Sum

/-!
# Coordinate vectors

`Vec R n` is the space of `n`-tuples of scalars; `inner` is its inner product. A function between such spaces is what the calculus
differentiates.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

/-- The space of `n`-tuples of scalars. -/
def Vec (R : Type) (n : Nat) : Type := Fin n → R

variable {R : Type} [ScalarOps R]

namespace Vec

noncomputable section

/-- The inner product, the sum of the products of corresponding coordinates. -/
def inner {n : Nat} (x y : Vec R n) : R := sum fun i => x i * y i

/-- The sum, coordinate by coordinate. -/
def add {n : Nat} (x y : Vec R n) : Vec R n := fun i => x i + y i

/-- A scalar multiple. -/
def smul {n : Nat} (c : R) (x : Vec R n) : Vec R n := fun i => c * x i

/-- The vector of zeros. -/
def zero (n : Nat) : Vec R n := fun _ => 0

end

/-- The same coordinates under an equal dimension. -/
def castVec {n m : Nat} (h : n = m) (x : Vec R n) : Vec R m := fun i => x (i.cast h.symm)

theorem castVec_inner {n m : Nat} (h : n = m) (x : Vec R n) (y : Vec R m) :
    (x.castVec h).inner y = x.inner (y.castVec h.symm) := by
  subst h; rfl

end Vec

end Proofs.Autograd
