module

public import Proofs.Autograd.Calculus.Adjoint
public import Proofs.Autograd.Calculus.Deriv

/-!
# The definitions mean what they should

Theorems against vacuity. Were `HasFDerivAt` true of everything, `not_differentiableAt_absVec` would
fail; were it true of nothing, or `fderiv` always zero, `fderiv_id` and `fderiv_productAndSquare`
would; were `adjoint` not the transpose, `adjoint_ofMatrix` would.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Sanity

variable {R : Type} {n m : Nat}

/-- The adjoint of a matrix is its transpose. -/
theorem adjoint_ofMatrix [ScalarOps R] (A : Fin m → Fin n → R) :
    (CLM.ofMatrix A).adjoint = CLM.ofMatrix fun j i => A i j :=
  CLM.ext_entry fun j i => by simp only [CLM.entry_adjoint, CLM.entry_ofMatrix]

variable [AnalyticScalar R]

/-- The derivative of a linear map is that map. -/
theorem fderiv_clm (A : CLM R n m) (x : Vec R n) : fderiv R A x = A := A.hasFDerivAt.fderiv

/-- The derivative of the identity is the identity. -/
theorem fderiv_id (x : Vec R n) : fderiv R (fun y => y) x = CLM.id R n := hasFDerivAt_id.fderiv

/-- Zero is not the derivative of the identity of a line. -/
theorem not_hasFDerivAt_id_zero (x : Vec R 1) : ¬HasFDerivAt (fun y => y) 0 x := by
  intro H
  have h : (1 : R) = 0 := congrArg (fun A : CLM R 1 1 => A (fun _ => 1) 0) (hasFDerivAt_id.unique H)
  grind

noncomputable section

/-- The map `(x, y) ↦ (x * y, x * x)`. -/
def productAndSquare (v : Vec R 2) : Vec R 2 := fun i => if i = 0 then v 0 * v 1 else v 0 * v 0

/-- The absolute value of a single coordinate. -/
def absVec (v : Vec R 1) : Vec R 1 :=
  open Classical in fun i => if 0 ≤ v i then v i else -v i

end

/-- A small derivative, computed: at `(2, 3)` the Jacobian of `(x, y) ↦ (x * y, x * x)` has the rows
`(3, 2)` and `(4, 0)`. -/
theorem fderiv_productAndSquare :
    fderiv R productAndSquare (fun i => if i = 0 then 2 else 3) =
      CLM.ofMatrix fun i j =>
        if i = 0 then (if j = 0 then 3 else 2) else (if j = 0 then 4 else 0) := by
  refine (hasFDerivAt_pi.mpr fun i => ?_).fderiv
  have coord := HasDifferentialAt.coord (x := fun i : Fin 2 => if i = 0 then (2 : R) else 3)
  match i with
  | 0 =>
    exact ((coord 0).mul (coord 1)).congr (fun _ => rfl) fun h => by
      simp only [CLM.ofMatrix, CLM.pi, sum]; grind
  | 1 =>
    exact ((coord 0).mul (coord 0)).congr (fun _ => rfl) fun h => by
      simp only [CLM.ofMatrix, CLM.pi, sum]; grind

/-- The absolute value has no derivative at 0. -/
theorem not_differentiableAt_absVec : ¬DifferentiableAt (absVec (R := R)) 0 := by
  intro ⟨f', H⟩
  obtain ⟨δ, hδ, H⟩ := H (1 / 2) (by grind)
  have bounded : AbsLE δ δ := .self (Std.le_of_lt hδ)
  have right := (H δ (Std.le_of_lt hδ) (Std.le_refl _) (fun _ => δ) (fun _ => bounded) 0).2
  have left := (H δ (Std.le_of_lt hδ) (Std.le_refl _) (fun _ => -δ) (fun _ => bounded.neg) 0).2
  have odd : f' (fun _ => -δ) 0 = -1 * f' (fun _ => δ) 0 := by
    rw [← (f'.isLinear 0).map_smul]
    exact congrArg (fun v => f' v 0) (funext fun _ => by simp only [Vec.smul_apply]; grind)
  clear H
  simp only [absVec, Vec.add_apply, Vec.zero_apply, odd] at left right
  grind

/-- At 0, `fderiv` of the absolute value is the conventional zero. -/
theorem fderiv_absVec : fderiv R absVec 0 = 0 :=
  fderiv_zero_of_not_differentiableAt not_differentiableAt_absVec

end Proofs.Autograd.Sanity
