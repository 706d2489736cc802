module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Tape.DGraph

@[expose] public section

namespace Twin

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} [AnalyticScalar R]

/-- Whatever is claimed. -/
def claimed (n : Nat) :
    GraphFDerivCorrect (Graph.nil.snoc (R := R) (Γ := [vec n, vec n]) (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))) :=
  GraphFDerivCorrect.nil.snoc (TapeNodes.subFderiv ..)

/-- The difference of two vectors. -/
def difference (n : Nat) : DGraph R [vec n, vec n] [vec n] where
  g := Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))
  hg := claimed n

end

end Twin
