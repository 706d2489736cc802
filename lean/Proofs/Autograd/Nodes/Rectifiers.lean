module

public import Proofs.Autograd.Nodes.Elementwise

/-!
# Rectifiers, maxima and clamping

Functions with a kink, written with the unit step, each an instance of `Op.elemwise` with a name of
its own. Their derivatives are meant for coordinates away from the kinks; at a kink they are what
PyTorch takes there. The function of Huber is made of clamping and has no kink.

References: Nair and Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010,
for ReLU; Maas, Hannun and Ng, *Rectifier nonlinearities improve neural network acoustic models*,
2013, for its leaky form; Huber, *Robust estimation of a location parameter*, 1964.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [ScalarOps R] {s : Shape}

noncomputable section

/-- ReLU, `max(x, 0)`. -/
def reluSpec (x : R) : R := x * ScalarOps.step x

/-- Leaky ReLU, `x` for positive numbers and `a · x` for negative ones. -/
def leakyReluSpec (a x : R) : R := x * ScalarOps.step x + a * (x * ScalarOps.step (-x))

/-- The derivative of leaky ReLU: 1 at positive numbers and `a` elsewhere. -/
def leakyReluDerivSpec (a x : R) : R := ScalarOps.step x + a * (1 - ScalarOps.step x)

/-- The absolute value. -/
def absSpec (x : R) : R := x * (ScalarOps.step x - ScalarOps.step (-x))

/-- The derivative of the absolute value, the sign. -/
def absDerivSpec (x : R) : R := ScalarOps.step x - ScalarOps.step (-x)

/-- The larger of a number and a constant. -/
def maxConstSpec (c x : R) : R := c + (x - c) * ScalarOps.step (x - c)

/-- The smaller of a number and a constant. -/
def minConstSpec (c x : R) : R := c - (c - x) * ScalarOps.step (c - x)

/-- A number, but `lo` where it is smaller and `hi` where it is larger. -/
def clampSpec (lo hi x : R) : R := minConstSpec hi (maxConstSpec lo x)

/-- The derivative of `clampSpec lo hi`: 1 between the two and 0 outside. -/
def clampDerivSpec (lo hi x : R) : R :=
  (1 - ScalarOps.step (lo - x)) * (1 - ScalarOps.step (x - hi))

/-- The function of Huber, `c · (x - c / 2)` with `c` what is between `-δ` and `δ` of `x`, which is
its derivative. -/
def huberSpec (δ x : R) : R := clampSpec (-δ) δ x * (x - clampSpec (-δ) δ x / 2)

namespace Op

/-- ReLU of every coordinate, with the unit step as derivative. -/
def relu (s : Shape) : Op R [s] s := elemwise s reluSpec ScalarOps.step

/-- Leaky ReLU of every coordinate, with slope `a` at negative ones. -/
def leakyRelu (s : Shape) (a : R) : Op R [s] s :=
  elemwise s (leakyReluSpec a) (leakyReluDerivSpec a)

/-- The absolute value of every coordinate. -/
def abs (s : Shape) : Op R [s] s := elemwise s absSpec absDerivSpec

/-- The larger of every coordinate and `c`. -/
def maxConst (s : Shape) (c : R) : Op R [s] s :=
  elemwise s (maxConstSpec c) fun x => 1 - ScalarOps.step (c - x)

/-- The smaller of every coordinate and `c`. -/
def minConst (s : Shape) (c : R) : Op R [s] s :=
  elemwise s (minConstSpec c) fun x => 1 - ScalarOps.step (x - c)

/-- Every coordinate, but `lo` where it is smaller and `hi` where it is larger. -/
def clamp (s : Shape) (lo hi : R) : Op R [s] s :=
  elemwise s (clampSpec lo hi) (clampDerivSpec lo hi)

/-- The function of Huber of every coordinate: half the square between `-δ` and `δ`, linear in the
absolute value outside. -/
def huber (s : Shape) (δ : R) : Op R [s] s := elemwise s (huberSpec δ) (clampSpec (-δ) δ)

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- ReLU of every coordinate of the tensor at `a`. -/
def relu (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .relu s
  operands := .cons a .nil

/-- Leaky ReLU of every coordinate of the tensor at `x`, with slope `a` at negative ones. -/
def leakyRelu (x : Idx Γ s) (a : R) : Node R Γ s where
  args := _
  op := .leakyRelu s a
  operands := .cons x .nil

/-- The absolute value of every coordinate of the tensor at `a`. -/
def abs (a : Idx Γ s) : Node R Γ s where
  args := _
  op := .abs s
  operands := .cons a .nil

/-- The larger of every coordinate of the tensor at `a` and `c`. -/
def maxConst (a : Idx Γ s) (c : R) : Node R Γ s where
  args := _
  op := .maxConst s c
  operands := .cons a .nil

/-- The smaller of every coordinate of the tensor at `a` and `c`. -/
def minConst (a : Idx Γ s) (c : R) : Node R Γ s where
  args := _
  op := .minConst s c
  operands := .cons a .nil

/-- The tensor at `a`, every coordinate clamped to what is between `lo` and `hi`. -/
def clamp (a : Idx Γ s) (lo hi : R) : Node R Γ s where
  args := _
  op := .clamp s lo hi
  operands := .cons a .nil

/-- The function of Huber of every coordinate of the tensor at `a`. -/
def huber (a : Idx Γ s) (δ : R) : Node R Γ s where
  args := _
  op := .huber s δ
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
