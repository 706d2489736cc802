module

public import Proofs.Autograd.Nodes.Certified.LayerNorm
public import Proofs.Autograd.Nodes.RmsNorm

/-!
# The certificate of root mean square normalisation

The closed forms of `Op.rmsNorm` are the derivative and its adjoint wherever the mean square of
every row, with `ε` added, is positive (`Op.rmsNorm_fderivCorrectOn`); for `ε > 0` that is
everywhere (`TapeNodes.rmsNormFderiv`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws LayerNorm

variable {R : Type} [AnalyticScalar R] {N m n : Nat} {x : Vec R N}

attribute [local instance] natCast

namespace RmsNorm

noncomputable section

/-- The mean square of every row, with `ε` added. -/
def meanSquareEps (ε : R) (a : Tensor R (mat m n)) : Tensor R (vec m) :=
  ((a.mul a).rowMean).map (· + ε)

end

/-- For `ε > 0` no mean square is a problem. -/
theorem meanSquareEps_pos {ε : R} (hε : 0 < ε) (a : Tensor R (mat m n)) (i : (vec m).Index) :
    0 < meanSquareEps ε a i := by
  have h : 0 ≤ (a.mul a).rowMean i :=
    mul_nonneg (natCast_inv_nonneg n) (sum_nonneg fun j => mul_self_nonneg (a (i.1, j, ())))
  simp only [meanSquareEps, Tensor.map]
  grind

/-- The closed form at one coordinate, from the formula of the chain rule. -/
private theorem normalizedDeriv_eq {ε : R} {a : Tensor R (mat m n)}
    (hpos : ∀ i, 0 < meanSquareEps ε a i) (v : Tensor R (mat m n)) (i : (mat m n).Index) :
    normalizedDeriv (invRms ε a) (normalized ε a) v i =
      a i * (-(sqrt (meanSquareEps ε a (i.1, ())) ^ 2)⁻¹ *
        (1 / (2 * sqrt (meanSquareEps ε a (i.1, ()))) *
          (1 * rowMeans (a.mul v + a.mul v) i))) + invRms ε a (i.1, ()) * v i := by
  have hz : (normalized ε a).mul v = ((invRms ε a).broadcastRow n).mul (a.mul v) :=
    funext fun i => by simp only [normalized, Tensor.mul_apply]; grind
  have ha : rowMeans (a.mul v + a.mul v) i = rowMeans (a.mul v) i + rowMeans (a.mul v) i := by
    simp only [rowMeans, Tensor.broadcastRow, Tensor.rowMean_apply, Tensor.add_apply, sum_add]
    grind
  have hr : invRms ε a (i.1, ()) = (sqrt (meanSquareEps ε a (i.1, ())))⁻¹ := rfl
  have hs := sqrt_pos (hpos (i.1, ()))
  simp only [normalizedDeriv, rejection, hz, rowMeans_mul, ha]
  simp [normalized, Tensor.broadcastRow, hr]
  generalize sqrt (meanSquareEps ε a (i.1, ())) = s at *
  grind

end RmsNorm

theorem HasTensorDerivAt.rmsNormalized {a a' : Vec R N → Tensor R (mat m n)} {ε : R}
    (ha : HasTensorDerivAt a a' x) (hpos : ∀ i, 0 < RmsNorm.meanSquareEps ε (a x) i) :
    HasTensorDerivAt (fun v => RmsNorm.normalized ε (a v))
      (fun h => RmsNorm.normalizedDeriv (RmsNorm.invRms ε (a x)) (RmsNorm.normalized ε (a x))
        (a' h)) x := by
  have hv := (ha.mul ha).rowMean.map (f' := fun _ => 1) fun _ => hasDerivAt_add_const ε _
  have hs := hv.map (f' := fun y => 1 / (2 * sqrt y)) fun i => hasDerivAt_sqrt (hpos i)
  have hr :=
    hs.map (f' := fun y => -(y ^ 2)⁻¹) fun i => hasDerivAt_inv (ne_of_pos (sqrt_pos (hpos i)))
  exact fun i => ((ha.mul hr.broadcastRow) i).congr (fun _ => rfl) fun h =>
    RmsNorm.normalizedDeriv_eq hpos (a' h) i

/-- Where the mean square of every row, with `ε` added, is positive, the JVP of root mean square
normalisation is its derivative. -/
theorem Op.rmsNorm_fderivCorrectOn (ε : R) :
    OpFDerivCorrectOn (Op.rmsNorm m n ε) fun a => ∀ i, 0 < RmsNorm.meanSquareEps ε a.1 i :=
  fun _ _ _ _ ⟨ha, hγ, _⟩ hpos i =>
    (((ha.rmsNormalized hpos).mul hγ.broadcastCol) i).congr (fun _ => rfl) fun _ => by
      simp only [Op.rmsNorm, Tensor.add_apply]
      grind

/-- The certificate of `rmsNorm` for `ε > 0`. -/
noncomputable def TapeNodes.rmsNormFderiv {Γ : List Shape} (a : Idx Γ (mat m n)) (γ : Idx Γ (vec n))
    {ε : R} (hε : 0 < ε) : NodeFDerivCorrect (rmsNorm a γ ε) :=
  .ofAt fun _ => .ofOp (Op.rmsNorm_fderivCorrectOn ε) (RmsNorm.meanSquareEps_pos hε _)

end Proofs.Autograd
