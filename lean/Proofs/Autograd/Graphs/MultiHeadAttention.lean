module

public import Proofs.Autograd.Tape.DGraph
public import Proofs.Autograd.Nodes.MatMul
public import Proofs.Autograd.Nodes.Pointwise
public import Proofs.Autograd.Nodes.Reindex
public import Proofs.Autograd.Nodes.Softmax

/-!
# Multi-head self-attention

The attention layer as a graph: inputs `x, Wq, Wk, Wv, Wo`, 14 saved tensors, the last of them the output. Main definitions:
`mhaGraph`, which splits heads as PyTorch does, and `mhaBareReshapeGraph`, which splits them by a bare row-major reshape and
for two heads or more is not multi-head attention. The two differ in that one op only; `mhaDGraph` and `mhaBareReshapeDGraph`
declare them.

A list `….names` beside a graph names its entries, inputs first.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2.2; PyTorch, `nn.MultiheadAttention`.
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
    HeadsShape n numHeads headDim, ScoresShape n numHeads, ScoresShape n numHeads, ScoresShape n numHeads,
    HeadsShape n numHeads headDim, SwappedShape n numHeads headDim, BigShape n numHeads headDim, XShape n dModel]

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
def idxWq : Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 1 rfl

/-- The key projection. -/
def idxWk : Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 2 rfl

/-- The value projection. -/
def idxWv : Idx (ΓMHA n dModel numHeads headDim ++ ss) (WqShape dModel numHeads headDim) := .pos 3 rfl

/-- The output projection. -/
def idxWo : Idx (ΓMHA n dModel numHeads headDim ++ ss) (WoShape dModel numHeads headDim) := .pos 4 rfl

/-- Queries, keys and values of every head, split by a given op; keys transposed. -/
def mhaHeadsGraph
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) → Node R Γ (HeadsShape n numHeads headDim)) :
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
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) → Node R Γ (HeadsShape n numHeads headDim)) (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) ((ssMHA n dModel numHeads headDim).take 11) :=
  mhaHeadsGraph split
    |>.snoc (TapeNodes.Batched.matmul (.pos 6 rfl) (.pos 9 rfl))
    |>.snoc (TapeNodes.scale (.pos 12 rfl) c)
    |>.snoc (TapeNodes.Batched.softmaxLast (.pos 13 rfl))
    |>.snoc (TapeNodes.Batched.matmul (.pos 14 rfl) (.pos 11 rfl))

/-- Multi-head self-attention with a given head split; scores are multiplied by `c`. -/
def mhaGraphWith
    (split : {Γ : List Shape} → Idx Γ (BigShape n numHeads headDim) → Node R Γ (HeadsShape n numHeads headDim)) (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaHeadOutGraph split c
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3d (.pos 15 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 16 rfl) (size_swap_to_concat n numHeads headDim))
    |>.snoc (TapeNodes.matmul (.pos 17 rfl) idxWo)

/-- Multi-head self-attention; heads are split as PyTorch splits them, scores are multiplied by `c`. -/
def mhaGraph (c : R) : Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaGraphWith TapeNodes.ShapeOps.splitHeads c

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. For two heads and two
tokens or more this is not multi-head attention. -/
def mhaBareReshapeGraph (c : R) : Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  mhaGraphWith (TapeNodes.ShapeOps.reshape · (size_big_to_heads n numHeads headDim)) c

/-- `mhaGraph` as a declaration. -/
def mhaDGraph (c : R) : DGraph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) := ⟨mhaGraph c⟩

/-- `mhaBareReshapeGraph` as a declaration. -/
def mhaBareReshapeDGraph (c : R) : DGraph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  ⟨mhaBareReshapeGraph c⟩

end

/-- The names of inputs and saved tensors. -/
def mhaDGraph.names : List String :=
  ["x", "Wq", "Wk", "Wv", "Wo", "Qbig", "Qheads", "Kbig", "Kheads", "Kt", "Vbig", "Vheads", "scores", "scaled", "probs",
    "headOut", "swapped", "concat", "out"]

/-- The names of inputs and saved tensors. -/
def mhaBareReshapeDGraph.names : List String := mhaDGraph.names

end Proofs.Autograd.MultiHeadAttention
