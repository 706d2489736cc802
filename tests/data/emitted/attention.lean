module

public import Proofs.Autograd.Nodes.Certified.MatMul
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Certified.Reindex
public import Proofs.Autograd.Nodes.Certified.Softmax
public import Proofs.Autograd.Tape.DGraph

/-!
# The graph of `attention`

Captured from `attention`. Each saved tensor is one op. Main results: `attention_hasFDerivAt` and
`attention_backpropVec_eq_adjoint_fderiv`, for all dimensions, at all inputs: the reverse pass is
the adjoint of the derivative.
-/

@[expose] public section

namespace Mine

open Spec Shape Proofs.Autograd

noncomputable section

/-- The shapes of the inputs: `q`, `k`, `v`. -/
abbrev attentionInputs (h n «at» : Nat) : List Shape :=
  [cube h n «at», cube h n «at», cube h n «at»]

/-- The shapes of the saved tensors: `transposeLast2`, `bmatmul`, `scale`, `softmaxLast`,
`heads`, `swap01`, `reshape`. -/
abbrev attentionSaved (h n «at» : Nat) : List Shape :=
  [cube h «at» n, cube h n n, cube h n n, cube h n n, cube h n «at», cube n h «at», mat n («at»*h)]

/-- The names of inputs and saved tensors. -/
def attentionDGraph.names : List String :=
  ["q", "k", "v", "transposeLast2", "bmatmul", "scale", "softmaxLast", "heads", "swap01", "reshape"]

/-- The graph of `attention`. -/
def attentionGraph {R : Type} [ScalarOps R] (h n «at» : Nat) (c : R) :
    Graph R (attentionInputs h n «at») (attentionSaved h n «at») :=
  Graph.nil
    |>.snoc (ss := [])
      (TapeNodes.ShapeOps.transpose3dLastTwo (a := h) (b := n) (c := «at») (.pos 1 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 1)
      (TapeNodes.Batched.matmul (h := h) (m := n) (n := «at») (p := n) (.pos 0 rfl) (.pos 3 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 2)
      (TapeNodes.scale (s := cube h n n) (c := c) (.pos 4 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 3)
      (TapeNodes.Batched.softmaxLast (h := h) (m := n) (n := n) (.pos 5 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 4)
      (TapeNodes.Batched.matmul (h := h) (m := n) (n := n) (p := «at») (.pos 6 rfl) (.pos 2 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 5)
      (TapeNodes.ShapeOps.swapFirstTwo3d (m := h) (n := n) (s := vec «at») (.pos 7 rfl))
    |>.snoc (ss := (attentionSaved h n «at»).take 6)
      (TapeNodes.ShapeOps.reshape (s₁ := cube n h «at») (s₂ := mat n («at»*h)) (.pos 8 rfl)
        (by grind [Shape.size]))

/-- `attentionGraph` and its certificate, one step for each node. -/
def attentionDGraph {R : Type} [AnalyticScalar R] (h n «at» : Nat) (c : R) :
    DGraph R (attentionInputs h n «at») (attentionSaved h n «at») where
  g := attentionGraph (R := R) h n «at» c
  hg := GraphFDerivCorrect.nil
    |>.snoc (ss := [])
      (TapeNodes.ShapeOps.transpose3dLastTwoFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 1)
      (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 2)
      (TapeNodes.scaleFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 3)
      (TapeNodes.Batched.softmaxLastFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 4)
      (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 5)
      (TapeNodes.ShapeOps.swapFirstTwo3dFderiv ..)
    |>.snoc (ss := (attentionSaved h n «at»).take 6)
      (TapeNodes.ShapeOps.reshapeFderiv ..)

/-- The graph is differentiable at every point, and its derivative is its JVP. -/
theorem attention_hasFDerivAt {R : Type} [AnalyticScalar R] (h n «at» : Nat) (c : R)
    (xV : CtxVec R (attentionInputs h n «at»)) :
    HasFDerivAt (attentionDGraph h n «at» c).g.evalVec
      ((attentionDGraph h n «at» c).g.jvpCLM xV) xV :=
  (attentionDGraph h n «at» c).hasFDerivAt_evalVec xV

/-- The reverse pass of the graph is the adjoint of its derivative. -/
theorem attention_backpropVec_eq_adjoint_fderiv {R : Type} [AnalyticScalar R] (h n «at» : Nat)
    (c : R)
    (xV : CtxVec R (attentionInputs h n «at»))
    (seedV : CtxVec R (attentionInputs h n «at» ++ attentionSaved h n «at»)) :
    (attentionDGraph h n «at» c).g.backpropVec xV seedV =
      (fderiv R (attentionDGraph h n «at» c).g.evalVec xV).adjoint seedV :=
  (attentionDGraph h n «at» c).backpropVec_eq_adjoint_fderiv xV seedV

end

end Mine
