module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Tape.DGraph

@[expose] public section

namespace Twin

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} [AnalyticScalar R]

/-- The difference of two vectors. -/
def difference (n : Nat) : DGraph R [vec n, vec n] [vec n] where
  g := Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))
  hg := GraphFDerivCorrect.nil.snoc (TapeNodes.subFderiv ..)

end

end Twin
