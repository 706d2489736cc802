module

public import Proofs.Autograd.Nodes.Axes
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Reduce
public import Proofs.Autograd.Nodes.Reindex

/-!
# Certificates of ops along an axis

A coordinate of what is re-indexed is a coordinate of an operand, and so is its derivative: one
proof for every map of indices (`Op.reindex_fderivCorrect`). Besides: which of the ops on matrices
and batches are instances.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

section

variable {R : Type} [ScalarOps R] {a b c m n : Nat} {s : Shape}

/-! ### Instances -/

theorem swapAxes_eq_swap01 (x : TList R [.dim m (.dim n s)]) :
    (Op.swapAxes .scalar m n s).forward x = (Op.swap01 m n s).forward x :=
  rfl

theorem swapAxes_eq_transposeLast2 (x : TList R [cube a b c]) :
    (Op.swapAxes (vec a) b c .scalar).forward x = (Op.transposeLast2 a b c).forward x :=
  rfl

theorem expandAxis_eq_broadcastRow (x : TList R [vec m]) :
    (Op.expandAxis (vec m) n .scalar).forward x = (Op.broadcastRow m n).forward x :=
  rfl

theorem expandAxis_eq_broadcastCol (x : TList R [vec n]) :
    (Op.expandAxis .scalar m (vec n)).forward x = (Op.broadcastCol m n).forward x :=
  rfl

theorem meanAxis_eq_rowMean (x : TList R [mat m n]) :
    (Op.meanAxis (vec m) n .scalar).forward x = (Op.rowMean m n).forward x :=
  rfl

end

variable {R : Type} [AnalyticScalar R] {N m n : Nat} {x : Vec R N} {o s t : Shape}
  {args : List Shape}

theorem HasTListDerivAt.coord : {args : List Shape} → {u u' : Vec R N → TList R args} →
    HasTListDerivAt u u' x → (p : Place args) →
      HasDifferentialAt (fun v => (u v).coord p) (fun h => (u' h).coord p) x
  | _ :: _, _, _, h, .inl i => h.1 i
  | _ :: _, _, _, h, .inr p => h.2.coord p

theorem HasTensorDerivAt.sumAxis : {o : Shape} → {a a' : Vec R N → Tensor R (o.append (.dim n s))} →
    HasTensorDerivAt a a' x →
      HasTensorDerivAt (fun v => (a v).sumAxis) (fun h => (a' h).sumAxis) x
  | .scalar, _, _, h => fun i => .sum fun k => h (k, i)
  | .dim _ _, _, _, h => fun i => HasTensorDerivAt.sumAxis (h.slice i.1) i.2

namespace Op

theorem reindex_fderivCorrect {f : t.Index → Place args} :
    OpFDerivCorrect (reindex (R := R) args t f) :=
  fun _ _ _ _ hu _ i => hu.coord (f i)

theorem expandAxis_fderivCorrect : OpFDerivCorrect (expandAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ _ => ha _

theorem sumAxis_fderivCorrect : OpFDerivCorrect (sumAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.sumAxis

theorem meanAxis_fderivCorrect : OpFDerivCorrect (meanAxis (R := R) o n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.sumAxis.scale _

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `swapAxes`. -/
def swapAxesFderiv (o : Shape) (a : Idx Γ (o.append (.dim m (.dim n s)))) :
    NodeFDerivCorrect (swapAxes (R := R) o a) :=
  .ofOp Op.reindex_fderivCorrect

/-- The certificate of `take`. -/
def takeFderiv (o : Shape) (a : Idx Γ (o.append (.dim (m + n) s))) :
    NodeFDerivCorrect (take (R := R) o a) :=
  .ofOp Op.reindex_fderivCorrect

/-- The certificate of `drop`. -/
def dropFderiv (o : Shape) (a : Idx Γ (o.append (.dim (m + n) s))) :
    NodeFDerivCorrect (drop (R := R) o a) :=
  .ofOp Op.reindex_fderivCorrect

/-- The certificate of `concat`. -/
def concatFderiv (o : Shape) (a : Idx Γ (o.append (.dim m s))) (b : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (concat (R := R) o a b) :=
  .ofOp Op.reindex_fderivCorrect

/-- The certificate of `expandAxis`. -/
def expandAxisFderiv (o : Shape) (n : Nat) (a : Idx Γ (o.append s)) :
    NodeFDerivCorrect (expandAxis (R := R) o n a) :=
  .ofOp Op.expandAxis_fderivCorrect

/-- The certificate of `sumAxis`. -/
def sumAxisFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (sumAxis (R := R) o a) :=
  .ofOp Op.sumAxis_fderivCorrect

/-- The certificate of `meanAxis`. -/
def meanAxisFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s))) :
    NodeFDerivCorrect (meanAxis (R := R) o a) :=
  .ofOp Op.meanAxis_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
