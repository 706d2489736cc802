module

public import Proofs.Autograd.Calculus.LinearMap

/-!
# The adjoint

The adjoint of a linear map is the one that moves it to the other side of the inner product. It
exists, being the transposed matrix, and is unique (`CLM.eq_adjoint_iff`). A map that has an adjoint
is linear (`CLM.ofAdjoint`). Nothing here needs an order.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

variable {R : Type} [ScalarOps R] {n m k : Nat}

namespace CLM

noncomputable section

/-- The adjoint, multiplication by the transposed matrix. -/
def adjoint (A : CLM R n m) : CLM R m n := ofMatrix fun j i => A.entry i j

end

/-- The adjoint of a matrix is its transpose. -/
theorem entry_adjoint (A : CLM R n m) (i : Fin m) (j : Fin n) : A.adjoint.entry j i = A.entry i j :=
  entry_ofMatrix _ _ _

/-- The adjoint moves a map to the other side of the inner product. -/
theorem adjoint_inner_right (A : CLM R n m) (x : Vec R n) (y : Vec R m) :
    x.inner (A.adjoint y) = (A x).inner y := by
  have h₁ : x.inner (A.adjoint y) = sum fun j => sum fun i => A.entry i j * x j * y i :=
    sum_congr fun j => (mul_sum _ _).trans (sum_congr fun i => by grind)
  have h₂ : (A x).inner y = sum fun i => sum fun j => A.entry i j * x j * y i :=
    sum_congr fun i => by rw [apply_eq_sum, sum_mul]
  rw [h₁, h₂, sum_comm]

theorem adjoint_inner_left (A : CLM R n m) (x : Vec R n) (y : Vec R m) :
    (A.adjoint y).inner x = y.inner (A x) := by
  rw [Vec.inner_comm, adjoint_inner_right, Vec.inner_comm]

/-- The adjoint is the only map with its property. -/
theorem eq_adjoint_iff (A : CLM R m n) (B : CLM R n m) :
    A = B.adjoint ↔ ∀ (y : Vec R m) (x : Vec R n), (A y).inner x = y.inner (B x) := by
  refine ⟨fun h y x => h ▸ B.adjoint_inner_left x y, fun h => ext fun y => Vec.inner_right_injective
    fun x => ?_⟩
  rw [Vec.inner_comm, h, adjoint_inner_right, Vec.inner_comm]

/-- A vector with the property of `A.adjoint y` is that vector. -/
theorem eq_adjoint_apply {A : CLM R n m} {y : Vec R m} {z : Vec R n}
    (h : ∀ x : Vec R n, (A x).inner y = x.inner z) :
    z = A.adjoint y :=
  Vec.inner_right_injective fun x => by rw [← h, adjoint_inner_right]

/-- The adjoint of the adjoint is the map. -/
theorem adjoint_adjoint (A : CLM R n m) : A.adjoint.adjoint = A :=
  ((eq_adjoint_iff A A.adjoint).mpr fun x y => (A.adjoint_inner_right x y).symm).symm

theorem adjoint_id : (CLM.id R n).adjoint = CLM.id R n :=
  ((eq_adjoint_iff _ _).mpr fun _ _ => rfl).symm

theorem adjoint_comp (B : CLM R m k) (A : CLM R n m) :
    (B.comp A).adjoint = A.adjoint.comp B.adjoint :=
  ((eq_adjoint_iff _ _).mpr fun y x =>
    (A.adjoint_inner_left x (B.adjoint y)).trans (B.adjoint_inner_left (A x) y)).symm

/-- A map that has an adjoint is linear. -/
noncomputable def ofAdjoint (f : Vec R n → Vec R m) (g : Vec R m → Vec R n)
    (h : ∀ x y, (f x).inner y = x.inner (g y)) : CLM R n m where
  toFun := f
  map_add x y := Vec.inner_right_injective fun z => by
    rw [Vec.inner_comm, h, Vec.add_inner, ← h, ← h, ← Vec.add_inner, Vec.inner_comm]
  map_smul c x := Vec.inner_right_injective fun z => by
    rw [Vec.inner_comm, h, Vec.smul_inner, ← h, ← Vec.smul_inner, Vec.inner_comm]

end CLM

end Proofs.Autograd
