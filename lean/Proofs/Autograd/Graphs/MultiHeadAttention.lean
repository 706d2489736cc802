module

public import Proofs.Autograd.Nodes.Certified.MatMul
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Certified.Reindex
public import Proofs.Autograd.Nodes.Certified.Softmax
public import Proofs.Autograd.Tape.DGraph

/-!
# Multi-head self-attention

The attention layer as a graph: inputs `x, Wq, Wk, Wv, Wo`, 14 saved tensors, the last of them the
output. Main definitions: `mhaGraph`, which splits heads as PyTorch does, and `mhaBareReshapeGraph`,
which splits them by a bare row-major reshape and for two heads or more is not multi-head attention.
The two differ in that one op only; `mhaDGraph` and `mhaBareReshapeDGraph` have their certificates.
Main result: `mha_backpropVec_eq_adjoint_fderiv`, the reverse pass is the adjoint of the derivative.

A list `….names` beside a graph names its entries, inputs first.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2.2; PyTorch,
`nn.MultiheadAttention`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.MultiHeadAttention

open Spec Shape

/-- The shape of a sequence of `n` tokens of `d` features. -/
abbrev XShape (n d : Nat) : Shape := mat n d

/-- The shape of the projection from features to all heads' columns. -/
abbrev WqShape (d H D : Nat) : Shape := mat d (H * D)

/-- The shape of the projection from all heads' columns back to features. -/
abbrev WoShape (d H D : Nat) : Shape := mat (H * D) d

/-- All heads' columns side by side. -/
abbrev BigShape (n H D : Nat) : Shape := mat n (H * D)

/-- One matrix for each head. -/
abbrev HeadsShape (n H D : Nat) : Shape := cube H n D

/-- One transposed key matrix for each head. -/
abbrev KtShape (n H D : Nat) : Shape := cube H D n

/-- One matrix of scores for each head. -/
abbrev ScoresShape (n H : Nat) : Shape := cube H n n

/-- The heads' outputs, token by token. -/
abbrev SwappedShape (n H D : Nat) : Shape := cube n H D

/-- The inputs: tokens and the four projections. -/
abbrev ΓMHA (n dModel numHeads headDim : Nat) : List Shape :=
  [XShape n dModel, WqShape dModel numHeads headDim, WqShape dModel numHeads headDim,
    WqShape dModel numHeads headDim, WoShape dModel numHeads headDim]

/-- The saved tensors, in execution order. -/
abbrev ssMHA (n dModel numHeads headDim : Nat) : List Shape :=
  [BigShape n numHeads headDim, HeadsShape n numHeads headDim, BigShape n numHeads headDim,
    HeadsShape n numHeads headDim, KtShape n numHeads headDim, BigShape n numHeads headDim,
    HeadsShape n numHeads headDim, ScoresShape n numHeads, ScoresShape n numHeads,
    ScoresShape n numHeads, HeadsShape n numHeads headDim, SwappedShape n numHeads headDim,
    BigShape n numHeads headDim, XShape n dModel]

/-- A bare reshape from all heads' columns to heads is possible. -/
theorem size_big_to_heads (n H D : Nat) : (BigShape n H D).size = (HeadsShape n H D).size := by
  simp only [size, Nat.mul_one]
  exact Nat.mul_left_comm n H D

/-- A bare reshape from token-major heads to all heads' columns is possible. -/
theorem size_swap_to_concat (n H D : Nat) : (SwappedShape n H D).size = (BigShape n H D).size := by
  simp only [size, Nat.mul_one]

variable {R : Type} [ScalarOps R] {n dModel numHeads headDim : Nat} {ss : List Shape}

noncomputable section

/-- The tokens. -/
def idxX : Idx (ΓMHA n dModel numHeads headDim ++ ss) (XShape n dModel) := .pos 0 rfl

/-- The query projection. -/
def idxWq :
    Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 1 rfl

/-- The key projection. -/
def idxWk :
    Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 2 rfl

/-- The value projection. -/
def idxWv :
    Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 3 rfl

/-- The output projection. -/
def idxWo :
    Idx (ΓMHA n dModel numHeads headDim ++ ss) (WoShape dModel numHeads headDim) := .pos 4 rfl

/-- Queries, keys and values of every head, split by a given op; keys transposed. -/
def mhaHeadsGraph
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) →
      Node R Γ (HeadsShape n numHeads headDim)) :
    Graph R (ΓMHA n dModel numHeads headDim) ((ssMHA n dModel numHeads headDim).take 7) :=
  Graph.nil
    |>.snoc (TapeNodes.matmul idxX idxWq)
    |>.snoc (split (.pos 5 rfl))
    |>.snoc (TapeNodes.matmul idxX idxWk)
    |>.snoc (split (.pos 7 rfl))
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwo (.pos 8 rfl))
    |>.snoc (TapeNodes.matmul idxX idxWv)
    |>.snoc (split (.pos 10 rfl))

/-- The same, then the attention of every head; scores are multiplied by `c`. -/
def mhaHeadOutGraph
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) →
      Node R Γ (HeadsShape n numHeads headDim)) (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) ((ssMHA n dModel numHeads headDim).take 11) :=
  mhaHeadsGraph split
    |>.snoc (TapeNodes.Batched.matmul (.pos 6 rfl) (.pos 9 rfl))
    |>.snoc (TapeNodes.scale (.pos 12 rfl) c)
    |>.snoc (TapeNodes.Batched.softmaxLast (.pos 13 rfl))
    |>.snoc (TapeNodes.Batched.matmul (.pos 14 rfl) (.pos 11 rfl))

