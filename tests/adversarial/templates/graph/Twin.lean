module

public import Proofs.Autograd.Nodes.Pointwise
public import Proofs.Autograd.Tape.Graph

@[expose] public section

namespace Twin

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} [ScalarOps R]

/-- The difference of two vectors. -/
def difference (n : Nat) : Graph R [vec n, vec n] [vec n] :=
  Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))

end

end Twin
