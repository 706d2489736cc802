module

public import Proofs.Autograd.Calculus.FDeriv

/-!
# Rules for derivatives: linear operations

A linear function is its own derivative; derivatives of constants, sums, differences and scalar
multiples follow by the chain rule. `HasDifferentialAt` rules are for one coordinate of an op,
`HasFDerivAt` rules for whole maps.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd

variable {R : Type} [AnalyticScalar R] {n m k : Nat} {x : Vec R n}

/-! ### Coordinates -/

/-- A linear function is its own derivative. -/
theorem IsLinear.hasDifferentialAt {f : Vec R n → R} (hf : IsLinear f) :
    HasDifferentialAt f f x where
  isLinear := hf
  approx ε hε := ⟨1, by grind, fun b hb _ h _ => by
    have : f (x + h) - f x - f h = 0 := by rw [hf.map_add]; grind
    rw [this]
    exact .zero (mul_nonneg (Std.le_of_lt hε) hb)⟩

namespace HasDifferentialAt

variable {f f' g g' : Vec R n → R}

theorem coord (i : Fin n) : HasDifferentialAt (fun y => y i) (fun h => h i) x :=
  (IsLinear.coord i).hasDifferentialAt

theorem const (c : R) : HasDifferentialAt (fun _ => c) (fun _ => 0) x where
  isLinear := .zero
  approx ε hε := ⟨1, by grind, fun b hb _ h _ => by
    have : c - c - 0 = 0 := by grind
    rw [this]
    exact .zero (mul_nonneg (Std.le_of_lt hε) hb)⟩

protected theorem sum {f f' : Fin k → Vec R n → R} (hf : ∀ i, HasDifferentialAt (f i) (f' i) x) :
    HasDifferentialAt (fun y => sum fun i => f i y) (fun h => sum fun i => f' i h) x :=
  ((IsLinear.sum .coord).hasDifferentialAt (x := fun i => f i x)).comp
    (.pi (f := fun y i => f i y) hf)

theorem const_mul (hf : HasDifferentialAt f f' x) (c : R) :
    HasDifferentialAt (fun y => c * f y) (fun h => c * f' h) x :=
  (((IsLinear.coord 0).const_mul c).hasDifferentialAt (x := fun _ : Fin 1 => f x)).comp
    (.pi fun _ => hf)

theorem add (hf : HasDifferentialAt f f' x) (hg : HasDifferentialAt g g' x) :
    HasDifferentialAt (fun y => f y + g y) (fun h => f' h + g' h) x where
  isLinear := hf.isLinear.add hg.isLinear
  approx ε hε := by
    obtain ⟨δ₁, hδ₁, hf⟩ := hf.approx (ε / 2) (by grind)
    obtain ⟨δ₂, hδ₂, hg⟩ := hg.approx (ε / 2) (by grind)
    obtain ⟨δ, hδ, hδδ₁, hδδ₂⟩ := exists_pos_le_le hδ₁ hδ₂
    refine ⟨δ, hδ, fun b hb hbδ h hh => ?_⟩
    have e := (hf b hb (Std.le_trans hbδ hδδ₁) h hh).add (hg b hb (Std.le_trans hbδ hδδ₂) h hh)
    have h₁ : f (x + h) + g (x + h) - (f x + g x) - (f' h + g' h) =
      f (x + h) - f x - f' h + (g (x + h) - g x - g' h) := by grind
    rw [h₁]
    exact e.mono (by grind)

theorem neg (hf : HasDifferentialAt f f' x) :
    HasDifferentialAt (fun y => -f y) (fun h => -f' h) x :=
  (hf.const_mul (-1)).congr (fun _ => by grind) fun _ => by grind

theorem sub (hf : HasDifferentialAt f f' x) (hg : HasDifferentialAt g g' x) :
    HasDifferentialAt (fun y => f y - g y) (fun h => f' h - g' h) x :=
  (hf.add hg.neg).congr (fun _ => by grind) fun _ => by grind

theorem add_const (hf : HasDifferentialAt f f' x) (c : R) :
    HasDifferentialAt (fun y => f y + c) f' x :=
  (hf.add (const c)).congr (fun _ => rfl) fun _ => by grind

end HasDifferentialAt

/-! ### Maps -/

/-- A linear map is its own derivative. -/
theorem CLM.hasFDerivAt (A : CLM R n m) : HasFDerivAt A A x :=
  hasFDerivAt_pi.mpr fun i => (A.isLinear i).hasDifferentialAt

theorem hasFDerivAt_id : HasFDerivAt (fun y : Vec R n => y) (CLM.id R n) x :=
  (CLM.id R n).hasFDerivAt

theorem hasFDerivAt_const (c : Vec R m) : HasFDerivAt (fun _ => c) 0 x :=
  hasFDerivAt_pi.mpr fun i => .const (c i)

namespace HasFDerivAt

variable {f g : Vec R n → Vec R m} {f' g' : CLM R n m}

theorem congr (hf : HasFDerivAt f f' x) (h : ∀ y, g y = f y) (h' : ∀ v, g' v = f' v) :
    HasFDerivAt g g' x :=
  (funext h : g = f) ▸ CLM.ext h' ▸ hf

theorem add (hf : HasFDerivAt f f' x) (hg : HasFDerivAt g g' x) :
    HasFDerivAt (fun y => f y + g y) (f' + g') x :=
  hasFDerivAt_pi.mpr fun i => (hasFDerivAt_pi.mp hf i).add (hasFDerivAt_pi.mp hg i)

theorem add_const (hf : HasFDerivAt f f' x) (c : Vec R m) :
    HasFDerivAt (fun y => f y + c) f' x :=
  hasFDerivAt_pi.mpr fun i => (hasFDerivAt_pi.mp hf i).add_const (c i)

theorem const_smul (hf : HasFDerivAt f f' x) (c : R) :
    HasFDerivAt (fun y => c • f y) (c • f') x :=
  hasFDerivAt_pi.mpr fun i => (hasFDerivAt_pi.mp hf i).const_mul c

/-- The derivative of a pair of maps is the pair of the derivatives. -/
theorem append {g : Vec R n → Vec R k} {g' : CLM R n k} (hf : HasFDerivAt f f' x)
    (hg : HasFDerivAt g g' x) :
    HasFDerivAt (fun y => (f y).append (g y)) (f'.append g') x :=
  hasFDerivAt_pi.mpr fun i => by
    by_cases h : i < m
    · exact (hasFDerivAt_pi.mp hf ⟨i, h⟩).congr (fun _ => dif_pos h) fun _ => dif_pos h
    · exact (hasFDerivAt_pi.mp hg ⟨i - m, by omega⟩).congr (fun _ => dif_neg h) fun _ => dif_neg h

theorem castVec (hf : HasFDerivAt f f' x) (h : m = k) :
    HasFDerivAt (fun y => (f y).castVec h) ((CLM.castVec R h).comp f') x :=
  ((CLM.castVec R h).hasFDerivAt).comp hf

end HasFDerivAt

end Proofs.Autograd
