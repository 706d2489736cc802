module

public import Proofs.Autograd.Calculus.Deriv
public import Proofs.Autograd.Nodes.Pointwise
public import Proofs.Autograd.Tape.FDeriv

/-!
# Certificates of coordinatewise ops

Sum, difference, product, scalar multiple and negative, by the rule of that name at every
coordinate.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {N : Nat} {x : Vec R N} {s : Shape}

namespace HasTensorDerivAt

variable {a a' b b' : Vec R N → Tensor R s}

theorem add (ha : HasTensorDerivAt a a' x) (hb : HasTensorDerivAt b b' x) :
    HasTensorDerivAt (fun v => a v + b v) (fun h => a' h + b' h) x :=
  fun i => (ha i).add (hb i)

theorem sub (ha : HasTensorDerivAt a a' x) (hb : HasTensorDerivAt b b' x) :
    HasTensorDerivAt (fun v => (a v).sub (b v)) (fun h => (a' h).sub (b' h)) x :=
  fun i => (ha i).sub (hb i)

theorem mul (ha : HasTensorDerivAt a a' x) (hb : HasTensorDerivAt b b' x) :
    HasTensorDerivAt (fun v => (a v).mul (b v))
        (fun h => (a x).mul (b' h) + (b x).mul (a' h)) x :=
  fun i => (ha i).mul (hb i)

theorem scale (ha : HasTensorDerivAt a a' x) (c : R) :
    HasTensorDerivAt (fun v => c • a v) (fun h => c • a' h) x :=
  fun i => (ha i).const_mul c

theorem neg (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).neg) (fun h => (a' h).neg) x :=
  fun i => (ha i).neg

end HasTensorDerivAt

namespace Op

theorem add_fderivCorrect : OpFDerivCorrect (add (R := R) s) :=
  fun _ _ _ _ ⟨ha, hb, _⟩ _ => ha.add hb

theorem sub_fderivCorrect : OpFDerivCorrect (sub (R := R) s) :=
  fun _ _ _ _ ⟨ha, hb, _⟩ _ => ha.sub hb

theorem mul_fderivCorrect : OpFDerivCorrect (mul (R := R) s) :=
  fun _ _ _ _ ⟨ha, hb, _⟩ _ => ha.mul hb

theorem scale_fderivCorrect {c : R} : OpFDerivCorrect (scale s c) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.scale c

theorem neg_fderivCorrect : OpFDerivCorrect (neg (R := R) s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.neg

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `add`. -/
def addFderiv (a b : Idx Γ s) : NodeFDerivCorrect (add (R := R) a b) := .ofOp Op.add_fderivCorrect

/-- The certificate of `sub`. -/
def subFderiv (a b : Idx Γ s) : NodeFDerivCorrect (sub (R := R) a b) := .ofOp Op.sub_fderivCorrect

/-- The certificate of `mul`. -/
def mulFderiv (a b : Idx Γ s) : NodeFDerivCorrect (mul (R := R) a b) := .ofOp Op.mul_fderivCorrect

/-- The certificate of `scale`. -/
def scaleFderiv (a : Idx Γ s) (c : R) : NodeFDerivCorrect (scale a c) :=
  .ofOp Op.scale_fderivCorrect

/-- The certificate of `neg`. -/
def negFderiv (a : Idx Γ s) : NodeFDerivCorrect (neg (R := R) a) := .ofOp Op.neg_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
