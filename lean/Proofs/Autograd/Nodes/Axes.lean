module

public import Proofs.Autograd.Nodes.Pointwise

/-!
# Ops along an axis of any tensor

`Op.reindex` makes each coordinate of its result a coordinate of one of its operands, whichever a
map of typed indices says. It is linear, and its adjoint adds up over the fibres of the map; that is
proved once, for every map. Instances with names of their own, so that a graph can be read back, are
`swapAxes`, which exchanges two neighbouring axes, `take` and `drop`, the first and the last
positions of an axis (a slice is both), and `concat`.

`expandAxis` and `sumAxis` are adjoint to each other: a new axis along which nothing changes, and
the sum along an axis. The mean of `n` numbers is their sum times `n⁻¹`, of which nothing is used.

Which axis it is, is said by the axes outside of it: it is the first behind those of `o`. The
transposes `transposeLast2` and `swap01`, the broadcasts and the row mean are instances of what is
here (`swapAxes_eq_swap01` and those that follow it, in `Nodes/Certified/Axes`).
-/

@[expose] public section

set_option autoImplicit false

namespace Spec.Shape

/-- The axes of `o`, outside those of another shape. -/
def append : Shape → Shape → Shape
  | scalar, s => s
  | dim n o, s => dim n (o.append s)

namespace Index

/-- An index with its part inside the axes of `o` changed by a map. -/
def inner {s t : Shape} (f : s.Index → t.Index) :
    {o : Shape} → (o.append s).Index → (o.append t).Index
  | scalar, i => f i
  | dim _ _, i => (i.1, inner f i.2)

/-- Whether two indices are the same. -/
def beq : {s : Shape} → s.Index → s.Index → Bool
  | scalar, _, _ => true
  | dim _ _, i, j => Nat.beq i.1 j.1 && beq i.2 j.2

theorem beq_iff : {s : Shape} → (i j : s.Index) → beq i j = true ↔ i = j
  | scalar, _, _ => ⟨fun _ => rfl, fun _ => rfl⟩
  | dim _ _, i, j => by
      rw [beq, Bool.and_eq_true, Nat.beq_eq, ← Fin.ext_iff, beq_iff i.2 j.2]
      exact ⟨fun h => Prod.ext h.1 h.2, fun h => h ▸ ⟨rfl, rfl⟩⟩

end Index

/-- A place in one of several tensors: in the first of them, or in one of the rest. -/
def Place : List Shape → Type
  | [] => Empty
  | s :: rest => s.Index ⊕ Place rest

namespace Place

/-- Whether two places are the same. -/
def beq : {args : List Shape} → Place args → Place args → Bool
  | _ :: _, .inl i, .inl j => Index.beq i j
  | _ :: _, .inr i, .inr j => beq i j
  | _, _, _ => false

/-- Where a position of two tensors put together along an axis stands. -/
def ofJoined {m n : Nat} {s : Shape} : {o : Shape} → (o.append (dim (m + n) s)).Index →
    Place [o.append (dim m s), o.append (dim n s)]
  | scalar, i =>
    if h : i.1.val < m then .inl (⟨i.1.val, h⟩, i.2)
    else .inr (.inl (⟨i.1.val - m, by have := i.1.isLt; omega⟩, i.2))
  | dim _ _, i => match ofJoined i.2 with
    | .inl j => .inl (i.1, j)
    | .inr (.inl j) => .inr (.inl (i.1, j))

end Place

end Spec.Shape

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {s t o : Shape} {args : List Shape} {m n : Nat}

attribute [local instance] natCast

noncomputable section

/-! ### Tensors at places -/

namespace TList

/-- The coordinate at a place. -/
def coord : {args : List Shape} → TList R args → Place args → R
  | _ :: _, x, .inl i => x.1 i
  | _ :: _, x, .inr p => coord x.2 p

/-- The tensors with given coordinates. -/
def ofPlaces : {args : List Shape} → (Place args → R) → TList R args
  | [], _ => ()
  | _ :: _, f => (fun i => f (.inl i), ofPlaces fun p => f (.inr p))

end TList

/-- The sum over all places. -/
def sumPlaces : (args : List Shape) → (Place args → R) → R
  | [], _ => 0
  | s :: rest, f => (sumIndex s fun i => f (.inl i)) + sumPlaces rest fun p => f (.inr p)

namespace Tensor

/-- A tensor with a new axis of length `n` behind those of `o`, along which nothing changes. -/
def expandAxis (n : Nat) (x : Tensor R (o.append s)) : Tensor R (o.append (.dim n s)) :=
  fun i => x (Index.inner (s := dim n s) (fun j => j.2) i)

/-- The sums along the axis behind those of `o`. -/
def sumAxis : {o : Shape} → Tensor R (o.append (.dim n s)) → Tensor R (o.append s)
  | .scalar, x => fun i => Proofs.Autograd.sum fun k => x (k, i)
  | .dim _ _, x => stack fun i => sumAxis (x.slice i)

end Tensor

end

