module

/-! Stand-ins for what upstream has of Mathlib, and its graphs with their names and argument orders.

Nothing here computes: numbers, vectors and maps are as small as the types of graphs allow. -/

@[expose] public noncomputable section

/-- Stands for the real numbers. -/
structure Real where
  /-- What stands for the number. -/
  val : Int

local notation "ℝ" => Real

instance : Add Real := ⟨fun a b => ⟨a.val + b.val⟩⟩
instance (n : Nat) : OfNat Real n := ⟨⟨n⟩⟩

/-- Stands for the Euclidean space over an index type. -/
def EuclideanSpace (R ι : Type) : Type := ι → R

/-- Stands for the continuous linear maps. -/
structure ContinuousLinearMap (R M N : Type) where
  /-- The function. -/
  toFun : M → N

local notation:25 M " →L[" R "] " N => ContinuousLinearMap R M N

namespace Spec

/-- The shapes of tensors. -/
inductive Shape where
  | scalar
  | dim (n : Nat) (s : Shape)

/-- The number of coordinates. -/
def Shape.size : Shape → Nat
  | .scalar => 1
  | .dim n s => n * s.size

end Spec

namespace Proofs.Autograd
open Spec

/-- Vectors. -/
abbrev Vec (n : Nat) : Type := EuclideanSpace ℝ (Fin n)

/-- The number of coordinates of a context. -/
def ctxSize : List Shape → Nat
  | [] => 0
  | s :: ss => s.size + ctxSize ss

/-- The tensors of a context, as one vector. -/
abbrev CtxVec (Γ : List Shape) : Type := Vec (ctxSize Γ)

/-- An entry of a context. -/
structure Idx (Γ : List Shape) (s : Shape) where
  /-- Its position. -/
  i : Fin Γ.length
  /-- Its shape. -/
  h : Γ.get i = s

/-- The entry at a position. -/
def Idx.pos {Γ : List Shape} {s : Shape} (k : Nat) (h : Γ[k]? = some s) : Idx Γ s :=
  ⟨⟨k, (List.getElem?_eq_some_iff.1 h).1⟩, (List.getElem?_eq_some_iff.1 h).2⟩

/-- An entry of a context, as another era of upstream's has it. -/
structure _root_.Proofs.Idx (Γ : List Shape) (s : Shape) where
  /-- Its position. -/
  i : Fin Γ.length
  /-- Its shape. -/
  h : Γ.get i = s

/-- The entry at a position. -/
def _root_.Proofs.Idx.pos {Γ : List Shape} {s : Shape} (k : Nat) (h : Γ[k]? = some s) :
    Proofs.Idx Γ s :=
  ⟨⟨k, (List.getElem?_eq_some_iff.1 h).1⟩, (List.getElem?_eq_some_iff.1 h).2⟩

/-- The entry saved last. -/
def Idx.last {Γ ss : List Shape} {τ : Shape} : Idx (Γ ++ (ss ++ [τ])) τ :=
  ⟨⟨(Γ ++ ss).length, by simp⟩, by simp [← List.append_assoc]⟩

/-- The same entry, with further ones behind. -/
def Idx.weaken {Γ : List Shape} {s : Shape} (idx : Idx Γ s) (rest : List Shape) :
    Idx (Γ ++ rest) s :=
  ⟨⟨idx.i.1, by have := idx.i.2; simp; omega⟩, by
    have := idx.h; have hi := idx.i.2; simp_all [List.getElem_append_left]⟩

/-- What stands for the inner product. -/
def inner {n : Nat} (a b : Vec n) : Int :=
  ((List.finRange n).map fun i => (a i).val * (b i).val).sum

theorem sum_zero {α : Type} (l : List α) : (l.map fun _ => (0 : Int)).sum = 0 := by
  induction l <;> simp_all

/-- A node: a function of the context, with derivatives that are adjoint. -/
structure Node (Γ : List Shape) (τ : Shape) where
  /-- The value. -/
  forward : CtxVec Γ → Vec τ.size
  /-- The derivative. -/
  jvp : CtxVec Γ → CtxVec Γ → Vec τ.size
  /-- Its adjoint. -/
  vjp : CtxVec Γ → Vec τ.size → CtxVec Γ
  /-- That it is the adjoint. -/
  correct : ∀ x dx δ, inner (jvp x dx) δ = inner dx (vjp x δ)

/-- A node from maps of vectors. -/
def Node.ofVec {Γ : List Shape} {τ : Shape} (f : CtxVec Γ → Vec τ.size)
    (jvp : CtxVec Γ → CtxVec Γ → Vec τ.size) (vjp : CtxVec Γ → Vec τ.size → CtxVec Γ)
    (correct_inner : ∀ x dx δ, inner (jvp x dx) δ = inner dx (vjp x δ)) : Node Γ τ :=
  ⟨f, jvp, vjp, correct_inner⟩

