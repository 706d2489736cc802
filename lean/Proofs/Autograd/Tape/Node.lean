module

public import Proofs.Autograd.Tape.Context

/-!
# Primitive ops and nodes

An `Op args τ` is a differentiable primitive on its own operands: forward, JVP, VJP and the law that
ties the two together. A `Node Γ τ` applies an op to operands chosen from a context. Since a node
names its operands, weakening a context is a renumbering, and a graph is data that can be read back.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable (R : Type) [ScalarOps R]

/-- A primitive on tensors of shapes `args` with a result of shape `τ`. -/
structure Op (args : List Shape) (τ : Shape) where
  /-- The result at a point. -/
  forward : TList R args → Tensor R τ
  /-- The tangent of the result, from a point and a tangent. -/
  jvp : TList R args → TList R args → Tensor R τ
  /-- The cotangents of the operands, from a point and a cotangent of the result. -/
  vjp : TList R args → Tensor R τ → TList R args
  /-- The VJP is the adjoint of the JVP, at every point. -/
  correct : ∀ (x dx : TList R args) (δ : Tensor R τ), (jvp x dx).dot δ = dotList dx (vjp x δ)

/-- An op applied to entries of a context. -/
structure Node (Γ : List Shape) (τ : Shape) where
  /-- The operands' shapes. -/
  args : List Shape
  /-- The primitive. -/
  op : Op R args τ
  /-- Where its operands stand in the context. -/
  operands : Operands Γ args

namespace Node

variable {R} {Γ Δ : List Shape} {τ : Shape}

noncomputable section

/-- The node's value in a context. -/
def forward (node : Node R Γ τ) (x : TList R Γ) : Tensor R τ :=
  node.op.forward (node.operands.gather x)

/-- The tangent of the node's value, from a point and a tangent of the context. -/
def jvp (node : Node R Γ τ) (x dx : TList R Γ) : Tensor R τ :=
  node.op.jvp (node.operands.gather x) (node.operands.gather dx)

/-- The cotangent of the whole context, from a point and a cotangent of the node's value. -/
def vjp (node : Node R Γ τ) (x : TList R Γ) (δ : Tensor R τ) : TList R Γ :=
  node.operands.scatter (node.op.vjp (node.operands.gather x) δ)

/-- The same op on operands at other positions, in another context. -/
def reindex (f : {s : Shape} → Idx Γ s → Idx Δ s) (node : Node R Γ τ) : Node R Δ τ where
  args := node.args
  op := node.op
  operands := node.operands.map f

end

/-- The node's VJP is the adjoint of its JVP, at every point. -/
theorem correct (node : Node R Γ τ) (x dx : TList R Γ) (δ : Tensor R τ) :
    (node.jvp x dx).dot δ = dotList dx (node.vjp x δ) := by
  simp only [jvp, vjp, dotList_scatter, node.op.correct]

end Node

end Proofs.Autograd
