module

public import Proofs.Autograd.Nodes.Certified.AxisSoftmax
public import Proofs.Autograd.Nodes.Certified.Gather
public import Proofs.Autograd.Nodes.Certified.MaskedSoftmax
public import Proofs.Autograd.Nodes.Certified.MatMul
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Certified.Reindex
public import Proofs.Autograd.Nodes.Certified.Total
public import Proofs.Autograd.Tape.DGraph

/-!
# The graph of `nextToken`

Captured from `next_token`. Each saved tensor is one op. Main results: `nextToken_hasFDerivAt` and
`nextToken_backpropVec_eq_adjoint_fderiv`, for all dimensions, at all inputs, under the hypotheses
`h_mask`: the reverse pass is the adjoint of the derivative.
-/

@[expose] public section

namespace Mine

open Spec Shape Proofs.Autograd

noncomputable section

/-- The shapes of the inputs: `table`, `places`. -/
abbrev nextTokenInputs (v d n : Nat) : List Shape :=
  [mat v d, mat n d]

/-- The shapes of the saved tensors: `embedding`, `x`, `swap01`, `matmul`, `scale`,
`maskedSoftmax`, `matmul_2`, `y`, `swap01_2`, `matmul_3`, `logSoftmaxAxis`, `takeAlong`,
`mean`, `neg`. -/
abbrev nextTokenSaved (v d n : Nat) : List Shape :=
  [mat n d, mat n d, mat d n, mat n n, mat n n, mat n n, mat n d, mat n d, mat d v, mat n v,
   mat n v, vec n, scalar, scalar]

/-- The names of inputs and saved tensors. -/
def nextTokenGraph.names : List String :=
  ["table", "places", "embedding", "x", "swap01", "matmul", "scale", "maskedSoftmax", "matmul_2",
   "y", "swap01_2", "matmul_3", "logSoftmaxAxis", "takeAlong", "mean", "neg"]

/-- The graph of `nextToken`. -/
def nextTokenGraph {R : Type} [ScalarOps R] (v d n : Nat) (c : R) (tokens : (vec n).Index → Fin v)
    (targets : (vec n).Index → Fin v) (mask : (mat n n).Index → Bool) :
    Graph R (nextTokenInputs v d n) (nextTokenSaved v d n) :=
  Graph.nil
    |>.snoc (ss := [])
      (TapeNodes.embedding (v := v) (s := vec n) (t := vec d) (ids := tokens) (.pos 0 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 1)
      (TapeNodes.add (s := mat n d) (.pos 2 rfl) (.pos 1 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 2)
      (TapeNodes.ShapeOps.swapFirstTwo3d (m := n) (n := d) (s := scalar) (.pos 3 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 3)
      (TapeNodes.matmul (m := n) (n := d) (p := n) (.pos 3 rfl) (.pos 4 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 4)
      (TapeNodes.scale (s := mat n n) (c := c) (.pos 5 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 5)
      (TapeNodes.maskedSoftmax (o := scalar) (t := vec n) (n := n) (mask := mask) (.pos 6 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 6)
      (TapeNodes.matmul (m := n) (n := n) (p := d) (.pos 7 rfl) (.pos 3 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 7)
      (TapeNodes.add (s := mat n d) (.pos 3 rfl) (.pos 8 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 8)
      (TapeNodes.ShapeOps.swapFirstTwo3d (m := v) (n := d) (s := scalar) (.pos 0 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 9)
      (TapeNodes.matmul (m := n) (n := d) (p := v) (.pos 9 rfl) (.pos 10 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 10)
      (TapeNodes.logSoftmaxAxis (o := vec n) (n := v) (s := scalar) (.pos 11 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 11)
      (TapeNodes.takeAlong (o := vec n) (n := v) (s := scalar) (ids := targets) (.pos 12 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 12)
      (TapeNodes.mean (s := vec n) (.pos 13 rfl))
    |>.snoc (ss := (nextTokenSaved v d n).take 13)
      (TapeNodes.neg (s := scalar) (.pos 14 rfl))

/-- The certificate of `nextTokenGraph`. -/
def nextTokenCertificate {R : Type} [AnalyticScalar R] (v d n : Nat) (c : R)
    (tokens : (vec n).Index → Fin v) (targets : (vec n).Index → Fin v)
    (mask : (mat n n).Index → Bool)
    (h_mask : AllowsSome (o := vec n) mask) :
    GraphFDerivCorrect (nextTokenGraph (R := R) v d n c tokens targets mask) :=
  GraphFDerivCorrect.nil
    |>.snoc (ss := [])
      (TapeNodes.embeddingFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 1)
      (TapeNodes.addFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 2)
      (TapeNodes.ShapeOps.swapFirstTwo3dFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 3)
      (TapeNodes.matmulFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 4)
      (TapeNodes.scaleFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 5)
      (TapeNodes.maskedSoftmaxFderiv (h := h_mask) ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 6)
      (TapeNodes.matmulFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 7)
      (TapeNodes.addFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 8)
      (TapeNodes.ShapeOps.swapFirstTwo3dFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 9)
      (TapeNodes.matmulFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 10)
      (TapeNodes.logSoftmaxAxisFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 11)
      (TapeNodes.takeAlongFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 12)
      (TapeNodes.meanFderiv ..)
    |>.snoc (ss := (nextTokenSaved v d n).take 13)
      (TapeNodes.negFderiv ..)

/-- The graph is differentiable at every point, and its derivative is its JVP. -/
theorem nextToken_hasFDerivAt {R : Type} [AnalyticScalar R] (v d n : Nat) (c : R)
    (tokens : (vec n).Index → Fin v) (targets : (vec n).Index → Fin v)
    (mask : (mat n n).Index → Bool)
    (xV : CtxVec R (nextTokenInputs v d n))
    (h_mask : AllowsSome (o := vec n) mask) :
    HasFDerivAt (nextTokenGraph (R := R) v d n c tokens targets mask).evalVec
      ((nextTokenGraph (R := R) v d n c tokens targets mask).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (nextTokenCertificate (R := R) v d n c tokens targets mask h_mask) xV

/-- The reverse pass of the graph is the adjoint of its derivative. -/
theorem nextToken_backpropVec_eq_adjoint_fderiv {R : Type} [AnalyticScalar R] (v d n : Nat) (c : R)
    (tokens : (vec n).Index → Fin v) (targets : (vec n).Index → Fin v)
    (mask : (mat n n).Index → Bool)
    (xV : CtxVec R (nextTokenInputs v d n))
    (h_mask : AllowsSome (o := vec n) mask)
    (seedV : CtxVec R (nextTokenInputs v d n ++ nextTokenSaved v d n)) :
    (nextTokenGraph (R := R) v d n c tokens targets mask).backpropVec xV seedV =
      (fderiv R (nextTokenGraph (R := R) v d n c tokens targets mask).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (nextTokenCertificate (R := R) v d n c tokens targets mask
      h_mask) xV seedV

end

end Mine