/-- A node from maps of vectors, as another era has it. -/
def Node.ofFn {Γ : List Shape} {τ : Shape} (f : CtxVec Γ → Vec τ.size)
    (jvp : CtxVec Γ → CtxVec Γ → Vec τ.size) (vjp : CtxVec Γ → Vec τ.size → CtxVec Γ)
    (correct_inner : ∀ x dx δ, inner (jvp x dx) δ = inner dx (vjp x δ)) : Node Γ τ :=
  ⟨f, jvp, vjp, correct_inner⟩

/-- What every head below is: none of them computes anything. -/
def Node.nothing {Γ : List Shape} {τ : Shape} : Node Γ τ :=
  .ofVec (fun _ _ => 0) (fun _ _ _ => 0) (fun _ _ _ => 0) fun _ _ _ => by
    simp [inner, show (0 : Real).val = 0 from rfl, sum_zero]

/-- That the derivative of a node is its derivative. -/
structure NodeFDerivCorrect {Γ : List Shape} {τ : Shape} (node : Node Γ τ) where
  /-- The derivative. -/
  deriv : CtxVec Γ → (CtxVec Γ →L[ℝ] Vec τ.size)
  /-- That it is the node's. -/
  jvp_eq : ∀ x dx, node.jvp x dx = (deriv x).toFun dx

/-- The certificate of any node. -/
def Node.fderiv {Γ : List Shape} {τ : Shape} (node : Node Γ τ) : NodeFDerivCorrect node :=
  ⟨fun x => ⟨node.jvp x⟩, fun _ _ => rfl⟩

/-- A graph: nodes, each in the context of all before it. -/
inductive Graph (Γ : List Shape) : List Shape → Type where
  | nil : Graph Γ []
  | snoc {ss : List Shape} {τ : Shape} (g : Graph Γ ss) (node : Node (Γ ++ ss) τ) :
      Graph Γ (ss ++ [τ])

/-- The certificates of all nodes. -/
def GraphFDerivCorrect {Γ : List Shape} : {ss : List Shape} → Graph Γ ss → Type
  | _, .nil => PUnit
  | _, .snoc g node => GraphFDerivCorrect g × NodeFDerivCorrect node

/-- A graph with its certificates. -/
structure DGraph (Γ ss : List Shape) where
  /-- The graph. -/
  g : Graph Γ ss
  /-- Its certificates. -/
  hg : GraphFDerivCorrect g

namespace DGraph

/-- The graph without nodes. -/
def nil {Γ : List Shape} : DGraph Γ [] := ⟨.nil, ⟨⟩⟩

/-- One node more. -/
def snoc {Γ ss : List Shape} {τ : Shape} (dg : DGraph Γ ss) (node : Node (Γ ++ ss) τ)
    (hn : NodeFDerivCorrect node) : DGraph Γ (ss ++ [τ]) :=
  ⟨.snoc dg.g node, ⟨dg.hg, hn⟩⟩

/-- A node in a context with further inputs. -/
def weakenNodeMiddle {Γ extra ss : List Shape} {τ : Shape} (_ : Node (Γ ++ ss) τ) :
    Node (Γ ++ extra ++ ss) τ := .nothing

/-- A node in an equal context. -/
def castNodeContext {Γ₁ Γ₂ : List Shape} {τ : Shape} (_ : Γ₁ = Γ₂) (_ : Node Γ₁ τ) : Node Γ₂ τ :=
  .nothing

/-- The nodes of a graph with further inputs. -/
def weakenContextCore {Γ : List Shape} (extra : List Shape) :
    {ss : List Shape} → (g : Graph Γ ss) → GraphFDerivCorrect g → DGraph (Γ ++ extra) ss
  | _, .nil, _ => .nil
  | _, .snoc g node, hg =>
    (weakenContextCore extra g (Prod.fst hg)).snoc (weakenNodeMiddle node) (Node.fderiv _)

/-- The graph with further inputs. -/
def weakenContext {Γ ss : List Shape} (dg : DGraph Γ ss) (extra : List Shape) :
    DGraph (Γ ++ extra) ss :=
  weakenContextCore extra dg.g dg.hg

/-- The nodes of a graph behind those of another. -/
def appendCore {Γ ss : List Shape} (dg : DGraph Γ ss) :
    {ts : List Shape} → (g : Graph (Γ ++ ss) ts) → GraphFDerivCorrect g → DGraph Γ (ss ++ ts)
  | _, .nil, _ => (List.append_nil ss).symm ▸ dg
  | _, .snoc (ss := ts) (τ := τ) g node, hg =>
    have htarget : ss ++ ts ++ [τ] = ss ++ (ts ++ [τ]) := List.append_assoc ..
    htarget ▸ (appendCore dg g (Prod.fst hg)).snoc (castNodeContext (List.append_assoc ..) node) (Node.fderiv _)

/-- One graph, then another on its inputs and saved tensors. -/
def append {Γ ss ts : List Shape} (dg : DGraph Γ ss) (other : DGraph (Γ ++ ss) ts) :
    DGraph Γ (ss ++ ts) :=
  appendCore dg other.g other.hg

end DGraph
end Proofs.Autograd
