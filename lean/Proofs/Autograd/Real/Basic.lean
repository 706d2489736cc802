module

public import Proofs.Autograd.Real.CauSeq

/-!
# The real numbers

`Real` is the type of Cauchy sequences of rationals up to equivalence. This file makes it a
commutative ring, a linear order and an ordered ring, by the classes of core; from here on `grind`
works on it. The names are Mathlib's, below `Proofs.Autograd`, so that both can be
imported at once.

Main definitions: `Real`, `Real.ofRat`. Main results: the instances; `Real.exists_mul_eq_one`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

noncomputable section

/-- The real numbers: Cauchy sequences of rationals, up to equivalence. -/
def Real : Type := Quotient Real.CauSeq.setoid

namespace Real

/-- The limit of a Cauchy sequence of rationals. -/
def mk (a : CauSeq) : Real := Quotient.mk _ a

/-- A rational as a real number. -/
def ofRat (q : Rat) : Real := mk (.const q)

theorem mk_eq {a b : CauSeq} : mk a = mk b ↔ a.le b ∧ b.le a :=
  ⟨Quotient.exact, Quotient.sound (s := CauSeq.setoid)⟩

theorem exists_mk (x : Real) : ∃ a, mk a = x := Quotient.exists_rep x

theorem ind {p : Real → Prop} (h : ∀ a, p (mk a)) (x : Real) : p x := Quotient.ind h x

/-! ### Operations and order -/

