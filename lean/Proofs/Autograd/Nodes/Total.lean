module

public import Proofs.Autograd.Nodes.Pointwise

/-!
# Sums and means over all axes

Linear ops from a tensor of any shape to a scalar, as losses end in one. Their adjoint gives every
coordinate the same value. The mean of `n` coordinates is their sum times `n⁻¹`, of which nothing is
used; of none it is 0, as `0⁻¹` is.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {s : Shape}

attribute [local instance] natCast

noncomputable section

namespace Tensor

/-- The sum of all coordinates. -/
def total (x : Tensor R s) : Tensor R .scalar := fun _ => sumIndex s x

/-- The tensor whose every coordinate is the scalar `c`. -/
def fill (s : Shape) (c : Tensor R .scalar) : Tensor R s := fun _ => c ()

end Tensor

end

namespace Tensor

/-- Summing is adjoint to filling. -/
theorem total_dot (x : Tensor R s) (c : Tensor R .scalar) : x.total.dot c = x.dot (c.fill s) := by
  change sumIndex s x * c () = sumIndex s fun i => x i * c ()
  rw [mul_comm, mul_sumIndex]
  exact sumIndex_congr fun i => mul_comm ..

end Tensor

noncomputable section

namespace Op

/-- The sum of all coordinates. -/
def sum (s : Shape) : Op R [s] .scalar where
  forward x := x.1.total
  jvp _ dx := dx.1.total
  vjp _ δ := (δ.fill s, ())
  correct x dx δ := by simp [Tensor.total_dot]

/-- The mean of all coordinates. -/
def mean (s : Shape) : Op R [s] .scalar where
  forward x := (s.size : R)⁻¹ • x.1.total
  jvp _ dx := (s.size : R)⁻¹ • dx.1.total
  vjp _ δ := (((s.size : R)⁻¹ • δ).fill s, ())
  correct x dx δ := by simp [Tensor.total_dot]

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The sum of all coordinates of the tensor at `a`. -/
def sum (a : Idx Γ s) : Node R Γ .scalar where
  args := _
  op := .sum s
  operands := .cons a .nil

/-- The mean of all coordinates of the tensor at `a`. -/
def mean (a : Idx Γ s) : Node R Γ .scalar where
  args := _
  op := .mean s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
