module

public import Proofs.Autograd.Calculus.LinearMap
public import Proofs.Autograd.Tape.Vec

/-!
# Nodes given by vector maps

`Node.ofVec` makes a node of three maps on the coordinates of the whole context, as upstream authors
all of its nodes; the maps are recovered unchanged. So whatever is a node upstream is a node here.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

noncomputable section

/-- The same position with one more entry in front. -/
def Idx.succ {Γ : List Shape} {s t : Shape} (idx : Idx Γ s) : Idx (t :: Γ) s where
  i := idx.i.succ
  h := idx.h

/-- Every entry of the context, in order. -/
def Operands.self : (Γ : List Shape) → Operands Γ Γ
  | [] => .nil
  | _ :: Γ => .cons ⟨⟨0, Nat.zero_lt_succ _⟩, rfl⟩ ((self Γ).map Idx.succ)

end

variable {R : Type} [ScalarOps R] {Γ : List Shape} {τ : Shape}

omit [ScalarOps R] in
private theorem gather_map_succ {s : Shape} :
    {args : List Shape} → (ops : Operands Γ args) → (x : TList R (s :: Γ)) →
    (ops.map Idx.succ).gather x = ops.gather x.2
  | _, .nil, _ => rfl
  | _, .cons ⟨_, rfl⟩ rest, x => Prod.ext rfl (gather_map_succ rest x)

omit [ScalarOps R] in
@[simp]
theorem Operands.gather_self : {Γ : List Shape} → (x : TList R Γ) → (Operands.self Γ).gather x = x
  | [], _ => rfl
  | _ :: Γ, x => Prod.ext rfl ((gather_map_succ (Operands.self Γ) x).trans (gather_self x.2))

@[simp]
theorem Operands.scatter_self (y : TList R Γ) :
    flattenCtx ((Operands.self Γ).scatter y) = flattenCtx y :=
  Vec.inner_right_injective fun v => by
    rw [← flattenCtx_unflattenCtx v, ← dotList_eq_inner, ← dotList_eq_inner, dotList_scatter,
      Operands.gather_self]

namespace Node

variable (f : CtxVec R Γ → Vec R τ.size) (jvp : CtxVec R Γ → CtxVec R Γ → Vec R τ.size)
  (vjp : CtxVec R Γ → Vec R τ.size → CtxVec R Γ)
  (adjointness : ∀ x dx δ, (jvp x dx).inner δ = dx.inner (vjp x δ))

/-- The node with these maps on coordinates. -/
noncomputable def ofVec : Node R Γ τ where
  args := Γ
  op :=
    { forward := fun x => ofVecT (f (flattenCtx x))
      jvp := fun x dx => ofVecT (jvp (flattenCtx x) (flattenCtx dx))
      vjp := fun x δ => unflattenCtx (vjp (flattenCtx x) (toVecT δ))
      correct := fun x dx δ => by
        rw [dot_eq_inner, toVecT_ofVecT, adjointness, dotList_eq_inner, flattenCtx_unflattenCtx] }
  operands := .self Γ

theorem ofVec_forwardVec (x : CtxVec R Γ) : (ofVec f jvp vjp adjointness).forwardVec x = f x := by
  simp [forwardVec, forward, ofVec]

theorem ofVec_jvpVec (x dx : CtxVec R Γ) :
    (ofVec f jvp vjp adjointness).jvpVec x dx = jvp x dx := by
  simp [jvpVec, Node.jvp, ofVec]

theorem ofVec_vjpVec (x : CtxVec R Γ) (δ : Vec R τ.size) :
    (ofVec f jvp vjp adjointness).vjpVec x δ = vjp x δ := by
  simp [vjpVec, Node.vjp, ofVec]

end Node

end Proofs.Autograd