theorem dotList_ofPlaces : {args : List Shape} → (x : TList R args) → (w : Place args → R) →
    dotList x (.ofPlaces w) = sumPlaces args fun p => x.coord p * w p
  | [], _, _ => rfl
  | _ :: _, x, w => congrArg (_ + ·) (dotList_ofPlaces x.2 fun p => w (.inr p))

theorem sumPlaces_congr {f g : Place args → R} (h : ∀ p, f p = g p) :
    sumPlaces args f = sumPlaces args g :=
  congrArg (sumPlaces args) (funext h)

theorem sumIndex_sum_comm (f : s.Index → Fin n → R) :
    (sumIndex s fun i => sum fun k => f i k) = sum fun k => sumIndex s fun i => f i k := by
  induction s with
  | scalar => rfl
  | dim m s ih =>
    simp only [sumIndex, ih]
    exact sum_comm _

theorem sumIndex_comm (f : s.Index → t.Index → R) :
    (sumIndex s fun i => sumIndex t fun j => f i j) =
      sumIndex t fun j => sumIndex s fun i => f i j := by
  induction t with
  | scalar => rfl
  | dim n t ih => simp only [sumIndex, sumIndex_sum_comm, ih]

theorem sumPlaces_comm : {args : List Shape} → (f : Place args → t.Index → R) →
    (sumPlaces args fun p => sumIndex t fun j => f p j) =
      sumIndex t fun j => sumPlaces args fun p => f p j
  | [], _ => (sumIndex_zero t).symm
  | _ :: _, f => by
      simp only [sumPlaces, sumIndex_add, sumPlaces_comm fun p => f (.inr p)]
      rw [sumIndex_comm]

theorem sumIndex_beq : {s : Shape} → (i : s.Index) → (f : s.Index → R) →
    (sumIndex s fun j => if Index.beq i j then f j else 0) = f i
  | .scalar, _, _ => rfl
  | .dim n s, i, f => by
      have h (k : Fin n) : (sumIndex s fun j => if Index.beq (s := dim n s) i (k, j) then f (k, j)
          else 0) = if k = i.1 then f (k, i.2) else 0 := by
        by_cases hk : k = i.1
        · subst hk
          rw [if_pos rfl, ← sumIndex_beq i.2 fun j => f (i.1, j)]
          exact sumIndex_congr fun j => by simp [Index.beq]
        · rw [if_neg hk]
          refine Eq.trans ?_ (sumIndex_zero s)
          refine sumIndex_congr fun j => (if_neg fun hb => hk ?_)
          exact (congrArg Prod.fst ((Index.beq_iff (s := dim n s) i (k, j)).mp hb)).symm
      simp only [sumIndex, h]
      exact sum_ite_eq i.1 fun k => f (k, i.2)

/-- A sum against the indicator of a place is the one term it keeps. -/
theorem sumPlaces_beq : {args : List Shape} → (p : Place args) → (f : Place args → R) →
    (sumPlaces args fun q => if p.beq q then f q else 0) = f p
  | s :: rest, .inl i, f => by
      have h : (sumPlaces rest fun _ => (0 : R)) = 0 := sumPlaces_zero rest
      simp [sumPlaces, Place.beq, sumIndex_beq, h, add_zero]
  | s :: _, .inr p, f => by
      simp [sumPlaces, Place.beq, sumIndex_zero, sumPlaces_beq p fun q => f (.inr q), zero_add]
where
  sumPlaces_zero : (args : List Shape) → (sumPlaces args fun _ => (0 : R)) = 0
    | [] => rfl
    | s :: rest => by simp only [sumPlaces, sumIndex_zero, sumPlaces_zero rest, add_zero]

namespace Tensor

/-- Summing along an axis is adjoint to expanding along it. -/
theorem sumAxis_dot : {o : Shape} → (x : Tensor R (o.append (.dim n s))) →
    (w : Tensor R (o.append s)) → x.sumAxis.dot w = x.dot (w.expandAxis n)
  | .scalar, x, w => by
      change (sumIndex s fun i => (sum fun k => x (k, i)) * w i) =
        sum fun k => sumIndex s fun i => x (k, i) * w i
      rw [← sumIndex_sum_comm]
      exact sumIndex_congr fun i => sum_mul _ _
  | .dim _ _, x, w => sum_congr fun i => sumAxis_dot (x.slice i) (w.slice i)

theorem expandAxis_dot (x : Tensor R (o.append s)) (w : Tensor R (o.append (.dim n s))) :
    (x.expandAxis n).dot w = x.dot w.sumAxis := by
  rw [dot_comm, ← sumAxis_dot, dot_comm]

end Tensor

/-! ### Ops -/

noncomputable section

namespace Op

/-- Each coordinate is that of the operands at the place that a map says; a coordinate of an operand
has the sum of the cotangents of all the coordinates that it became. -/
def reindex (args : List Shape) (t : Shape) (f : t.Index → Place args) : Op R args t where
  forward x := fun i => x.coord (f i)
  jvp _ dx := fun i => dx.coord (f i)
  vjp _ δ := .ofPlaces fun p => sumIndex t fun i => if (f i).beq p then δ i else 0
  correct x dx δ := by
    rw [dotList_ofPlaces]
    simp only [mul_sumIndex, sumPlaces_comm]
    refine sumIndex_congr fun i => ?_
    rw [← sumPlaces_beq (f i) fun p => dx.coord p * δ i]
    refine sumPlaces_congr fun p => ?_
    split <;> simp_all [mul_zero]

