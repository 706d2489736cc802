module

public import Proofs.Autograd.Calculus.Special
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Elementwise

/-!
# Certificates of elementwise ops

An elementwise op is certified where the second function is the derivative of the first: everywhere
for `addConst` and `gelu`, at positive coordinates for `sqrtClamp`, at coordinates other than 0 for
`inv`. Main result besides: `gelu_deriv_correct`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {N : Nat} {x : Vec R N} {s : Shape} {f f' : R → R}

/-! ### Functions of one variable -/

theorem hasDerivAt_add_const (c x : R) : HasDerivAt (· + c) 1 x :=
  .of_hasDifferentialAt ((HasDifferentialAt.coord 0).add_const c) fun _ => by grind

/-- The derivative of GELU in its tanh form. -/
theorem gelu_deriv_correct (κ x : R) : HasDerivAt (geluSpec κ) (geluDerivSpec κ x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have hi := (hv.add (((hv.mul hv).mul hv).const_mul geluCoefficient)).const_mul κ
  have ht := (hasDerivAt_tanh (geluArgument κ x)).comp_hasDifferentialAt hi
  have H := (hv.mul (ht.add_const 1)).const_mul (1 / 2)
  refine .of_hasDifferentialAt (H.congr (fun y => ?_) fun _ => rfl) fun h => ?_
  · simp only [geluSpec, geluArgument]
    grind
  · simp only [geluDerivSpec, geluArgument]
    generalize (geluCoefficient : R) = k
    grind

/-! ### Ops -/

theorem HasTensorDerivAt.map {a a' : Vec R N → Tensor R s} (ha : HasTensorDerivAt a a' x)
    (hf : ∀ i, HasDerivAt f (f' (a x i)) (a x i)) :
    HasTensorDerivAt (fun v => (a v).map f) (fun h => ((a x).map f').mul (a' h)) x :=
  fun i => (hf i).comp_hasDifferentialAt (ha i)

theorem Op.elemwise_fderivCorrectOn :
    OpFDerivCorrectOn (elemwise s f f') fun x => ∀ i, HasDerivAt f (f' (x.1 i)) (x.1 i) :=
  fun _ _ _ _ ⟨ha, _⟩ hf => ha.map hf

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `elemwise` at a point where `f'` is the derivative of `f` at every coordinate
present. -/
def elemwiseFderivAt (a : Idx Γ s) (f f' : R → R) (x : CtxVec R Γ)
    (hf : ∀ k, HasDerivAt f (f' (CtxVec.get a x k)) (CtxVec.get a x k)) :
    NodeFDerivCorrectAt (elemwise a f f') x :=
  .ofOp Op.elemwise_fderivCorrectOn <| by
    change ∀ i, HasDerivAt f (f' (getIdx (unflattenCtx x) a i)) (getIdx (unflattenCtx x) a i)
    rw [getIdx_unflattenCtx]
    exact fun i => hf (Shape.flat i)

/-- The certificate of `elemwise` when `f'` is the derivative of `f`. -/
def elemwiseFderiv (a : Idx Γ s) (f f' : R → R) (hf : ∀ z, HasDerivAt f (f' z) z) :
    NodeFDerivCorrect (elemwise a f f') :=
  .ofAt fun x => elemwiseFderivAt a f f' x fun _ => hf _

/-- The certificate of `addConst`. -/
def addConstFderiv (a : Idx Γ s) (ε : R) : NodeFDerivCorrect (addConst a ε) :=
  elemwiseFderiv a _ _ (hasDerivAt_add_const ε)

/-- The certificate of `sqrtClamp` at a point where every coordinate is positive. -/
def sqrtClampFderivAt (a : Idx Γ s) (x : CtxVec R Γ) (hpos : ∀ k, 0 < CtxVec.get a x k) :
    NodeFDerivCorrectAt (sqrtClamp a) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_sqrt (hpos k)

/-- The certificate of `inv` at a point where no coordinate is 0. -/
def invFderivAt (a : Idx Γ s) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ 0) :
    NodeFDerivCorrectAt (inv a) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_inv (hne k)

/-- The certificate of `gelu`. -/
def geluFderiv (a : Idx Γ s) (κ : R) : NodeFDerivCorrect (gelu a κ) :=
  elemwiseFderiv a _ _ (gelu_deriv_correct κ)

end TapeNodes

end

end Proofs.Autograd
