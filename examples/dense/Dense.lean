module

public import Proofs.Autograd.Nodes.Certified.Affine
public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Tape.DGraph

/-!
# A dense layer with its residual connection

`layerGraph` is the map `x ↦ x + gelu(W x + b)` of one token, as the graph that saves every tensor on the way.
`layerDGraph` is that graph with its certificate, and the theorem says what the certificate is good for: the
reverse pass is the adjoint of the derivative.
-/

@[expose] public section

namespace Dense

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} {d : Nat}

/-- The inputs: one token. -/
abbrev Inputs (d : Nat) : List Shape := [vec d]

/-- The saved tensors: the layer before and after GELU, and the residual sum. -/
abbrev Saved (d : Nat) : List Shape := [vec d, vec d, vec d]

/-- The names of inputs and saved tensors. -/
def layerDGraph.names : List String := ["x", "pre", "act", "residual"]

/-- A dense layer on one token, and its residual sum. The scalar `κ` is GELU's `√(2/π)`. -/
def layerGraph [ScalarOps R] (W : Tensor R (mat d d)) (b : Tensor R (vec d)) (κ : R) :
    Graph R (Inputs d) (Saved d) :=
  Graph.nil
    |>.snoc (TapeNodes.linear (.pos 0 rfl) W b)
    |>.snoc (TapeNodes.gelu (s := vec d) (.pos 1 rfl) κ)
    |>.snoc (TapeNodes.add (s := vec d) (.pos 0 rfl) (.pos 2 rfl))

variable [AnalyticScalar R] (W : Tensor R (mat d d)) (b : Tensor R (vec d)) (κ : R)

/-- The layer and its certificate, one line for each node. -/
def layerDGraph : DGraph R (Inputs d) (Saved d) where
  g := layerGraph W b κ
  hg := GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.linearFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The reverse pass of the layer is the adjoint of its derivative. -/
theorem layer_backpropVec_eq_adjoint_fderiv (xV : CtxVec R (Inputs d))
    (seedV : CtxVec R (Inputs d ++ Saved d)) :
    (layerDGraph W b κ).g.backpropVec xV seedV =
      (fderiv R (layerDGraph W b κ).g.evalVec xV).adjoint seedV :=
  (layerDGraph W b κ).backpropVec_eq_adjoint_fderiv xV seedV

end

end Dense
