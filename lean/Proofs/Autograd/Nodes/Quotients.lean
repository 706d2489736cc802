module

public import Proofs.Autograd.Nodes.Elementwise

/-!
# Quotients and powers

The quotient of two tensors, coordinate by coordinate, of which the derivative is meant where no
denominator is 0, and the power by a fixed natural number, which has one everywhere.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Laws

variable {R : Type} [ScalarOps R] {s : Shape}

attribute [local instance] natCast

noncomputable section

/-- The quotients of the coordinates of two tensors. -/
def Tensor.div (a b : Tensor R s) : Tensor R s := fun i => a i / b i

namespace Op

/-- The quotient of two tensors, coordinate by coordinate. -/
def div (s : Shape) : Op R [s, s] s where
  forward x := x.1.div x.2.1
  jvp x dx := (x.2.1.map (·⁻¹)).mul (dx.1.sub ((x.1.div x.2.1).mul dx.2.1))
  vjp x δ := ((x.2.1.map (·⁻¹)).mul δ,
    ((x.1.div x.2.1).mul ((x.2.1.map (·⁻¹)).mul δ)).neg, ())
  correct x dx δ := by simp [dotList]; grind

/-- The power of every coordinate by a natural number, with derivative `k · x ^ (k - 1)`. -/
def powNat (s : Shape) (k : Nat) : Op R [s] s :=
  elemwise s (· ^ k) fun x => k * x ^ (k - 1)

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The quotient of the tensors at `a` and `b`, coordinate by coordinate. -/
def div (a b : Idx Γ s) : Node R Γ s where
  args := _
  op := .div s
  operands := .cons a (.cons b .nil)

/-- Every coordinate of the tensor at `a` to the power `k`. -/
def powNat (a : Idx Γ s) (k : Nat) : Node R Γ s where
  args := _
  op := .powNat s k
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
