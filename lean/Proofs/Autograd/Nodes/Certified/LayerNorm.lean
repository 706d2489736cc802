module

public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Nodes.Certified.Reduce
public import Proofs.Autograd.Nodes.LayerNorm

/-!
# The certificate of layer normalisation

The closed forms of the JVP and the VJP of `Op.layerNorm` are the derivative and its adjoint
wherever the variance of every row, with `ε` added, is positive (`Op.layerNorm_fderivCorrectOn`);
for `ε > 0` that is everywhere (`LayerNorm.wholeNodeFDerivCorrect`).

The chain rule through centring, variance, square root, inverse and product gives another formula;
that it is the closed form rests on the mean of a centred row being 0.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [AnalyticScalar R] {N m n : Nat} {x : Vec R N}

attribute [local instance] natCast

/-! ### Means -/

theorem natCast_nonneg : (n : Nat) → 0 ≤ (n : R)
  | 0 => by rw [natCast_zero]; grind
  | n + 1 => by rw [natCast_succ]; have := natCast_nonneg n; grind

theorem natCast_pos (hn : 0 < n) : 0 < (n : R) := by
  cases n with
  | zero => omega
  | succ n => rw [natCast_succ]; have := natCast_nonneg (R := R) n; grind

theorem ne_of_pos {c : R} (hc : 0 < c) : c ≠ 0 := by grind

theorem sum_const (n : Nat) (c : R) : (sum fun _ : Fin n => c) = n * c := by
  induction n with
  | zero => rw [sum, natCast_zero]; grind
  | succ n ih => rw [sum, ih, natCast_succ]; grind

theorem natCast_inv_nonneg (n : Nat) : 0 ≤ (n : R)⁻¹ := by
  cases n with
  | zero => rw [natCast_zero]; grind
  | succ n => exact Std.le_of_lt (inv_pos (natCast_pos n.succ_pos))

namespace LayerNorm

noncomputable section

/-- The biased variance of every row, with `ε` added. -/
def varEps (ε : R) (a : Tensor R (mat m n)) : Tensor R (vec m) :=
  (((centered a).mul (centered a)).rowMean).map (· + ε)

end

/-- For `ε > 0` the certificate of layer normalisation has no condition. -/
theorem varEps_pos {ε : R} (hε : 0 < ε) (a : Tensor R (mat m n)) (i : (vec m).Index) :
    0 < varEps ε a i := by
  have h : 0 ≤ ((centered a).mul (centered a)).rowMean i :=
    mul_nonneg (natCast_inv_nonneg n)
      (sum_nonneg fun j => mul_self_nonneg (centered a (i.1, j, ())))
  simp only [varEps, Tensor.map]
  grind

private theorem rowMeans_add (u v : Tensor R (mat m n)) :
    rowMeans (u + v) = rowMeans u + rowMeans v :=
  funext fun i => by
    simp only [rowMeans, Tensor.broadcastRow, Tensor.rowMean_apply, Tensor.add_apply, sum_add]
    grind

private theorem rowMeans_sub (u v : Tensor R (mat m n)) :
    rowMeans (u.sub v) = (rowMeans u).sub (rowMeans v) :=
  funext fun i => by
    simp only [rowMeans, Tensor.broadcastRow, Tensor.rowMean_apply, Tensor.sub_apply, sum_sub]
    grind

private theorem rowMeans_rowMeans (v : Tensor R (mat m n)) : rowMeans (rowMeans v) = rowMeans v :=
  funext fun i => by
    have hn : 0 < (n : R) := natCast_pos i.2.1.pos
    change (n : R)⁻¹ * sum (fun _ : Fin n => v.rowMean (i.1, ())) = v.rowMean (i.1, ())
    rw [sum_const]
    grind

private theorem rowMeans_centered (a : Tensor R (mat m n)) : rowMeans (centered a) = 0 := by
  rw [centered, rowMeans_sub, rowMeans_rowMeans]
  exact funext fun i => sub_self _

private theorem rowMeans_centered_mul (a v : Tensor R (mat m n)) :
    rowMeans ((centered a).mul (centered v)) = rowMeans ((centered a).mul v) := by
  have h : (centered a).mul (rowMeans v) = (v.rowMean.broadcastRow n).mul (centered a) :=
    funext fun i => mul_comm _ _
  rw [centered.eq_def v, Tensor.mul_sub, rowMeans_sub, h, rowMeans_mul, rowMeans_centered]
  exact funext fun i => by simp; grind

