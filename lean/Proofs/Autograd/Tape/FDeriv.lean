module

public import Proofs.Autograd.Calculus.Adjoint
public import Proofs.Autograd.Calculus.Differential
public import Proofs.Autograd.Tape.Vec

/-!
# The tape and the calculus

Theorems that join the JVP and the VJP of a graph to the derivative of its evaluation. A certificate
of a node says that the node is differentiable and that its JVP is the derivative, everywhere
(`NodeFDerivCorrect`) or at one point (`NodeFDerivCorrectAt`); a certificate of a graph has one for
each node (`GraphFDerivCorrect`, `GraphFDerivCorrectAt`). Certificates carry the derivative as data,
so they live in `Type`.

Main results, each in a global form and in a form at one point: `Graph.hasFDerivAt_evalVec`, the
JVP, which is linear for every graph (`Graph.jvpCLM`), is the derivative of a certified one;
`Graph.jvpVec_eq_fderiv`, and `Graph.backpropVec_eq_adjoint_fderiv`, back-propagation is the adjoint
of the derivative. As `fderiv` is zero where there is no derivative, it is the first that says that
there is one.

Certificates of nodes come from certificates of their ops (`NodeFDerivCorrect.ofOp`). Those are
proved in the form of the chain rule: if the operands depend differentiably on some vector, then so
does the result (`OpFDerivCorrectOn`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {N : Nat} {Γ ss args : List Shape} {s τ : Shape}

/-! ### Tensors that depend on a vector -/

/-- Every coordinate of the tensor `f v` has the differential at `x` that is found in the tensors
`f' h`. -/
def HasTensorDerivAt (f f' : Vec R N → Tensor R s) (x : Vec R N) : Prop :=
  ∀ i, HasDifferentialAt (fun v => f v i) (fun h => f' h i) x

theorem HasTensorDerivAt.slice {n : Nat} {x : Vec R N} {f f' : Vec R N → Tensor R (.dim n s)}
    (hf : HasTensorDerivAt f f' x) (i : Fin n) :
    HasTensorDerivAt (fun v => (f v).slice i) (fun h => (f' h).slice i) x :=
  fun j => hf (i, j)

/-- Every entry of the list `f v` has the derivative at `x` that is found in the lists `f' h`. -/
def HasTListDerivAt : {Γ : List Shape} → (f f' : Vec R N → TList R Γ) → Vec R N → Prop
  | [], _, _, _ => True
  | _ :: _, f, f', x =>
    HasTensorDerivAt (fun v => (f v).1) (fun h => (f' h).1) x ∧
      HasTListDerivAt (fun v => (f v).2) (fun h => (f' h).2) x

theorem hasTListDerivAt_unflattenCtx {x : Vec R N} :
    {Γ : List Shape} → {f f' : Vec R N → CtxVec R Γ} →
    (∀ k, HasDifferentialAt (fun v => f v k) (fun h => f' h k) x) →
      HasTListDerivAt (fun v => unflattenCtx (f v)) (fun h => unflattenCtx (f' h)) x
  | [], _, _, _ => trivial
  | _ :: _, _, _, hf => ⟨fun _ => hf _, hasTListDerivAt_unflattenCtx fun _ => hf _⟩

namespace HasTListDerivAt

theorem flattenCtx {x : Vec R N} : {Γ : List Shape} → {f f' : Vec R N → TList R Γ} →
    HasTListDerivAt f f' x →
    ∀ k, HasDifferentialAt (fun v => Proofs.Autograd.flattenCtx (f v) k)
      (fun h => Proofs.Autograd.flattenCtx (f' h) k) x
  | [], _, _, _, k => k.elim0
  | s :: _, _, _, hf, k => by
      by_cases h : k < s.size
      · exact (hf.1 (Shape.unflat ⟨k, h⟩)).congr (fun _ => dif_pos h) fun _ => dif_pos h
      ·
        exact (hf.2.flattenCtx
        ⟨k - s.size, by have := k.isLt; simp only [ctxSize] at this; omega⟩).congr
          (fun _ => dif_neg h) fun _ => dif_neg h

private theorem get {x : Vec R N} :
    {Γ : List Shape} → {f f' : Vec R N → TList R Γ} → HasTListDerivAt f f' x →
    (i : Fin Γ.length) → HasTensorDerivAt (fun v => (f v).get i) (fun h => (f' h).get i) x
  | _ :: _, _, _, hf, ⟨0, _⟩ => hf.1
  | _ :: _, _, _, hf, ⟨i + 1, h⟩ => hf.2.get ⟨i, Nat.lt_of_succ_lt_succ h⟩

theorem getIdx {x : Vec R N} {f f' : Vec R N → TList R Γ} (hf : HasTListDerivAt f f' x)
    (idx : Idx Γ s) :
    HasTensorDerivAt (fun v => Proofs.Autograd.getIdx (f v) idx)
        (fun h => Proofs.Autograd.getIdx (f' h) idx) x := by
  obtain ⟨i, rfl⟩ := idx
  exact hf.get i

theorem gather {x : Vec R N} {f f' : Vec R N → TList R Γ} (hf : HasTListDerivAt f f' x) :
    {args : List Shape} →
    (ops : Operands Γ args) →
      HasTListDerivAt (fun v => ops.gather (f v)) (fun h => ops.gather (f' h)) x
  | _, .nil => trivial
  | _, .cons idx rest => ⟨hf.getIdx idx, hf.gather rest⟩

end HasTListDerivAt

noncomputable section

/-- The coordinates of the entry at a typed position, as a linear map. -/
def CtxVec.getCLM (R : Type) [AnalyticScalar R] (idx : Idx Γ s) : CLM R (ctxSize Γ) s.size :=
  .pi (CtxVec.get idx) fun _ => .coord _

/-- The coordinates of the operands, as a linear map. -/
def Operands.gatherCLM (R : Type) [AnalyticScalar R] (ops : Operands Γ args) :
    CLM R (ctxSize Γ) (ctxSize args) :=
  .pi (fun v => flattenCtx (ops.gather (unflattenCtx v))) fun k =>
    (((hasTListDerivAt_unflattenCtx (x := 0) .coord).gather ops).flattenCtx k).isLinear

end

theorem unflattenCtx_gatherCLM (ops : Operands Γ args) (v : CtxVec R Γ) :
    unflattenCtx (ops.gatherCLM R v) = ops.gather (unflattenCtx v) :=
  unflattenCtx_flattenCtx _

/-! ### Ops -/

/-- The JVP of the op is the derivative of its forward map wherever the operands satisfy `P`, in the
form of the chain rule: if the operands `u v` have a derivative at `x` and satisfy `P` there, then
the result has the derivative that the JVP computes. -/
def OpFDerivCorrectOn (op : Op R args τ) (P : TList R args → Prop) : Prop :=
  ∀ ⦃N : Nat⦄ ⦃u u' : Vec R N → TList R args⦄ ⦃x : Vec R N⦄, HasTListDerivAt u u' x → P (u x) →
    HasTensorDerivAt (fun v => op.forward (u v)) (fun h => op.jvp (u x) (u' h)) x

/-- The JVP of the op is the derivative of its forward map everywhere. -/
abbrev OpFDerivCorrect (op : Op R args τ) : Prop := OpFDerivCorrectOn op fun _ => True

/-! ### Nodes -/

/-- The node is differentiable everywhere and its JVP is the derivative. -/
structure NodeFDerivCorrect (node : Node R Γ τ) where
  /-- The derivative at each point. -/
  deriv : CtxVec R Γ → CLM R (ctxSize Γ) τ.size
  /-- It is the derivative. -/
  hasFDerivAt : ∀ x, HasFDerivAt node.forwardVec (deriv x) x
  /-- It is the JVP. -/
  jvp_eq : ∀ x dx, node.jvpVec x dx = deriv x dx

/-- The node is differentiable at `x` and its JVP there is the derivative. -/
structure NodeFDerivCorrectAt (node : Node R Γ τ) (x : CtxVec R Γ) where
  /-- The derivative. -/
  deriv : CLM R (ctxSize Γ) τ.size
  /-- It is the derivative. -/
  hasFDerivAt : HasFDerivAt node.forwardVec deriv x
  /-- It is the JVP. -/
  jvp_eq : ∀ dx, node.jvpVec x dx = deriv dx

noncomputable section

/-- A certificate everywhere, used at one point. -/
def NodeFDerivCorrect.at {node : Node R Γ τ} (hn : NodeFDerivCorrect node) (x : CtxVec R Γ) :
    NodeFDerivCorrectAt node x :=
  ⟨hn.deriv x, hn.hasFDerivAt x, hn.jvp_eq x⟩

/-- Certificates at all points are a certificate everywhere. -/
def NodeFDerivCorrect.ofAt {node : Node R Γ τ}
    (hn : (x : CtxVec R Γ) → NodeFDerivCorrectAt node x) :
    NodeFDerivCorrect node :=
  ⟨fun x => (hn x).deriv, fun x => (hn x).hasFDerivAt, fun x => (hn x).jvp_eq⟩

end

namespace NodeFDerivCorrectAt

variable {node : Node R Γ τ} {x : CtxVec R Γ}

/-- At a certified point the JVP of the node is its derivative. -/
theorem jvpVec_eq_fderiv (hn : NodeFDerivCorrectAt node x) (dx : CtxVec R Γ) :
    node.jvpVec x dx = fderiv R node.forwardVec x dx := by
  rw [hn.hasFDerivAt.fderiv, hn.jvp_eq]

/-- At a certified point the VJP of the node is the adjoint of its derivative. -/
theorem vjpVec_eq_adjoint_fderiv (hn : NodeFDerivCorrectAt node x) (δ : Vec R τ.size) :
    node.vjpVec x δ = (fderiv R node.forwardVec x).adjoint δ :=
  CLM.eq_adjoint_apply fun dx => by rw [← hn.jvpVec_eq_fderiv, node.correct_inner]

end NodeFDerivCorrectAt

/-- A coordinate of a node whose operands are in the domain of a certificate of its op. -/
theorem OpFDerivCorrectOn.hasDifferentialAt {node : Node R Γ τ} {P : TList R node.args → Prop}
    (hop : OpFDerivCorrectOn node.op P) {x : CtxVec R Γ}
    (hx : P (node.operands.gather (unflattenCtx x)))
    (k : Fin τ.size) :
    HasDifferentialAt (fun v => node.forwardVec v k) (fun h => node.jvpVec x h k) x :=
  hop (HasTListDerivAt.gather (hasTListDerivAt_unflattenCtx .coord) node.operands) hx
    (Shape.unflat k)

noncomputable section

/-- The certificate of a node at a point whose operands are in the domain of a certificate of its
op. -/
def NodeFDerivCorrectAt.ofOp {node : Node R Γ τ} {P : TList R node.args → Prop}
    (hop : OpFDerivCorrectOn node.op P)
    {x : CtxVec R Γ} (hx : P (node.operands.gather (unflattenCtx x))) :
    NodeFDerivCorrectAt node x where
  deriv := .pi (node.jvpVec x) fun k => (hop.hasDifferentialAt hx k).isLinear
  hasFDerivAt := .pi (hop.hasDifferentialAt hx)
  jvp_eq _ := rfl

/-- The certificate of a node, from one of its op. -/
def NodeFDerivCorrect.ofOp {node : Node R Γ τ} (hop : OpFDerivCorrect node.op) :
    NodeFDerivCorrect node :=
  .ofAt fun _ => .ofOp hop trivial

/-! ### Graphs -/

/-- A certificate for each node of the graph. -/
def GraphFDerivCorrect : {ss : List Shape} → Graph R Γ ss → Type
  | _, .nil => PUnit
  | _, .snoc g node => GraphFDerivCorrect g × NodeFDerivCorrect node

/-- A certificate for each node of the graph at the values that it meets when the graph is evaluated
at `x`. -/
def GraphFDerivCorrectAt : {ss : List Shape} → Graph R Γ ss → CtxVec R Γ → Type
  | _, .nil, _ => PUnit
  | _, .snoc g node, x => GraphFDerivCorrectAt g x × NodeFDerivCorrectAt node (g.evalVec x)

/-- The certificate of the empty graph. -/
def GraphFDerivCorrect.nil : GraphFDerivCorrect (.nil : Graph R Γ []) := ⟨⟩

/-- The certificate of a graph with one more node. -/
def GraphFDerivCorrect.snoc {g : Graph R Γ ss} {node : Node R (Γ ++ ss) τ}
    (hg : GraphFDerivCorrect g)
    (hn : NodeFDerivCorrect node) : GraphFDerivCorrect (g.snoc node) :=
  (hg, hn)

/-- The certificate of the empty graph at a point. -/
def GraphFDerivCorrectAt.nil {x : CtxVec R Γ} : GraphFDerivCorrectAt (.nil : Graph R Γ []) x := ⟨⟩

/-- The certificate at a point of a graph with one more node. -/
def GraphFDerivCorrectAt.snoc {g : Graph R Γ ss} {node : Node R (Γ ++ ss) τ} {x : CtxVec R Γ}
    (hg : GraphFDerivCorrectAt g x) (hn : NodeFDerivCorrectAt node (g.evalVec x)) :
    GraphFDerivCorrectAt (g.snoc node) x :=
  (hg, hn)

/-- A certificate everywhere, used at one point. -/
def GraphFDerivCorrect.at : {ss : List Shape} → {g : Graph R Γ ss} → GraphFDerivCorrect g →
    (x : CtxVec R Γ) →
    GraphFDerivCorrectAt g x
  | _, .nil, _, _ => ⟨⟩
  | _, .snoc g _, hg, x => (GraphFDerivCorrect.at (g := g) hg.1 x, hg.2.at (g.evalVec x))

end

namespace Graph

/-- The JVP at a point as a linear map: it has an adjoint, back-propagation. -/
noncomputable def jvpCLM (g : Graph R Γ ss) (x : CtxVec R Γ) :
    CLM R (ctxSize Γ) (ctxSize (Γ ++ ss)) :=
  .ofAdjoint (g.jvpVec x) (g.backpropVec x) (g.backprop_correct_inner x)

variable {g : Graph R Γ ss} {x : CtxVec R Γ}

/-- At a certified point a graph has a derivative, which is its JVP. -/
theorem hasFDerivAt_evalVec_and_jvp_at :
    {ss : List Shape} → {g : Graph R Γ ss} → GraphFDerivCorrectAt g x →
    ∃ D : CLM R (ctxSize Γ) (ctxSize (Γ ++ ss)), HasFDerivAt g.evalVec D x ∧
      ∀ dx, g.jvpVec x dx = D dx
  | _, .nil,
      _ =>
      ⟨_, (hasFDerivAt_id.castVec (ctxSize_append_nil Γ).symm).congr evalVec_nil fun _ =>
      rfl, jvpVec_nil x⟩
  | _, .snoc (ss := ss) (τ := τ) g node, hg => by
      obtain ⟨D, hD, jvp_eq⟩ := hasFDerivAt_evalVec_and_jvp_at hg.1
      have h := (hD.append (hg.2.hasFDerivAt.comp hD)).castVec (ctxSize_snoc Γ ss τ).symm
      refine ⟨_, h.congr (evalVec_snoc g node) fun _ => rfl, fun dx => ?_⟩
      rw [jvpVec_snoc, hg.2.jvp_eq, jvp_eq]
      rfl

/-- A certified graph has a derivative, which is its JVP. -/
theorem hasFDerivAt_evalVec_and_jvp (hg : GraphFDerivCorrect g) (x : CtxVec R Γ) :
    ∃ D : CLM R (ctxSize Γ) (ctxSize (Γ ++ ss)), HasFDerivAt g.evalVec D x ∧
        ∀ dx, g.jvpVec x dx = D dx :=
  hasFDerivAt_evalVec_and_jvp_at (hg.at x)

/-- At a certified point the graph is differentiable, and the derivative is its JVP. -/
theorem hasFDerivAt_evalVec_at (hg : GraphFDerivCorrectAt g x) :
    HasFDerivAt g.evalVec (g.jvpCLM x) x := by
  obtain ⟨D, hD, jvp_eq⟩ := hasFDerivAt_evalVec_and_jvp_at hg
  exact hD.congr (fun _ => rfl) jvp_eq

/-- A certified graph is differentiable, and the derivative is its JVP. -/
theorem hasFDerivAt_evalVec (hg : GraphFDerivCorrect g) (x : CtxVec R Γ) :
    HasFDerivAt g.evalVec (g.jvpCLM x) x :=
  hasFDerivAt_evalVec_at (hg.at x)

/-- At a certified point the JVP is the derivative. -/
theorem jvpVec_eq_fderiv_at (hg : GraphFDerivCorrectAt g x) (dx : CtxVec R Γ) :
    g.jvpVec x dx = fderiv R g.evalVec x dx := by
  rw [(hasFDerivAt_evalVec_at hg).fderiv]
  rfl

/-- The JVP of a certified graph is its derivative. -/
theorem jvpVec_eq_fderiv (hg : GraphFDerivCorrect g) (x dx : CtxVec R Γ) :
    g.jvpVec x dx = fderiv R g.evalVec x dx :=
  jvpVec_eq_fderiv_at (hg.at x) dx

/-- At a certified point back-propagation is the adjoint of the derivative. -/
theorem backpropVec_eq_adjoint_fderiv_at (hg : GraphFDerivCorrectAt g x)
    (seed : CtxVec R (Γ ++ ss)) :
    g.backpropVec x seed = (fderiv R g.evalVec x).adjoint seed :=
  CLM.eq_adjoint_apply fun dx => by rw [← jvpVec_eq_fderiv_at hg, backprop_correct_inner]

/-- Back-propagation through a certified graph is the adjoint of its derivative. -/
theorem backpropVec_eq_adjoint_fderiv (hg : GraphFDerivCorrect g) (x : CtxVec R Γ)
    (seed : CtxVec R (Γ ++ ss)) :
    g.backpropVec x seed = (fderiv R g.evalVec x).adjoint seed :=
  backpropVec_eq_adjoint_fderiv_at (hg.at x) seed

end Graph

end Proofs.Autograd
