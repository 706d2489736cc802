module

public import Proofs.Autograd.Nodes.Elementwise
public import Proofs.Autograd.Tape.Graph

@[expose] public section

namespace Twin

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} [ScalarOps R]

/-- The inverse of every coordinate of a combination of `x` and `y`. -/
def inverse (n : Nat) : Graph R [vec n, vec n] [vec n, vec n] :=
  Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))
    |>.snoc (TapeNodes.inv (.pos 2 rfl))

end

end Twin
