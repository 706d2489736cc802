module

public import Proofs.Autograd.Algebra.Vec

/-!
# Linear maps

The derivatives of the calculus: `IsLinear f` for functions from vectors to scalars, `CLM R n m` for
maps from `Vec R n` to `Vec R m`. In finite dimension every linear map is continuous, hence the
name, which is Mathlib's. Nothing here needs an order.

Main results: a linear function is the inner product with its values on the basis
(`IsLinear.eq_inner`), the inner product is non-degenerate (`Vec.inner_right_injective`), and a
linear map is determined by its entries (`CLM.ext_entry`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [ScalarOps R] {n m k : Nat}

/-! ### The basis -/

namespace Vec

noncomputable section

/-- The vector with 1 at `j` and zeros elsewhere. -/
def basis (j : Fin n) : Vec R n := fun i => if i = j then 1 else 0

end

theorem inner_comm (x y : Vec R n) : x.inner y = y.inner x :=
  sum_congr fun i => mul_comm (x i) (y i)

theorem add_inner (x y z : Vec R n) : (x + y).inner z = x.inner z + y.inner z :=
  (sum_congr fun _ => by simp only [add_apply]; grind).trans (sum_add _ _)

theorem smul_inner (c : R) (x y : Vec R n) : (c • x).inner y = c * x.inner y :=
  (sum_congr fun _ => by simp only [smul_apply]; grind).trans (mul_sum _ _).symm

theorem inner_basis (x : Vec R n) (j : Fin n) : x.inner (basis j) = x j := by
  rw [← sum_ite_eq j x]
  exact sum_congr fun i => by simp only [basis]; grind

theorem sum_mul_basis (x : Vec R n) (i : Fin n) : (sum fun j => x j * basis j i) = x i := by
  rw [← inner_basis x i]
  exact sum_congr fun j => by simp only [basis, eq_comm]

/-- A vector is determined by its inner products. -/
theorem inner_right_injective {y z : Vec R n}
    (h : ∀ x : Vec R n, x.inner y = x.inner z) : y = z := by
  funext j
  rw [← inner_basis y, ← inner_basis z, inner_comm y, inner_comm z, h]

end Vec

/-! ### Linear functions to the scalars -/

/-- `f` respects sums and scalar multiples. -/
structure IsLinear (f : Vec R n → R) : Prop where
  /-- Of sums. -/
  map_add : ∀ x y : Vec R n, f (x + y) = f x + f y
  /-- Of scalar multiples. -/
  map_smul : ∀ (c : R) (x : Vec R n), f (c • x) = c * f x

namespace IsLinear

variable {f g : Vec R n → R}

theorem zero : IsLinear fun _ : Vec R n => (0 : R) := ⟨fun _ _ => by grind, fun _ _ => by grind⟩

theorem coord (i : Fin n) : IsLinear fun x : Vec R n => x i := ⟨fun _ _ => rfl, fun _ _ => rfl⟩

theorem add (hf : IsLinear f) (hg : IsLinear g) : IsLinear fun x => f x + g x :=
  ⟨fun x y => by rw [hf.map_add, hg.map_add]; grind,
    fun c x => by rw [hf.map_smul, hg.map_smul]; grind⟩

theorem const_mul (hf : IsLinear f) (c : R) : IsLinear fun x => c * f x :=
  ⟨fun x y => by rw [hf.map_add]; grind, fun d x => by rw [hf.map_smul]; grind⟩

theorem neg (hf : IsLinear f) : IsLinear fun x => -f x :=
  ⟨fun x y => by rw [hf.map_add]; grind, fun c x => by rw [hf.map_smul]; grind⟩

theorem sub (hf : IsLinear f) (hg : IsLinear g) : IsLinear fun x => f x - g x :=
  ⟨fun x y => by rw [hf.map_add, hg.map_add]; grind,
    fun c x => by rw [hf.map_smul, hg.map_smul]; grind⟩

protected theorem sum {f : Fin k → Vec R n → R} (hf : ∀ i, IsLinear (f i)) :
    IsLinear fun x => sum fun i => f i x :=
  ⟨fun x y => by simp only [(hf _).map_add, sum_add],
    fun c x => by simp only [(hf _).map_smul, mul_sum]⟩

theorem map_zero (hf : IsLinear f) : f 0 = 0 := by
  have h := hf.map_smul 0 0
  have h₀ : (0 : R) • (0 : Vec R n) = 0 := funext fun _ => zero_mul _
  rw [h₀] at h
  grind

theorem map_sum (hf : IsLinear f) (v : Fin k → Vec R n) :
    f (fun i => sum fun j => v j i) = sum fun j => f (v j) := by
  induction k with
  | zero => exact hf.map_zero
  | succ k ih => simp only [sum, ← ih]; exact hf.map_add _ _

/-- A linear function is the inner product with its values on the basis. -/
theorem eq_inner (hf : IsLinear f) (x : Vec R n) : f x = x.inner fun j => f (Vec.basis j) := by
  have h := hf.map_sum fun j => x j • (Vec.basis j : Vec R n)
  simp only [Vec.smul_apply, Vec.sum_mul_basis] at h
  exact h.trans (sum_congr fun j => hf.map_smul _ _)

end IsLinear

/-! ### Linear maps -/

/-- A linear map from `Vec R n` to `Vec R m`. -/
structure CLM (R : Type) [ScalarOps R] (n m : Nat) where
  /-- The map itself. -/
  toFun : Vec R n → Vec R m
  /-- It respects sums. -/
  map_add : ∀ x y : Vec R n, toFun (x + y) = toFun x + toFun y
  /-- It respects scalar multiples. -/
  map_smul : ∀ (c : R) (x : Vec R n), toFun (c • x) = c • toFun x

namespace CLM

instance : CoeFun (CLM R n m) fun _ => Vec R n → Vec R m := ⟨toFun⟩

theorem ext {A B : CLM R n m} (h : ∀ x, A x = B x) : A = B := by
  cases A; cases B
  congr
  exact funext h

theorem isLinear (A : CLM R n m) (i : Fin m) : IsLinear fun x => A x i :=
  ⟨fun x y => congrFun (A.map_add x y) i, fun c x => congrFun (A.map_smul c x) i⟩

noncomputable section

/-- The linear map whose coordinates are given linear functions. -/
def pi (f : Vec R n → Vec R m) (hf : ∀ i, IsLinear fun x => f x i) : CLM R n m where
  toFun := f
  map_add x y := funext fun i => (hf i).map_add x y
  map_smul c x := funext fun i => (hf i).map_smul c x

/-- The map that changes nothing. -/
protected def id (R : Type) [ScalarOps R] (n : Nat) : CLM R n n where
  toFun x := x
  map_add _ _ := rfl
  map_smul _ _ := rfl

/-- First `A`, then `B`. -/
def comp (B : CLM R m k) (A : CLM R n m) : CLM R n k where
  toFun x := B (A x)
  map_add x y := by rw [A.map_add, B.map_add]
  map_smul c x := by rw [A.map_smul, B.map_smul]

/-- The map to zero, written `0`. -/
protected def zero : CLM R n m := pi (fun _ => 0) fun _ => .zero

instance instZero : Zero (CLM R n m) := ⟨.zero⟩

/-- The sum of two maps. -/
instance instAdd : Add (CLM R n m) :=
  ⟨fun A B => pi (fun x => A x + B x) fun i => (A.isLinear i).add (B.isLinear i)⟩

/-- A scalar multiple of a map. -/
instance instSMul : SMul R (CLM R n m) :=
  ⟨fun c A => pi (fun x => c • A x) fun i => (A.isLinear i).const_mul c⟩

/-- The coordinates of `A x` followed by those of `B x`. -/
def append (A : CLM R k n) (B : CLM R k m) : CLM R k (n + m) where
  toFun x := (A x).append (B x)
  map_add x y := by
    rw [A.map_add, B.map_add]
    exact funext fun i => by simp only [Vec.append, Vec.add_apply]; split <;> rfl
  map_smul c x := by
    rw [A.map_smul, B.map_smul]
    exact funext fun i => by simp only [Vec.append, Vec.smul_apply]; split <;> rfl

/-- The same coordinates under an equal dimension. -/
def castVec (R : Type) [ScalarOps R] (h : n = m) : CLM R n m :=
  pi (Vec.castVec h) fun i => .coord (i.cast h.symm)

/-- Multiplication of every coordinate by its own factor. -/
def diagonal (d : Vec R n) : CLM R n n :=
  pi (fun x i => d i * x i) fun i => (IsLinear.coord i).const_mul (d i)

/-- Multiplication by a matrix, given row by row. -/
def ofMatrix (A : Fin m → Fin n → R) : CLM R n m :=
  pi (fun x i => sum fun j => A i j * x j) fun i => .sum fun j =>
    (IsLinear.coord j).const_mul (A i j)

/-- The matrix entry in row `i` and column `j`. -/
def entry (A : CLM R n m) (i : Fin m) (j : Fin n) : R := A (Vec.basis j) i

end

theorem apply_eq_sum (A : CLM R n m) (x : Vec R n) (i : Fin m) :
    A x i = sum fun j => A.entry i j * x j := by
  rw [(A.isLinear i).eq_inner, Vec.inner_comm]
  rfl

/-- Equal matrices, equal maps. -/
theorem ext_entry {A B : CLM R n m} (h : ∀ i j, A.entry i j = B.entry i j) : A = B :=
  ext fun x => funext fun i => by simp only [apply_eq_sum, h]

theorem entry_ofMatrix (A : Fin m → Fin n → R) (i : Fin m) (j : Fin n) :
    (ofMatrix A).entry i j = A i j := by
  rw [← Vec.inner_basis (A i) j]
  rfl

end CLM

end Proofs.Autograd