/-- Multi-head self-attention with a given head split; scores are multiplied by `c`. -/
def mhaGraphWith
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) →
      Node R Γ (HeadsShape n numHeads headDim)) (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaHeadOutGraph split c
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3d (.pos 15 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 16 rfl) (size_swap_to_concat n numHeads headDim))
    |>.snoc (TapeNodes.matmul (.pos 17 rfl) idxWo)

/-- Multi-head self-attention; heads are split as PyTorch splits them, scores are multiplied by
`c`. -/
def mhaGraph (c : R) : Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaGraphWith TapeNodes.ShapeOps.splitHeads c

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it.
For two heads and two tokens or more this is not multi-head attention. -/
def mhaBareReshapeGraph (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaGraphWith (TapeNodes.ShapeOps.reshape · (size_big_to_heads n numHeads headDim)) c

end

/-- The names of inputs and saved tensors. -/
def mhaDGraph.names : List String :=
  ["x", "Wq", "Wk", "Wv", "Wo", "Qbig", "Qheads", "Kbig", "Kheads", "Kt", "Vbig", "Vheads",
    "scores", "scaled", "probs", "headOut", "swapped", "concat", "out"]

/-- The names of inputs and saved tensors. -/
def mhaBareReshapeDGraph.names : List String := mhaDGraph.names

/-! ### Certificates -/

variable {R : Type} [AnalyticScalar R] {n dModel numHeads headDim : Nat}

noncomputable section

section

variable {split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) →
  Node R Γ (HeadsShape n numHeads headDim)}

/-- The certificate of `mhaHeadsGraph`, from one of the head split. -/
def mhaHeadsGraphFDerivCorrect
    (hsplit : {Γ : List Shape} → (a : Idx Γ _) → NodeFDerivCorrect (split a)) :
    GraphFDerivCorrect (mhaHeadsGraph (dModel := dModel) split) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (hsplit _)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (hsplit _)
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwoFderiv _)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (hsplit _)

/-- The certificate of `mhaHeadOutGraph`, from one of the head split. -/
def mhaHeadOutGraphFDerivCorrect
    (hsplit : {Γ : List Shape} → (a : Idx Γ _) → NodeFDerivCorrect (split a)) (c : R) :
    GraphFDerivCorrect (mhaHeadOutGraph (dModel := dModel) split c) :=
  mhaHeadsGraphFDerivCorrect hsplit
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (TapeNodes.scaleFderiv ..)
    |>.snoc (TapeNodes.Batched.softmaxLastFderiv _)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)

/-- The certificate of `mhaGraphWith`, from one of the head split. -/
def mhaGraphWithFDerivCorrect
    (hsplit : {Γ : List Shape} → (a : Idx Γ _) → NodeFDerivCorrect (split a)) (c : R) :
    GraphFDerivCorrect (mhaGraphWith (dModel := dModel) split c) :=
  mhaHeadOutGraphFDerivCorrect hsplit c
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3dFderiv _)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.matmulFderiv ..)

end

/-- `mhaGraph` and its certificate. -/
def mhaDGraph (c : R) :
    DGraph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) where
  g := mhaGraph c
  hg := mhaGraphWithFDerivCorrect TapeNodes.ShapeOps.splitHeadsFderiv c

/-- `mhaBareReshapeGraph` and its certificate. -/
def mhaBareReshapeDGraph (c : R) :
    DGraph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) where
  g := mhaBareReshapeGraph c
  hg := mhaGraphWithFDerivCorrect (TapeNodes.ShapeOps.reshapeFderiv · _) c

end

/-! ### Theorems -/

variable (c : R) (xV : CtxVec R (ΓMHA n dModel numHeads headDim))
  (seedV : CtxVec R (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim))

/-- Attention is differentiable, and the derivative is its JVP. -/
theorem mha_hasFDerivAt : HasFDerivAt (mhaDGraph c).g.evalVec ((mhaDGraph c).g.jvpCLM xV) xV :=
  (mhaDGraph c).hasFDerivAt_evalVec xV

/-- The same for the variant with bare reshapes. -/
theorem mhaBareReshape_hasFDerivAt :
    HasFDerivAt (mhaBareReshapeDGraph c).g.evalVec ((mhaBareReshapeDGraph c).g.jvpCLM xV) xV :=
  (mhaBareReshapeDGraph c).hasFDerivAt_evalVec xV

/-- The reverse pass of attention is the adjoint of its derivative. -/
theorem mha_backpropVec_eq_adjoint_fderiv :
    (mhaDGraph c).g.backpropVec xV seedV = (fderiv R (mhaDGraph c).g.evalVec xV).adjoint seedV :=
  (mhaDGraph c).backpropVec_eq_adjoint_fderiv xV seedV

/-- The same for the variant with bare reshapes. -/
theorem mhaBareReshape_backpropVec_eq_adjoint_fderiv :
    (mhaBareReshapeDGraph c).g.backpropVec xV seedV =
        (fderiv R (mhaBareReshapeDGraph c).g.evalVec xV).adjoint seedV :=
  (mhaBareReshapeDGraph c).backpropVec_eq_adjoint_fderiv xV seedV

end Proofs.Autograd.MultiHeadAttention