instance : Add Real where
  add := Quotient.lift₂ (fun a b => mk (a.add b)) fun a b a' b' ha hb => by
    have step {a a' : CauSeq} (h : a.le a') (b : CauSeq) : (b.add a).le (b.add a') := by
      intro ε hε
      obtain ⟨N, h⟩ := h ε hε
      exact ⟨N, fun n hn => by
        change b.seq n + a.seq n ≤ b.seq n + a'.seq n + ε
        rw [Rat.add_assoc]
        exact Rat.add_le_add_left.mpr (h n hn)⟩
    exact mk_eq.mpr ⟨CauSeq.le_trans (CauSeq.add_le_add_right ha.1 b) (step hb.1 a'),
      CauSeq.le_trans (CauSeq.add_le_add_right ha.2 b') (step hb.2 a)⟩

instance : Neg Real where
  neg :=
    Quotient.lift (fun a => mk a.neg) fun _ _ h =>
    mk_eq.mpr ⟨CauSeq.neg_le_neg h.2, CauSeq.neg_le_neg h.1⟩

instance : Sub Real where
  sub x y := x + -y

instance : Mul Real where
  mul := Quotient.lift₂ (fun a b => mk (a.mul b)) fun a b a' b' ha hb => by
    have comm (a b : CauSeq) : a.mul b ≈ b.mul a := CauSeq.equiv_of_eq fun n => Rat.mul_comm _ _
    have step {a a' : CauSeq} (h : a ≈ a') (b : CauSeq) : a.mul b ≈ a'.mul b :=
      ⟨CauSeq.mul_le_mul_of_equiv h b, CauSeq.mul_le_mul_of_equiv (Setoid.symm h) b⟩
    exact Quotient.sound
      (Setoid.trans (step ha b) (Setoid.trans (comm _ _) (Setoid.trans (step hb a') (comm _ _))))

instance : LE Real where
  le := Quotient.lift₂ CauSeq.le fun _ _ _ _ ha hb => propext
    ⟨fun h => CauSeq.le_trans ha.2 (CauSeq.le_trans h hb.1),
      fun h => CauSeq.le_trans ha.1 (CauSeq.le_trans h hb.2)⟩

instance : LT Real where
  lt x y := x ≤ y ∧ ¬y ≤ x

theorem mk_add (a b : CauSeq) : mk a + mk b = mk (a.add b) := rfl

theorem mk_neg (a : CauSeq) : -mk a = mk a.neg := rfl

theorem mk_mul (a b : CauSeq) : mk a * mk b = mk (a.mul b) := rfl

theorem mk_le {a b : CauSeq} : mk a ≤ mk b ↔ a.le b := Iff.rfl

theorem mk_lt {a b : CauSeq} :
    mk a < mk b ↔ ∃ c, 0 < c ∧ ∃ N, ∀ n, N ≤ n → a.seq n + c ≤ b.seq n := by
  constructor
  · exact fun h => CauSeq.exists_pos_add_le h.2
  · intro ⟨c, hc, h⟩
    have := CauSeq.not_le_of_exists hc h
    exact ⟨(CauSeq.le_total a b).resolve_right this, this⟩

/-! ### The commutative ring -/

/-- Numerals and natural numbers are rationals. -/
instance (n : Nat) : OfNat Real n where
  ofNat := ofRat n

instance : NatCast Real where
  natCast n := ofRat n

instance : IntCast Real where
  intCast i := ofRat i

/-- Powers by repeated multiplication. -/
instance : NatPow Real where
  pow x n := n.rec 1 fun _ y => y * x

theorem ofRat_add (p q : Rat) : ofRat (p + q) = ofRat p + ofRat q := rfl

theorem ofRat_mul (p q : Rat) : ofRat (p * q) = ofRat p * ofRat q := rfl

theorem ofRat_neg (q : Rat) : ofRat (-q) = -ofRat q := rfl

theorem mk_congr {a b : CauSeq} (h : ∀ n, a.seq n = b.seq n) : mk a = mk b :=
  Quotient.sound (CauSeq.equiv_of_eq h)

instance : CommRing Real where
  nsmul := ⟨fun n x => (n : Real) * x⟩
  zsmul := ⟨fun i x => (i : Real) * x⟩
  add_zero := ind fun a => mk_congr fun n => Rat.add_zero _
  add_comm := ind fun a => ind fun b => mk_congr fun n => Rat.add_comm _ _
  add_assoc := ind fun a => ind fun b => ind fun c => mk_congr fun n => Rat.add_assoc _ _ _
  mul_assoc := ind fun a => ind fun b => ind fun c => mk_congr fun n => Rat.mul_assoc _ _ _
  mul_comm := ind fun a => ind fun b => mk_congr fun n => Rat.mul_comm _ _
  mul_one := ind fun a => mk_congr fun n => Rat.mul_one _
  one_mul := ind fun a => mk_congr fun n => Rat.one_mul _
  left_distrib := ind fun a => ind fun b => ind fun c => mk_congr fun n => Rat.mul_add _ _ _
  right_distrib := ind fun a => ind fun b => ind fun c => mk_congr fun n => Rat.add_mul _ _ _
  zero_mul := ind fun a => mk_congr fun n => Rat.zero_mul _
  mul_zero := ind fun a => mk_congr fun n => Rat.mul_zero _
  pow_zero _ := rfl
  pow_succ _ _ := rfl
  ofNat_succ n := congrArg ofRat (Rat.natCast_add n 1)
  ofNat_eq_natCast _ := rfl
  nsmul_eq_natCast_mul _ _ := rfl
  neg_add_cancel := ind fun a => mk_congr fun n => Rat.neg_add_cancel _
  sub_eq_add_neg _ _ := rfl
  neg_zsmul i := ind fun a => mk_congr fun n => by
    simp only [CauSeq.mul, CauSeq.neg, CauSeq.const, Rat.intCast_neg, Rat.neg_mul]
  zsmul_natCast_eq_nsmul n x := rfl
  intCast_ofNat n := rfl
  intCast_neg i := congrArg ofRat (Rat.intCast_neg i)

/-! ### The ordered ring -/

instance : Std.IsLinearOrder Real where
  le_refl := ind fun a => CauSeq.le_refl a
  le_trans := ind fun _ => ind fun _ => ind fun _ => CauSeq.le_trans
  le_antisymm := ind fun _ => ind fun _ => fun h₁ h₂ => mk_eq.mpr ⟨h₁, h₂⟩
  le_total := ind fun a => ind fun b => CauSeq.le_total a b

instance : Std.LawfulOrderLT Real where
  lt_iff _ _ := Iff.rfl

instance : OrderedAdd Real where
  add_le_left_iff {x y} z := by
    have add (x y z : Real) (h : x ≤ y) : x + z ≤ y + z := by
      obtain ⟨a, rfl⟩ := exists_mk x
      obtain ⟨b, rfl⟩ := exists_mk y
      obtain ⟨c, rfl⟩ := exists_mk z
      exact CauSeq.add_le_add_right h c
    refine ⟨add x y z, fun h => ?_⟩
    have h := add _ _ (-z) h
    have e (x : Real) : x + z + -z = x := by grind
    rwa [e, e] at h

theorem ofRat_le {p q : Rat} : ofRat p ≤ ofRat q ↔ p ≤ q := by
  refine ⟨fun h => ?_, fun h => CauSeq.le_of_exists ⟨0, fun _ _ => h⟩⟩
  false_or_by_contra
  obtain ⟨N, h⟩ := h ((p - q) / 2) (by grind)
  have := h N (Nat.le_refl N)
  simp only [CauSeq.const] at this
  grind

theorem ofRat_lt {p q : Rat} : ofRat p < ofRat q ↔ p < q := by
  have h₁ : ofRat p < ofRat q ↔ ¬ofRat q ≤ ofRat p := by grind
  rw [h₁, ofRat_le]
  grind

theorem zero_lt_mk {a : CauSeq} : 0 < mk a ↔ ∃ c, 0 < c ∧ ∃ N, ∀ n, N ≤ n → c ≤ a.seq n := by
  have h (c : Rat) (n) : (CauSeq.const (0 : Nat)).seq n + c = c := Rat.zero_add c
  have := mk_lt (a := .const (0 : Nat)) (b := a)
  simpa only [h] using this

theorem mul_pos {x y : Real} (hx : 0 < x) (hy : 0 < y) : 0 < x * y := by
  obtain ⟨a, rfl⟩ := exists_mk x
  obtain ⟨b, rfl⟩ := exists_mk y
  obtain ⟨c, hc, N₁, ha⟩ := zero_lt_mk.mp hx
  obtain ⟨d, hd, N₂, hb⟩ := zero_lt_mk.mp hy
  refine zero_lt_mk.mpr ⟨c * d, Rat.mul_pos hc hd, N₁ + N₂, fun n hn => ?_⟩
  replace ha := ha n (by omega)
  replace hb := hb n (by omega)
  have h₁ := Rat.mul_nonneg (by grind : 0 ≤ a.seq n - c) (by grind : 0 ≤ b.seq n)
  have h₂ := Rat.mul_nonneg (by grind : 0 ≤ c) (by grind : 0 ≤ b.seq n - d)
  simp only [CauSeq.mul]
  grind

private theorem mul_lt_mul_left {x y z : Real} (h : x < y) (hz : 0 < z) : z * x < z * y := by
  have h₁ := mul_pos hz (by grind : 0 < y - x)
  have h₂ := (add_lt_left_iff (z * x)).mp h₁
  have e₁ : 0 + z * x = z * x := by grind
  have e₂ : z * (y - x) + z * x = z * y := by grind
  rwa [e₁, e₂] at h₂

instance : OrderedRing Real where
  zero_lt_one := by exact ofRat_lt.mpr (by decide : (0 : Rat) < 1)
  mul_lt_mul_of_pos_left h hz := by exact mul_lt_mul_left h hz
  mul_lt_mul_of_pos_right {x y z} h hz := by
    have := mul_lt_mul_left h hz
    rwa [mul_comm z, mul_comm z] at this

/-! What `grind` asks of a scalar at every call; said here, it is not searched for. -/

instance : IsCharP Real 0 := inferInstance
instance : Std.IsPreorder Real := inferInstance
instance : Std.IsPartialOrder Real := inferInstance
instance : Std.IsLinearPreorder Real := inferInstance
instance : OrderedAdd Real := inferInstance

/-! Steps that proofs take at every turn. -/

theorem neg_neg (x : Real) : - -x = x := by grind

theorem sub_nonneg_of_le {x y : Real} (h : x ≤ y) : 0 ≤ y - x := by grind

theorem sub_pos_of_lt {x y : Real} (h : x < y) : 0 < y - x := by grind

theorem sub_le_sub_left {x y : Real} (h : x ≤ y) (z : Real) : z - y ≤ z - x := by grind

theorem neg_nonneg_of_nonpos {x : Real} (h : x ≤ 0) : 0 ≤ -x := by grind

theorem neg_pos_of_neg {x : Real} (h : x < 0) : 0 < -x := by grind

/-! ### Inverses exist -/

theorem exists_mul_eq_one {x : Real} (hx : x ≠ 0) : ∃ y, x * y = 1 := by
  have pos (x : Real) (hx : 0 < x) : ∃ y, x * y = 1 := by
    obtain ⟨a, rfl⟩ := exists_mk x
    obtain ⟨c, hc, ha⟩ := zero_lt_mk.mp hx
    obtain ⟨b, hb⟩ := CauSeq.exists_inv hc ha
    exact ⟨mk b, mk_eq.mpr hb⟩
  rcases Std.le_total (a := 0) (b := x) with h | h
  · exact pos x (by grind)
  · obtain ⟨y, hy⟩ := pos (-x) (by grind)
    exact ⟨-y, by grind⟩

end Real

end

end Proofs.Autograd
