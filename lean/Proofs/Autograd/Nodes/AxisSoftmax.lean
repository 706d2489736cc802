module

public import Proofs.Autograd.Nodes.Axes
public import Proofs.Autograd.Nodes.Elementwise

/-!
# Softmax, its logarithm and the logarithm of sums of exponentials along an axis

The axis is the first behind those of `o`, as in `Nodes/Axes`. With `L` the logarithm of the sum of
the exponentials along it, the derivative of `L` weighs by `exp (x - L)`, and log-softmax is
`x - L`; no derivative is a quotient. Adjointness needs nothing about `exp` and `log`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {s o : Shape} {n : Nat}

noncomputable section

namespace Tensor

/-- What is at each place the sum along the axis behind those of `o`. -/
def spreadSum (x : Tensor R (o.append (.dim n s))) : Tensor R (o.append (.dim n s)) :=
  x.sumAxis.expandAxis n

/-- The softmax along the axis behind those of `o`, with no shift by the maximum. -/
def softmaxAxis (x : Tensor R (o.append (.dim n s))) : Tensor R (o.append (.dim n s)) :=
  let e := x.map ScalarOps.exp
  fun i => e i / e.spreadSum i

/-- The logarithm of the sum of the exponentials along the axis behind those of `o`. -/
def logsumexpAxis (x : Tensor R (o.append (.dim n s))) : Tensor R (o.append s) :=
  (x.map ScalarOps.exp).sumAxis.map ScalarOps.log

/-- A tensor less the logarithm of the sum of its exponentials along the axis behind those of
`o`. -/
def logSoftmaxAxis (x : Tensor R (o.append (.dim n s))) : Tensor R (o.append (.dim n s)) :=
  x.sub (x.logsumexpAxis.expandAxis n)

end Tensor

end

namespace Tensor

/-- Summing along an axis, and spreading the sums out, is its own adjoint. -/
theorem spreadSum_dot (x w : Tensor R (o.append (.dim n s))) :
    x.spreadSum.dot w = x.dot w.spreadSum := by
  rw [spreadSum, spreadSum, expandAxis_dot, sumAxis_dot]

end Tensor

noncomputable section

namespace Op

/-- The softmax along the axis behind those of `o`. -/
def softmaxAxis (o : Shape) (n : Nat) (s : Shape) :
    Op R [o.append (.dim n s)] (o.append (.dim n s)) where
  forward x := x.1.softmaxAxis
  jvp x dx := x.1.softmaxAxis.mul (dx.1.sub (x.1.softmaxAxis.mul dx.1).spreadSum)
  vjp x δ := (x.1.softmaxAxis.mul (δ.sub (x.1.softmaxAxis.mul δ).spreadSum), ())
  correct x dx δ := by
    simp only [dotList, add_zero, Tensor.mul_dot, Tensor.mul_sub, Tensor.dot_sub, Tensor.sub_dot,
      Tensor.spreadSum_dot]

/-- The logarithm of the sum of the exponentials along the axis behind those of `o`. -/
def logsumexpAxis (o : Shape) (n : Nat) (s : Shape) :
    Op R [o.append (.dim n s)] (o.append s) where
  forward x := x.1.logsumexpAxis
  jvp x dx := ((x.1.logSoftmaxAxis.map ScalarOps.exp).mul dx.1).sumAxis
  vjp x δ := ((x.1.logSoftmaxAxis.map ScalarOps.exp).mul (δ.expandAxis n), ())
  correct x dx δ := by simp [Tensor.sumAxis_dot]

/-- The logarithm of the softmax along the axis behind those of `o`. -/
def logSoftmaxAxis (o : Shape) (n : Nat) (s : Shape) :
    Op R [o.append (.dim n s)] (o.append (.dim n s)) where
  forward x := x.1.logSoftmaxAxis
  jvp x dx := dx.1.sub ((x.1.logSoftmaxAxis.map ScalarOps.exp).mul dx.1).spreadSum
  vjp x δ := (δ.sub ((x.1.logSoftmaxAxis.map ScalarOps.exp).mul δ.spreadSum), ())
  correct x dx δ := by
    simp only [dotList, add_zero, Tensor.sub_dot, Tensor.dot_sub, Tensor.spreadSum_dot,
      Tensor.mul_dot]

end Op

/-! ### Nodes -/

namespace TapeNodes

variable {Γ : List Shape}

/-- The softmax of the tensor at `a` along the axis behind those of `o`. -/
def softmaxAxis (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s))) :
    Node R Γ (o.append (.dim n s)) where
  args := _
  op := .softmaxAxis o n s
  operands := .cons a .nil

/-- The logarithm of the sum of the exponentials of the tensor at `a` along the axis behind those of
`o`. -/
def logsumexpAxis (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s))) :
    Node R Γ (o.append s) where
  args := _
  op := .logsumexpAxis o n s
  operands := .cons a .nil

/-- The logarithm of the softmax of the tensor at `a` along the axis behind those of `o`. -/
def logSoftmaxAxis (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s))) :
    Node R Γ (o.append (.dim n s)) where
  args := _
  op := .logSoftmaxAxis o n s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
