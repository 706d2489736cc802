module

public import Proofs.Autograd.Algebra.Vec
public import Proofs.Autograd.Tensor.Tensor

/-!
# Row-major flattening

The one place where index arithmetic is meant. `Shape.flat` numbers the multi-indices of a shape in
row-major order, with inverse `Shape.unflat`; `toVecT` lays a tensor out as a vector, with inverse
`ofVecT`, and turns `dot` into `inner` (`dot_eq_inner`). `Tensor.reshape` keeps the row-major order
of the coordinates and moves nothing; it is its own kind of adjoint (`dot_reshape`).
-/

@[expose] public section

set_option autoImplicit false

namespace Spec.Shape

/-- The row-major position of a multi-index: `(i, j)` stands at `i * size s + flat j`. -/
def flat : {s : Shape} → s.Index → Fin s.size
  | scalar, _ => ⟨0, Nat.one_pos⟩
  | dim _ s, i => ⟨i.1 * s.size + flat i.2, Proofs.Autograd.mul_add_lt i.1 (flat i.2)⟩

/-- The multi-index at a row-major position. -/
def unflat : {s : Shape} → Fin s.size → s.Index
  | scalar, _ => ()
  | dim _ s, k =>
    (⟨k / s.size, Nat.div_lt_of_lt_mul (Nat.mul_comm _ _ ▸ k.isLt)⟩,
      unflat ⟨k % s.size, Nat.mod_lt _ (Nat.pos_of_lt_mul_left k.isLt)⟩)

theorem flat_unflat : {s : Shape} → (k : Fin s.size) → flat (unflat k) = k
  | scalar, k => by apply Fin.ext; have : k.val < 1 := k.isLt; simp only [flat]; omega
  | dim n s, k => by
      apply Fin.ext
      simp only [flat, unflat, flat_unflat]
      exact Nat.div_add_mod' _ _

theorem unflat_flat : {s : Shape} → (i : s.Index) → unflat (flat i) = i
  | scalar, _ => rfl
  | dim n s, (i, j) => by
      have hj := (flat j).isLt
      have hd : (i.val * s.size + (flat j).val) / s.size = i.val := by
        rw [Nat.mul_comm, Nat.mul_add_div (by omega), Nat.div_eq_of_lt hj, Nat.add_zero]
      have hm : (i.val * s.size + (flat j).val) % s.size = (flat j).val := by
        rw [Nat.mul_comm, Nat.mul_add_mod, Nat.mod_eq_of_lt hj]
      simp only [flat, unflat, hd, hm, unflat_flat j]

end Spec.Shape

namespace Proofs.Autograd

open Spec Spec.Shape Laws

variable {R : Type} [ScalarOps R] {s s₁ s₂ : Shape}

/-- The coordinates of a tensor in row-major order. -/
def toVecT (a : Tensor R s) : Vec R s.size := fun k => a (unflat k)

/-- The tensor with the given coordinates in row-major order; inverse of `toVecT`. -/
def ofVecT (x : Vec R s.size) : Tensor R s := fun i => x (flat i)

/-- The bare reshape: the same coordinates, in the same row-major order, under another shape of the
same size. -/
def Tensor.reshape (h : s₁.size = s₂.size) (a : Tensor R s₁) : Tensor R s₂ :=
  fun i => a (unflat ((flat i).cast h.symm))

omit [ScalarOps R] in
@[simp] theorem ofVecT_toVecT (a : Tensor R s) : ofVecT (toVecT a) = a :=
  funext fun i => congrArg a (unflat_flat i)

omit [ScalarOps R] in
@[simp] theorem toVecT_ofVecT (x : Vec R s.size) : toVecT (ofVecT x) = x :=
  funext fun k => congrArg x (flat_unflat k)

omit [ScalarOps R] in
theorem toVecT_reshape (h : s₁.size = s₂.size) (a : Tensor R s₁) :
    toVecT (a.reshape h) = (toVecT a).castVec h :=
  funext fun k => by simp only [toVecT, Tensor.reshape, Vec.castVec, flat_unflat]

/-- A sum over multi-indices is the sum over their row-major positions. -/
theorem sumIndex_eq_sum : {s : Shape} → (f : s.Index → R) → sumIndex s f = sum fun k => f (unflat k)
  | scalar, _ => (add_zero _).symm
  | dim n s, f => by
      simp only [sumIndex, sumIndex_eq_sum]
      rw [sum_prod]
      exact sum_congr fun i => sum_congr fun k => congrArg f (by
        rw [← unflat_flat (s := dim n s) (i, unflat k)]
        exact congrArg unflat (Fin.ext (by simp only [flat, flat_unflat])))

/-- Flattening is an isometry. -/
theorem dot_eq_inner (a b : Tensor R s) : a.dot b = (toVecT a).inner (toVecT b) :=
  sumIndex_eq_sum fun i => a i * b i

/-- The adjoint of a reshape is the reshape back. -/
theorem Tensor.dot_reshape (h : s₁.size = s₂.size) (a : Tensor R s₁) (b : Tensor R s₂) :
    (a.reshape h).dot b = a.dot (b.reshape h.symm) := by
  simp only [dot_eq_inner, toVecT_reshape, Vec.castVec_inner]

end Proofs.Autograd
