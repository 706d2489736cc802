module

public import Proofs.Autograd.FiniteField.Words
public import Proofs.Autograd.Tape.Graph

/-!
# Graphs run by the kernel

Tensors are functions, so a term for the value of a whole graph computes earlier entries again for
every coordinate of later ones. Here all entries are given in writing, and it is checked of each
node that it makes the written entry from the written operands: the work is linear in the graph. A
check is a boolean, which the kernel computes.

Main results: `Graph.eval_ofWords`, `Graph.jvpCtx_ofWords`, `Graph.backpropCtx_ofWords`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

noncomputable section

/-- Whether something holds for each number below `n`. -/
def allFin : {n : Nat} → (Fin n → Bool) → Bool
  | 0, _ => true
  | _ + 1, f => f 0 && allFin fun i => f i.succ

/-- Whether two tensors have the same coordinates. -/
def Tensor.beq : {s : Shape} → Tensor GF s → Tensor GF s → Bool
  | .scalar, a, b => Nat.beq (a ()).val (b ()).val
  | .dim _ _, a, b => allFin fun i => beq (a.slice i) (b.slice i)

/-- The numbers of a context after `sums` were written in the place of the operands' entries, one
after the other. -/
def Operands.write {Γ : List Shape} :
    {args : List Shape} → Operands Γ args → (l sums : List Nat) → List Nat
  | _, .nil, l, _ => l
  | _, .cons idx rest, l, sums => rest.write (l.set idx.i.val (sums.headD 0)) sums.tail

/-- Whether `sums` are the operands' entries after the tensors `w` were added to them, one after the
other. -/
def Operands.checkSums {Γ : List Shape} : {args : List Shape} → Operands Γ args → TList GF args →
    (l sums : List Nat) → Bool
  | _, .nil, _, _, _ => true
  | _, .cons idx rest, w, l, sums =>
    Nat.blt idx.i.val l.length && (Tensor.ofWords (l.getD idx.i.val 0) + w.1).beq
      (.ofWords (sums.headD 0)) &&
      rest.checkSums w.2 (l.set idx.i.val (sums.headD 0)) sums.tail

namespace Graph

variable {Γ : List Shape}

/-- Whether `values` begins with the inputs `x`, and each node makes its entry of `values` from
those of its operands. -/
def checkEval : {ss : List Shape} → Graph GF Γ ss → (x values : List Nat) → Bool
  | _, .nil, x, values => values.take Γ.length == x
  | _, .snoc (ss := ss) g node, x, values =>
    g.checkEval x values &&
      (node.op.forward (.ofWords (node.operands.pick values))).beq
        (.ofWords (values.getD (Γ ++ ss).length 0))

/-- Whether `tangents` begins with the inputs' tangents `dx`, and each node makes its entry of
`tangents` from the values and tangents of its operands. -/
def checkJvp : {ss : List Shape} → Graph GF Γ ss → (values dx tangents : List Nat) → Bool
  | _, .nil, _, dx, tangents => tangents.take Γ.length == dx
  | _, .snoc (ss := ss) g node, values, dx, tangents =>
    g.checkJvp values dx tangents &&
      (node.op.jvp (.ofWords (node.operands.pick values))
        (.ofWords (node.operands.pick tangents))).beq
        (.ofWords (tangents.getD (Γ ++ ss).length 0))

/-- Whether the seeds turn into `cotangents` of the inputs, when each node, from the last to the
first, adds its cotangents to the seeds of its operands and makes them the node's entry of
`sums`. -/
def checkBackprop : {ss : List Shape} → Graph GF Γ ss → (values seeds : List Nat) →
    (sums : List (List Nat)) →
    (cotangents : List Nat) → Bool
  | _, .nil, _, seeds, _, cotangents => seeds.take Γ.length == cotangents
  | _, .snoc (ss := ss) g node, values, seeds, sums, cotangents =>
    node.operands.checkSums
      (node.op.vjp (.ofWords (node.operands.pick values))
        (.ofWords (seeds.getD (Γ ++ ss).length 0)))
      seeds (sums.headD []) &&
      g.checkBackprop values (node.operands.write seeds (sums.headD [])) sums.tail cotangents

end Graph

end

