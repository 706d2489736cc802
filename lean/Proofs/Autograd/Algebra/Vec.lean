module

public import Proofs.Autograd.Algebra.Sum

/-!
# Coordinate vectors

`Vec R n` is the space of `n`-tuples of scalars; `inner` is its inner product. A function between
such spaces is what the calculus differentiates. `append` puts two vectors one after the other;
`left` and `right` take them apart.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

/-- The space of `n`-tuples of scalars. -/
def Vec (R : Type) (n : Nat) : Type := Fin n → R

variable {R : Type} [ScalarOps R]

namespace Vec

noncomputable section

/-- The inner product, the sum of the products of corresponding coordinates. -/
def inner {n : Nat} (x y : Vec R n) : R := sum fun i => x i * y i

/-- The sum, coordinate by coordinate. -/
instance instAdd {n : Nat} : Add (Vec R n) := ⟨fun x y i => x i + y i⟩

/-- A scalar multiple. -/
instance instSMul {n : Nat} : SMul R (Vec R n) := ⟨fun c x i => c * x i⟩

/-- The vector of zeros. -/
instance instZero {n : Nat} : Zero (Vec R n) := ⟨fun _ => 0⟩

end

@[simp] theorem add_apply {n : Nat} (x y : Vec R n) (i : Fin n) : (x + y) i = x i + y i := rfl

@[simp] theorem smul_apply {n : Nat} (c : R) (x : Vec R n) (i : Fin n) : (c • x) i = c * x i := rfl

@[simp] theorem zero_apply {n : Nat} (i : Fin n) : (0 : Vec R n) i = 0 := rfl

/-- The same coordinates under an equal dimension. -/
def castVec {n m : Nat} (h : n = m) (x : Vec R n) : Vec R m := fun i => x (i.cast h.symm)

/-- The coordinates of `x` followed by those of `y`. -/
def append {m n : Nat} (x : Vec R m) (y : Vec R n) : Vec R (m + n) :=
  fun i => if h : i < m then x ⟨i, h⟩ else y ⟨i - m, by omega⟩

/-- The first `m` coordinates. -/
def left {m n : Nat} (x : Vec R (m + n)) : Vec R m := fun i => x (i.castAdd n)

/-- The last `n` coordinates. -/
def right {m n : Nat} (x : Vec R (m + n)) : Vec R n := fun i => x (i.natAdd m)

section Relabelling

omit [ScalarOps R]

variable {m n p : Nat}

@[simp] theorem castVec_castVec (h : m = n) (h' : n = p) (x : Vec R m) :
    (x.castVec h).castVec h' = x.castVec (h.trans h') :=
  rfl

@[simp] theorem left_append (x : Vec R m) (y : Vec R n) : (x.append y).left = x :=
  funext fun i => dif_pos i.isLt

@[simp] theorem right_append (x : Vec R m) (y : Vec R n) : (x.append y).right = y :=
  funext fun i => (dif_neg (Nat.not_lt.2 (Nat.le_add_right m i))).trans
    (congrArg y (Fin.ext (Nat.add_sub_cancel_left m i)))

theorem append_left_right (x : Vec R (m + n)) : x.left.append x.right = x :=
  funext fun i => by
    unfold append left right
    split
    · rfl
    · exact congrArg x (Fin.ext (by simp only [Fin.val_natAdd]; omega))

theorem append_castVec (x : Vec R m) (y : Vec R n) (h : n = p) :
    x.append (y.castVec h) = (x.append y).castVec (congrArg (m + ·) h) := by
  subst h; rfl

theorem append_nil (x : Vec R m) (y : Vec R 0) : x.append y = x :=
  left_append x y

theorem append_assoc (x : Vec R m) (y : Vec R n) (z : Vec R p) :
    x.append (y.append z) = ((x.append y).append z).castVec (Nat.add_assoc m n p) := by
  funext i
  simp only [append, castVec, Fin.val_cast]
  grind

end Relabelling

theorem castVec_inner {n m : Nat} (h : n = m) (x : Vec R n) (y : Vec R m) :
    (x.castVec h).inner y = x.inner (y.castVec h.symm) := by
  subst h; rfl

/-- The inner product splits where the coordinates do. -/
theorem inner_eq_left_add_right {m n : Nat} (x y : Vec R (m + n)) :
    x.inner y = x.left.inner y.left + x.right.inner y.right :=
  sum_append rfl fun i => x i * y i

end Vec

end Proofs.Autograd