/-- The exchange of the two axes behind those of `o`. -/
def swapAxes (o : Shape) (m n : Nat) (s : Shape) :
    Op R [o.append (.dim m (.dim n s))] (o.append (.dim n (.dim m s))) :=
  reindex _ _ fun i => .inl (Index.inner (s := dim n (dim m s)) (t := dim m (dim n s))
    (fun j => (j.2.1, j.1, j.2.2)) i)

/-- The first `m` positions of the axis behind those of `o`. -/
def take (o : Shape) (m n : Nat) (s : Shape) :
    Op R [o.append (.dim (m + n) s)] (o.append (.dim m s)) :=
  reindex _ _ fun i => .inl (Index.inner (s := dim m s) (t := dim (m + n) s)
    (fun j => (j.1.castAdd n, j.2)) i)

/-- The positions after the first `m` of the axis behind those of `o`. -/
def drop (o : Shape) (m n : Nat) (s : Shape) :
    Op R [o.append (.dim (m + n) s)] (o.append (.dim n s)) :=
  reindex _ _ fun i => .inl (Index.inner (s := dim n s) (t := dim (m + n) s)
    (fun j => (j.1.natAdd m, j.2)) i)

/-- Two tensors one after the other along the axis behind those of `o`. -/
def concat (o : Shape) (m n : Nat) (s : Shape) :
    Op R [o.append (.dim m s), o.append (.dim n s)] (o.append (.dim (m + n) s)) :=
  reindex _ _ Place.ofJoined

/-- A new axis of length `n` behind those of `o`, along which nothing changes. -/
def expandAxis (o : Shape) (n : Nat) (s : Shape) : Op R [o.append s] (o.append (.dim n s)) where
  forward x := x.1.expandAxis n
  jvp _ dx := dx.1.expandAxis n
  vjp _ δ := (δ.sumAxis, ())
  correct x dx δ := by simp [Tensor.expandAxis_dot]

/-- The sum along the axis behind those of `o`. -/
def sumAxis (o : Shape) (n : Nat) (s : Shape) : Op R [o.append (.dim n s)] (o.append s) where
  forward x := x.1.sumAxis
  jvp _ dx := dx.1.sumAxis
  vjp _ δ := (δ.expandAxis n, ())
  correct x dx δ := by simp [Tensor.sumAxis_dot]

/-- The mean along the axis behind those of `o`. -/
def meanAxis (o : Shape) (n : Nat) (s : Shape) : Op R [o.append (.dim n s)] (o.append s) where
  forward x := (n : R)⁻¹ • x.1.sumAxis
  jvp _ dx := (n : R)⁻¹ • dx.1.sumAxis
  vjp _ δ := (((n : R)⁻¹ • δ).expandAxis n, ())
  correct x dx δ := by simp [Tensor.sumAxis_dot]

end Op

/-! ### Nodes -/

namespace TapeNodes

variable {Γ : List Shape}

/-- The tensor at `a` with the two axes behind those of `o` exchanged. -/
def swapAxes (o : Shape) {m n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim m (.dim n s)))) :
    Node R Γ (o.append (.dim n (.dim m s))) where
  args := _
  op := .swapAxes o m n s
  operands := .cons a .nil

/-- The first `m` positions of the tensor at `a` along the axis behind those of `o`. -/
def take (o : Shape) {m n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim (m + n) s))) :
    Node R Γ (o.append (.dim m s)) where
  args := _
  op := .take o m n s
  operands := .cons a .nil

/-- The positions of the tensor at `a` after the first `m`, along the axis behind those of `o`. -/
def drop (o : Shape) {m n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim (m + n) s))) :
    Node R Γ (o.append (.dim n s)) where
  args := _
  op := .drop o m n s
  operands := .cons a .nil

/-- The tensors at `a` and `b` one after the other along the axis behind those of `o`. -/
def concat (o : Shape) {m n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim m s)))
    (b : Idx Γ (o.append (.dim n s))) : Node R Γ (o.append (.dim (m + n) s)) where
  args := _
  op := .concat o m n s
  operands := .cons a (.cons b .nil)

/-- The tensor at `a` with a new axis of length `n` behind those of `o`. -/
def expandAxis (o : Shape) (n : Nat) {s : Shape} (a : Idx Γ (o.append s)) :
    Node R Γ (o.append (.dim n s)) where
  args := _
  op := .expandAxis o n s
  operands := .cons a .nil

/-- The sums of the tensor at `a` along the axis behind those of `o`. -/
def sumAxis (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s))) :
    Node R Γ (o.append s) where
  args := _
  op := .sumAxis o n s
  operands := .cons a .nil

/-- The means of the tensor at `a` along the axis behind those of `o`. -/
def meanAxis (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s))) :
    Node R Γ (o.append s) where
  args := _
  op := .meanAxis o n s
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
