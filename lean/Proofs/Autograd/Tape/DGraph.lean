module

public import Proofs.Autograd.Tape.Compose
public import Proofs.Autograd.Tape.FDeriv

/-!
# Graphs that carry their certificate

A `DGraph Γ ss` is a graph together with a certificate that holds everywhere; so its
back-propagation is the adjoint of its derivative with no further hypothesis
(`DGraph.backpropVec_eq_adjoint_fderiv`). Main definitions: `DGraph.nil`, `DGraph.snoc`,
`DGraph.append` (run one graph after another), `DGraph.weakenContext` (more inputs, which nothing
reads).

A graph with a node that is differentiable only somewhere is no `DGraph`; there the theorems at a
point apply.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {Γ Δ ss ss₁ ss₂ : List Shape} {s τ : Shape}

/-! ### Renumbered nodes -/

section

variable (f : {s : Shape} → Idx Γ s → Idx Δ s)

private theorem hasTListDerivAt_ofFn {N : Nat} {x : Vec R N} : {Γ : List Shape} →
    {t t' : (i : Fin Γ.length) → Vec R N → Tensor R (Γ.get i)} →
      (∀ i, HasTensorDerivAt (t i) (t' i) x) →
      HasTListDerivAt (fun v => .ofFn fun i => t i v) (fun h => .ofFn fun i => t' i h) x
  | [], _, _, _ => trivial
  | _ :: _, _, _, ht => ⟨ht _, hasTListDerivAt_ofFn fun i => ht i.succ⟩

theorem isLinear_pullback (k : Fin (ctxSize Γ)) :
    IsLinear fun v : CtxVec R Δ => flattenCtx ((unflattenCtx v).pullback f) k :=
  ((hasTListDerivAt_ofFn fun i =>
    (hasTListDerivAt_unflattenCtx (x := 0) .coord).getIdx (f ⟨i, rfl⟩)).flattenCtx
    k).isLinear

noncomputable section

/-- The coordinates of the entries at the new positions, as a linear map. -/
def pullbackCLM : CLM R (ctxSize Δ) (ctxSize Γ) :=
  .pi (fun v => flattenCtx ((unflattenCtx v).pullback f)) (isLinear_pullback f)

end

theorem CtxVec.get_pullbackCLM (v : CtxVec R Δ) (idx : Idx Γ s) :
    CtxVec.get idx (pullbackCLM f v) = CtxVec.get (f idx) v := by
  rw [pullbackCLM, CLM.pi, CtxVec.get_flattenCtx, getIdx_pullback, getIdx_unflattenCtx,
    toVecT_ofVecT]

namespace Node

variable (node : Node R Γ τ) (x dx : CtxVec R Δ)

theorem forwardVec_reindex : (node.reindex f).forwardVec x = node.forwardVec (pullbackCLM f x) := by
  rw [forwardVec, forward_reindex, forwardVec, pullbackCLM, CLM.pi, unflattenCtx_flattenCtx]

theorem jvpVec_reindex :
    (node.reindex f).jvpVec x dx = node.jvpVec (pullbackCLM f x) (pullbackCLM f dx) := by
  simp only [jvpVec, jvp_reindex, pullbackCLM, CLM.pi, unflattenCtx_flattenCtx]

/-- The cotangent of a renumbered node is the node's cotangent at the new positions, zeros
elsewhere. -/
theorem vjpVec_reindex (δ : Vec R τ.size) :
    (node.reindex f).vjpVec x δ = (pullbackCLM f).adjoint (node.vjpVec (pullbackCLM f x) δ) :=
  CLM.eq_adjoint_apply fun dx => by rw [← correct_inner, ← correct_inner, jvpVec_reindex]

end Node

noncomputable section

/-- The certificate of a renumbered node. -/
def NodeFDerivCorrect.reindex {node : Node R Γ τ} (hn : NodeFDerivCorrect node) :
    NodeFDerivCorrect (node.reindex f) where
  deriv x := (hn.deriv (pullbackCLM f x)).comp (pullbackCLM f)
  hasFDerivAt _ :=
    ((hn.hasFDerivAt _).comp (pullbackCLM f).hasFDerivAt).congr (node.forwardVec_reindex f)
      fun _ => rfl
  jvp_eq x dx := (node.jvpVec_reindex f x dx).trans (hn.jvp_eq _ _)

end

end

noncomputable section

/-! ### Certificates of graphs from graphs -/

namespace GraphFDerivCorrect

/-- The certificate at an equal list of saved shapes. -/
def castSaved (h : ss₁ = ss₂) {g : Graph R Γ ss₁} (hg : GraphFDerivCorrect g) :
    GraphFDerivCorrect (g.castSaved h) := by
  subst h; exact hg

/-- The certificate of one graph after another. -/
def append {g₁ : Graph R Γ ss₁} (h₁ : GraphFDerivCorrect g₁) :
    {ss₂ : List Shape} → {g₂ : Graph R (Γ ++ ss₁) ss₂} →
    GraphFDerivCorrect g₂ → GraphFDerivCorrect (g₁.append g₂)
  | _, .nil, _ => h₁.castSaved _
  | _, .snoc g₂ _, h₂ =>
      .castSaved _ (.snoc (h₁.append (g₂ := g₂) h₂.1) (h₂.2.reindex (Idx.cast _)))

/-- The certificate of a graph with further inputs. -/
def weakenContext (extra : List Shape) :
    {ss : List Shape} → {g : Graph R Γ ss} → GraphFDerivCorrect g →
    GraphFDerivCorrect (g.weakenContext extra)
  | _, .nil, _ => .nil
  | _, .snoc g _, hg =>
      .snoc (weakenContext extra (g := g) hg.1) (hg.2.reindex (Idx.insertMiddle extra))

end GraphFDerivCorrect

/-! ### Graphs that carry their certificate -/

/-- A graph over inputs `Γ` that saves tensors of shapes `ss`, with a certificate that holds
everywhere. -/
structure DGraph (R : Type) [AnalyticScalar R] (Γ ss : List Shape) where
  /-- The graph. -/
  g : Graph R Γ ss
  /-- Each of its nodes is differentiable everywhere, and its JVP is the derivative. -/
  hg : GraphFDerivCorrect g

namespace DGraph

/-- Nothing is computed. -/
def nil : DGraph R Γ [] := ⟨.nil, .nil⟩

/-- One more node at the end. -/
def snoc (dg : DGraph R Γ ss) (node : Node R (Γ ++ ss) τ) (hn : NodeFDerivCorrect node) :
    DGraph R Γ (ss ++ [τ]) :=
  ⟨dg.g.snoc node, dg.hg.snoc hn⟩

/-- The graph that runs the first graph, then the second on inputs and saved tensors of the
first. -/
def append (dg₁ : DGraph R Γ ss₁) (dg₂ : DGraph R (Γ ++ ss₁) ss₂) : DGraph R Γ (ss₁ ++ ss₂) :=
  ⟨dg₁.g.append dg₂.g, dg₁.hg.append dg₂.hg⟩

/-- The same graph with further inputs, which no node reads. -/
def weakenContext (dg : DGraph R Γ ss) (extra : List Shape) : DGraph R (Γ ++ extra) ss :=
  ⟨dg.g.weakenContext extra, dg.hg.weakenContext extra⟩

/-- The same node in an equal context. -/
def castNodeContext (h : Γ = Δ) (node : Node R Γ τ) : Node R Δ τ := node.reindex (Idx.cast h)

/-- The certificate of `castNodeContext`. -/
def castNodeFDerivCorrect (h : Γ = Δ) {node : Node R Γ τ} (hn : NodeFDerivCorrect node) :
    NodeFDerivCorrect (castNodeContext h node) :=
  hn.reindex (Idx.cast h)

/-- The linear map that leaves out the blocks of `extra`. -/
def dropMiddleCLM (R : Type) [AnalyticScalar R] (Γ extra ss : List Shape) :
    CLM R (ctxSize ((Γ ++ extra) ++ ss)) (ctxSize (Γ ++ ss)) :=
  pullbackCLM (Idx.insertMiddle extra)

/-- The same node after `extra` entries were inserted into its context. -/
def weakenNodeMiddle (extra : List Shape) (node : Node R (Γ ++ ss) τ) :
    Node R ((Γ ++ extra) ++ ss) τ :=
  node.reindex (Idx.insertMiddle extra)

/-- The certificate of `weakenNodeMiddle`. -/
def weakenNodeMiddleFDerivCorrect (extra : List Shape) {node : Node R (Γ ++ ss) τ}
    (hn : NodeFDerivCorrect node) :
    NodeFDerivCorrect (weakenNodeMiddle extra node) :=
  hn.reindex (Idx.insertMiddle extra)

/-- A certificate everywhere, used at one point. -/
def graphFDerivCorrectAtOfCorrect {g : Graph R Γ ss} (hg : GraphFDerivCorrect g) (x : CtxVec R Γ) :
    GraphFDerivCorrectAt g x :=
  hg.at x

end DGraph

end

namespace DGraph

variable (extra : List Shape)

/-! ### Weakening is projection -/

section

variable (node : Node R (Γ ++ ss) τ) (x dx : CtxVec R ((Γ ++ extra) ++ ss))

theorem get_dropMiddleCLM (idx : Idx (Γ ++ ss) s) :
    CtxVec.get idx (dropMiddleCLM R Γ extra ss x) = CtxVec.get (idx.insertMiddle extra) x :=
  CtxVec.get_pullbackCLM _ x idx

theorem weakenNodeMiddle_forwardVec :
    (weakenNodeMiddle extra node).forwardVec x = node.forwardVec (dropMiddleCLM R Γ extra ss x) :=
  node.forwardVec_reindex _ x

theorem weakenNodeMiddle_jvpVec : (weakenNodeMiddle extra node).jvpVec x dx =
    node.jvpVec (dropMiddleCLM R Γ extra ss x) (dropMiddleCLM R Γ extra ss dx) :=
  node.jvpVec_reindex _ x dx

theorem weakenNodeMiddle_vjpVec (δ : Vec R τ.size) : (weakenNodeMiddle extra node).vjpVec x δ =
    (dropMiddleCLM R Γ extra ss).adjoint (node.vjpVec (dropMiddleCLM R Γ extra ss x) δ) :=
  node.vjpVec_reindex _ x δ

end

/-! ### The derivative and back-propagation -/

/-- The graph is differentiable everywhere, and the derivative is its JVP. -/
theorem hasFDerivAt_evalVec (dg : DGraph R Γ ss) (x : CtxVec R Γ) :
    HasFDerivAt dg.g.evalVec (dg.g.jvpCLM x) x :=
  Graph.hasFDerivAt_evalVec dg.hg x

/-- Back-propagation is the adjoint of the derivative, with no hypothesis. -/
theorem backpropVec_eq_adjoint_fderiv (dg : DGraph R Γ ss) (x : CtxVec R Γ)
    (seed : CtxVec R (Γ ++ ss)) :
    dg.g.backpropVec x seed = (fderiv R dg.g.evalVec x).adjoint seed :=
  Graph.backpropVec_eq_adjoint_fderiv dg.hg x seed

theorem append_backpropVec_eq_adjoint_fderiv (dg₁ : DGraph R Γ ss₁) (dg₂ : DGraph R (Γ ++ ss₁) ss₂)
    (x : CtxVec R Γ)
    (seed : CtxVec R (Γ ++ (ss₁ ++ ss₂))) : (dg₁.append dg₂).g.backpropVec x seed =
      (fderiv R (dg₁.append dg₂).g.evalVec x).adjoint seed :=
  (dg₁.append dg₂).backpropVec_eq_adjoint_fderiv x seed

theorem weakenContext_backpropVec_eq_adjoint_fderiv (dg : DGraph R Γ ss) (x : CtxVec R (Γ ++ extra))
    (seed : CtxVec R ((Γ ++ extra) ++ ss)) : (dg.weakenContext extra).g.backpropVec x seed =
      (fderiv R (dg.weakenContext extra).g.evalVec x).adjoint seed :=
  (dg.weakenContext extra).backpropVec_eq_adjoint_fderiv x seed

end DGraph

end Proofs.Autograd