/-- The closed form at one coordinate, from the formula of the chain rule. -/
private theorem normalizedDeriv_eq {ε : R} {a : Tensor R (mat m n)} (hpos : ∀ i, 0 < varEps ε a i)
    (v : Tensor R (mat m n))
    (i : (mat m n).Index) :
    normalizedDeriv (invStd ε a) (normalized ε a) v i =
      centered a i *
        (-(sqrt (varEps ε a (i.1, ())) ^ 2)⁻¹ * (1 / (2 * sqrt (varEps ε a (i.1, ()))) *
        (1 * rowMeans ((centered a).mul (centered v) + (centered a).mul (centered v)) i))) +
        invStd ε a (i.1, ()) * centered v i := by
  have hz : (normalized ε a).mul v = ((invStd ε a).broadcastRow n).mul ((centered a).mul v) :=
    funext fun i => by simp only [normalized, Tensor.mul_apply]; grind
  have hr : invStd ε a (i.1, ()) = (sqrt (varEps ε a (i.1, ())))⁻¹ := rfl
  have hs := sqrt_pos (hpos (i.1, ()))
  simp only [normalizedDeriv, rejection, hz, rowMeans_mul, rowMeans_add, rowMeans_centered_mul]
  simp [normalized, Tensor.broadcastRow, hr, centered]
  generalize sqrt (varEps ε a (i.1, ())) = s at *
  grind

end LayerNorm

namespace HasTensorDerivAt

variable {a a' : Vec R N → Tensor R (mat m n)}

theorem centered (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => LayerNorm.centered (a v)) (fun h => LayerNorm.centered (a' h)) x :=
  ha.sub ha.rowMean.broadcastRow

theorem normalized {ε : R} (ha : HasTensorDerivAt a a' x)
    (hpos : ∀ i, 0 < LayerNorm.varEps ε (a x) i) :
    HasTensorDerivAt (fun v => LayerNorm.normalized ε (a v))
      (fun h => LayerNorm.normalizedDeriv (LayerNorm.invStd ε (a x)) (LayerNorm.normalized ε (a x))
          (a' h)) x := by
  have hv :=
    (ha.centered.mul ha.centered).rowMean.map (f' := fun _ => 1) fun _ => hasDerivAt_add_const ε _
  have hs := hv.map (f' := fun y => 1 / (2 * sqrt y)) fun i => hasDerivAt_sqrt (hpos i)
  have hr :=
    hs.map (f' := fun y => -(y ^ 2)⁻¹) fun i => hasDerivAt_inv (ne_of_pos (sqrt_pos (hpos i)))
  exact fun i => ((ha.centered.mul hr.broadcastRow) i).congr (fun _ => rfl) fun h =>
    LayerNorm.normalizedDeriv_eq hpos (a' h) i

end HasTensorDerivAt

/-- Where the variance of every row, with `ε` added, is positive, the JVP of layer normalisation is
its derivative. -/
theorem Op.layerNorm_fderivCorrectOn (ε : R) :
    OpFDerivCorrectOn (Op.layerNorm m n ε) fun a => ∀ i, 0 < LayerNorm.varEps ε a.1 i :=
  fun _ _ _ _ ⟨ha, hγ, hβ, _⟩ hpos i =>
    ((((ha.normalized hpos).mul hγ.broadcastCol).add hβ.broadcastCol) i).congr
        (fun _ => rfl) fun _ => by
      simp only [Op.layerNorm, Tensor.add_apply]
      grind

noncomputable section

namespace LayerNorm

variable {Γ : List Shape}

/-- For `ε > 0` the certificate of `wholeNode` holds everywhere. -/
def wholeNodeFDerivCorrect (inputs : Inputs Γ m n) {ε : R} (hε : 0 < ε) :
    NodeFDerivCorrect (wholeNode inputs ε) :=
  .ofAt fun _ => .ofOp (Op.layerNorm_fderivCorrectOn ε) (varEps_pos hε _)

end LayerNorm

end

end Proofs.Autograd