theorem of_allFin : {n : Nat} → {f : Fin n → Bool} → allFin f = true → ∀ i, f i = true
  | _ + 1, f, h, i => by
    simp only [allFin, Bool.and_eq_true] at h
    cases i using Fin.cases with
    | zero => exact h.1
    | succ i => exact of_allFin h.2 i

theorem Tensor.eq_of_beq : {s : Shape} → {a b : Tensor GF s} → a.beq b = true → a = b
  | .scalar, _, _, h => funext fun _ => Fin.ext (Nat.eq_of_beq_eq_true h)
  | .dim _ _, _, _, h => funext fun i => congrFun (eq_of_beq (of_allFin h i.1)) i.2

theorem Operands.add_scatter {Γ : List Shape} :
    {args : List Shape} → {ops : Operands Γ args} → {w : TList GF args} →
    {l sums : List Nat} → ops.checkSums w l sums = true →
    (TList.ofWords l : TList GF Γ) + ops.scatter w = TList.ofWords (ops.write l sums)
  | _, .nil, _, _, _, _ => TList.add_zero _
  | _, .cons idx rest, w, l, sums, h => by
    obtain ⟨i, rfl⟩ := idx
    simp only [checkSums, Bool.and_eq_true] at h
    have first : (TList.ofWords l : TList GF Γ) + (.single ⟨i, rfl⟩ w.1) =
        .ofWords (l.set i.val (sums.headD 0)) :=
      TList.add_singleAt (Nat.blt_eq.mp h.1.1) (Tensor.eq_of_beq h.1.2)
    rw [scatter, ← TList.add_assoc, first, rest.add_scatter h.2, write]

namespace Graph

variable {Γ : List Shape}

/-- Inputs and saved tensors, in writing. -/
theorem eval_ofWords : {ss : List Shape} → {g : Graph GF Γ ss} → {x values : List Nat} →
    g.checkEval x values = true →
    g.eval (.ofWords x) = .ofWords values
  | _, .nil, x, values, h => by
    rw [← eq_of_beq h, TList.ofWords_take]
    exact TList.appendNil_ofWords values
  | _, .snoc g node, x, values, h => by
    rw [checkEval, Bool.and_eq_true] at h
    rw [eval, eval_ofWords h.1, Node.forward, Operands.gather_ofWords, Tensor.eq_of_beq h.2,
      TList.snoc_ofWords]

/-- Their tangents, in writing. -/
theorem jvpCtx_ofWords :
    {ss : List Shape} → {g : Graph GF Γ ss} → {x values dx tangents : List Nat} →
    g.checkEval x values = true → g.checkJvp values dx tangents = true →
    g.jvpCtx (.ofWords x) (.ofWords dx) = .ofWords tangents
  | _, .nil, x, values, dx, tangents, _, h => by
    rw [← eq_of_beq h, TList.ofWords_take]
    exact TList.appendNil_ofWords tangents
  | _, .snoc g node, x, values, dx, tangents, hx, h => by
    rw [checkEval, Bool.and_eq_true] at hx
    rw [checkJvp, Bool.and_eq_true] at h
    rw [jvpCtx, eval_ofWords hx.1, jvpCtx_ofWords hx.1 h.1, Node.jvp, Operands.gather_ofWords,
      Operands.gather_ofWords, Tensor.eq_of_beq h.2, TList.snoc_ofWords]

/-- The inputs' cotangents, in writing. -/
theorem backpropCtx_ofWords :
    {ss : List Shape} → {g : Graph GF Γ ss} → {x values seeds cotangents : List Nat} →
    {sums : List (List Nat)} → g.checkEval x values = true →
      g.checkBackprop values seeds sums cotangents = true →
    g.backpropCtx (.ofWords x) (.ofWords seeds) = .ofWords cotangents
  | _, .nil, x, values, seeds, cotangents, sums, _, h => by
    rw [← eq_of_beq h, TList.ofWords_take]
    exact TList.dropNil_ofWords seeds
  | _, .snoc g node, x, values, seeds, cotangents, sums, hx, h => by
    rw [checkEval, Bool.and_eq_true] at hx
    rw [checkBackprop, Bool.and_eq_true] at h
    rw [backpropCtx, eval_ofWords hx.1, TList.unsnoc_ofWords, Node.vjp, Operands.gather_ofWords,
      Operands.add_scatter h.1, backpropCtx_ofWords hx.1 h.2]

end Graph

end Proofs.Autograd
