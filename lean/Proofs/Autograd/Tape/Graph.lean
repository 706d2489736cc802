module

public import Proofs.Autograd.Tape.Node

/-!
# Graphs

A graph over inputs `Γ` is a list of nodes; each may read the inputs and every value saved before
it. Main definitions: `Graph`, `Graph.eval`, `Graph.jvpCtx`, `Graph.backpropCtx`. Main result:
`Graph.backprop_correct`, back-propagation is the adjoint of the JVP, for every graph, point,
tangent and seed, with no hypotheses.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

/-- A computation over inputs `Γ` that saves tensors of shapes `ss`, in execution order. -/
inductive Graph (R : Type) [ScalarOps R] (Γ : List Shape) : List Shape → Type where
  /-- Nothing is computed. -/
  | nil : Graph R Γ []
  /-- One more node at the end. -/
  | snoc {ss : List Shape} {τ : Shape} (g : Graph R Γ ss) (node : Node R (Γ ++ ss) τ) :
      Graph R Γ (ss ++ [τ])

namespace Graph

variable {R : Type} [ScalarOps R] {Γ : List Shape}

noncomputable section

/-- The inputs followed by the saved tensors. -/
def eval : {ss : List Shape} → Graph R Γ ss → TList R Γ → TList R (Γ ++ ss)
  | _, .nil, x => x.appendNil
  | _, .snoc g node, x => (g.eval x).snoc (node.forward (g.eval x))

/-- The tangents of inputs and saved tensors, from a point and a tangent of the inputs. -/
def jvpCtx : {ss : List Shape} → Graph R Γ ss → TList R Γ → TList R Γ → TList R (Γ ++ ss)
  | _, .nil, _, dx => dx.appendNil
  | _, .snoc g node, x, dx => (g.jvpCtx x dx).snoc (node.jvp (g.eval x) (g.jvpCtx x dx))

/-- The cotangents of the inputs, from a point and a seed cotangent for every input and saved
tensor. -/
def backpropCtx : {ss : List Shape} → Graph R Γ ss → TList R Γ → TList R (Γ ++ ss) → TList R Γ
  | _, .nil, _, seed => seed.dropNil
  | _, .snoc g node, x, seed =>
      g.backpropCtx x (seed.unsnoc.1 + node.vjp (g.eval x) seed.unsnoc.2)

end

/-- Back-propagation is the adjoint of the JVP. -/
theorem backprop_correct : {ss : List Shape} → (g : Graph R Γ ss) → (x dx : TList R Γ) →
    (seed : TList R (Γ ++ ss)) →
    dotList (g.jvpCtx x dx) seed = dotList dx (g.backpropCtx x seed)
  | _, .nil, x, dx, seed => dotList_appendNil dx seed
  | _, .snoc g node, x, dx, seed => by
      simp only [jvpCtx, backpropCtx, dotList_snoc, node.correct, ← dotList_add]
      exact backprop_correct g x dx _

end Graph

end Proofs.Autograd
