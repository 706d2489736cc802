module

public import Proofs.Autograd.Nodes.Certified.Gather
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Tape.DGraph

/-!
# Tokens and their positions

What a language model begins with: of every one of `n` tokens the row of a table that its number
says, and the row of its position added to it. The numbers are an argument of the graph, each below
the number `v` of rows.

Main results: `embedding_hasFDerivAt`, `embedding_backpropVec_eq_adjoint_fderiv`, for all numbers;
and what the output is, `embeddingDGraph_output_eq_textbook`.

References: Radford et al., *Improving language understanding by generative pre-training*, 2018;
PyTorch, `nn.Embedding`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Embedding

open Spec Shape

noncomputable section

variable {R : Type} {v n d : Nat}

/-- The inputs: a row for each token that there is, and one for each position. -/
abbrev ΓEmbedding (v n d : Nat) : List Shape := [mat v d, mat n d]

/-- The saved tensors: the rows of the tokens, and these with their positions' rows added. -/
abbrev ssEmbedding (n d : Nat) : List Shape := [mat n d, mat n d]

/-- The position of the output. -/
def embeddingIdxY : Idx (ΓEmbedding v n d ++ ssEmbedding n d) (mat n d) := .pos 3 rfl

/-- The embedding of tokens at their positions. -/
def embeddingDGraph [AnalyticScalar R] (ids : (vec n).Index → Fin v) :
    DGraph R (ΓEmbedding v n d) (ssEmbedding n d) :=
  DGraph.nil
    |>.snoc (τ := mat n d) (TapeNodes.embedding (s := vec n) (t := vec d) (.pos 0 rfl) ids)
      (TapeNodes.embeddingFderiv ..)
    |>.snoc (TapeNodes.add (s := mat n d) (.pos 2 rfl) (.pos 1 rfl)) (TapeNodes.addFderiv ..)

/-- The names of inputs and saved tensors. -/
def embeddingDGraph.names : List String := ["tokens", "positions", "rows", "y"]

/-- The embedding, `y[t,k] = tokens[ids t, k] + positions[t,k]`. -/
def textbookEmbedding [ScalarOps R] (ids : (vec n).Index → Fin v) (tokens : Tensor R (mat v d))
    (positions : Tensor R (mat n d)) : Tensor R (mat n d) :=
  fun (t, k, _) => tokens (ids (t, ()), k, ()) + positions (t, k, ())

end

variable {R : Type} [AnalyticScalar R] {v n d : Nat} (ids : (vec n).Index → Fin v)

/-- The graph's last entry is the embedding. -/
theorem embeddingDGraph_output_eq_textbook (tokens : Tensor R (mat v d))
    (positions : Tensor R (mat n d)) :
    getIdx ((embeddingDGraph ids).g.eval (tokens, positions, ())) embeddingIdxY =
      textbookEmbedding ids tokens positions :=
  (rfl)

/-- The embedding is differentiable, and the derivative is its JVP. -/
theorem embedding_hasFDerivAt (xV : CtxVec R (ΓEmbedding v n d)) :
    HasFDerivAt (embeddingDGraph ids).g.evalVec ((embeddingDGraph ids).g.jvpCLM xV) xV :=
  (embeddingDGraph ids).hasFDerivAt_evalVec xV

/-- The reverse pass of the embedding is the adjoint of its derivative. -/
theorem embedding_backpropVec_eq_adjoint_fderiv (xV : CtxVec R (ΓEmbedding v n d))
    (seedV : CtxVec R (ΓEmbedding v n d ++ ssEmbedding n d)) :
    (embeddingDGraph ids).g.backpropVec xV seedV =
      (fderiv R (embeddingDGraph ids).g.evalVec xV).adjoint seedV :=
  (embeddingDGraph ids).backpropVec_eq_adjoint_fderiv xV seedV

end Proofs.Autograd.Embedding
