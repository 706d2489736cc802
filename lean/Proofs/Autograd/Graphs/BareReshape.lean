module

public import Proofs.Autograd.Algebra.Analytic
public import Proofs.Autograd.Graphs.Faithful

/-!
# The bare reshape is not a head split

`mhaBareReshapeGraph` splits heads by a bare row-major reshape. With a single head or a single token
nothing is mixed and its output is the textbook formula all the same; at every other size there are
inputs at which it is not. The inputs are chosen such that all scores are 0. Then every head
averages its values uniformly, and the output shows which tokens it averages.

Main results: `Tensor.reshape_eq_splitHeads_iff` for the split alone;
`mhaBareReshapeGraph_ne_textbook` and `mhaBareReshapeGraph_eq_textbook_iff` for the graph;
`mhaBareReshapeGraph_example`, a counterexample in numbers, over the field with three elements.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

/-- A sum with a single term that is not 0. -/
theorem sum_eq_single {R : Type} [ScalarOps R] {n : Nat} {f : Fin n → R} (a : Fin n)
    (h : ∀ i, i ≠ a → f i = 0) :
    sum f = f a :=
  (sum_congr fun i => show f i = if i = a then f i else 0 by
    split
    · rfl
    · exact h i ‹_›).trans (sum_ite_eq a f)

/-! ### The two ways to make heads of columns -/

namespace Tensor

variable {R : Type} {n H D : Nat}

/-- Merging undoes splitting. -/
theorem mergeHeads_splitHeads (x : Tensor R (mat n (H * D))) : x.splitHeads.mergeHeads = x :=
  funext fun i => congrArg (fun j => x (i.1, j, ())) (Fin.ext (Nat.div_add_mod' i.2.1 D))

/-- Splitting undoes merging. -/
theorem splitHeads_mergeHeads (y : Tensor R (cube H n D)) : y.mergeHeads.splitHeads = y :=
  funext fun i => by
    have hk := i.2.2.1.isLt
    have quot : (i.1 * D + i.2.2.1 : Nat) / D = i.1 := by
      rw [Nat.mul_comm, Nat.mul_add_div (by omega), Nat.div_eq_of_lt hk, Nat.add_zero]
    have rem : (i.1 * D + i.2.2.1 : Nat) % D = i.2.2.1 := by
      rw [Nat.mul_add_mod_self_right, Nat.mod_eq_of_lt hk]
    simp only [splitHeads, mergeHeads, quot, rem]
    rfl

/-- With a single head or a single token the bare reshape splits heads as it should. -/
theorem reshape_eq_splitHeads (h : (mat n (H * D)).size = (cube H n D).size) (hnH : n ≤ 1 ∨ H ≤ 1)
    (x : Tensor R (mat n (H * D))) : x.reshape h = x.splitHeads :=
  funext fun i => reshape_apply h x (i.2.1, ⟨i.1 * D + i.2.2.1, mul_add_lt i.1 i.2.2.1⟩, ()) (by
    obtain ⟨⟨g, hg⟩, ⟨t, ht⟩, k, u⟩ := i
    simp only [flat, size, Nat.mul_one, Nat.add_zero]
    rcases hnH with hn | hH
    · obtain rfl : n = 1 := by omega
      obtain rfl : t = 0 := by omega
      simp
    · obtain rfl : H = 1 := by omega
      obtain rfl : g = 0 := by omega
      simp)

variable [ScalarOps R]

/-- The matrix with 1 at row-major position `p` and zeros elsewhere. -/
noncomputable def unit {s : Shape} (p : Nat) : Tensor R s :=
  fun i => if (flat i).val = p then 1 else 0

/-- A bare reshape keeps the row-major position of a 1. -/
theorem reshape_unit {s₁ s₂ : Shape} (h : s₁.size = s₂.size) (p : Nat) :
    (unit p : Tensor R s₁).reshape h = unit p :=
  funext fun i => by simp only [reshape, unit, flat_unflat, Fin.val_cast]

/-- The bare reshape splits heads as it should at no other size. -/
theorem reshape_eq_splitHeads_iff (h : (mat n (H * D)).size = (cube H n D).size)
    (h01 : (0 : R) ≠ 1) :
    (∀ x : Tensor R (mat n (H * D)), x.reshape h = x.splitHeads) ↔ n ≤ 1 ∨ H ≤ 1 ∨ D = 0 := by
  constructor
  · intro hall
    false_or_by_contra
    have hnD : n * D ≠ D := fun e => by
      have := Nat.mul_le_mul_right D (by omega : 2 ≤ n)
      omega
    have hx := (reshape_unit h D).symm.trans (hall (unit D))
    have hx := congrFun hx (⟨1, by omega⟩, ⟨0, by omega⟩, ⟨0, by omega⟩, ())
    simp only [unit, splitHeads, flat, size, Nat.mul_one, Nat.add_zero, Nat.one_mul, Nat.zero_mul,
      Nat.zero_add, hnD, if_true, if_false] at hx
    exact h01 hx
  · rintro (hn | hH | rfl) x
    · exact reshape_eq_splitHeads h (.inl hn) x
    · exact reshape_eq_splitHeads h (.inr hH) x
    · exact funext fun i => i.2.2.1.elim0

end Tensor

namespace MultiHeadAttention

/-! ### Where the graph with the bare reshape is right -/

section

variable {R : Type} [ScalarOps R] {n dModel numHeads headDim : Nat}

/-- With a single token or a single head, the bare reshape does no harm. -/
theorem mhaBareReshapeGraph_output_eq_textbook (h : n ≤ 1 ∨ numHeads ≤ 1) (c : R)
    (x : Tensor R (XShape n dModel))
    (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
    (Wo : Tensor R (WoShape dModel numHeads headDim)) :
    getIdx ((mhaBareReshapeGraph c).eval (x, Wq, Wk, Wv, Wo, ())) (.pos 18 rfl) =
        textbookAttention c x Wq Wk Wv Wo := by
  refine (mhaGraphWith_output
    (.reshape _ _ (size_big_to_heads n numHeads headDim)) c x Wq Wk Wv Wo).trans ?_
  simp only [Op.reshape, Tensor.reshape_eq_splitHeads _ h]
  rfl

/-! ### Where it is wrong -/

/-- The weight that a query orthogonal to all `n` keys gives to each of them. -/
noncomputable def uniformWeight (R : Type) [ScalarOps R] (n : Nat) : R :=
  ScalarOps.exp 0 / sum fun _ : Fin n => ScalarOps.exp (0 : R)

/-- A query averages the values uniformly if all keys are 0. -/
theorem attend_of_key_eq_zero (c : R) (query : Fin headDim → R) {key : Fin n → Fin headDim → R}
    (value : Fin n → R)
    (h : ∀ t k, key t k = 0) : attend c query key value = uniformWeight R n * sum value := by
  simp only [attend, attentionWeight, h, mul_zero, sum_zero]
  exact (mul_sum ..).symm

private theorem unit_apply {m k p : Nat} (hp : p < k) (i : Fin m) (j : Fin k) :
    (Tensor.unit p : Tensor R (mat m k)) (i, j, ()) = if i.val = 0 ∧ j.val = p then 1 else 0 := by
  have hj := j.isLt
  have : i.val * k + j.val = p ↔ i.val = 0 ∧ j.val = p := by
    constructor
    · intro e
      have hi : i.val = 0 := Nat.eq_zero_of_not_pos fun h => by
        have := Nat.le_mul_of_pos_left k h
        omega
      exact ⟨hi, by rw [hi] at e; omega⟩
    · rintro ⟨hi, hj⟩
      rw [hi, hj, Nat.zero_mul, Nat.zero_add]
  simp only [Tensor.unit, flat, size, Nat.mul_one, Nat.add_zero, this]

/-- The rule `E₀₀ · E₀ₚ = E₀ₚ` of matrix units. -/
private theorem mulMat_unit {m k q p : Nat} (hk : 0 < k) (hp : p < q) :
    (Tensor.unit 0 : Tensor R (mat m k)).mulMat (Tensor.unit p : Tensor R (mat k q)) =
        Tensor.unit p :=
  funext fun i => (sum_eq_single ⟨0, hk⟩ fun j hj => by
    have : j.val ≠ 0 := fun e => hj (Fin.ext e)
    simp only [unit_apply hk, unit_apply hp, this, false_and, and_false, if_false,
        zero_mul]).trans (by
    rw [unit_apply hk, unit_apply hp, show i = (i.1, i.2.1, ()) from rfl, unit_apply hp]
    split <;> grind)

private theorem mulMat_zero {m k q : Nat} (a : Tensor R (mat m k)) :
    a.mulMat ((0 : Tensor R (mat k q))) = 0 :=
  funext fun _ => (sum_congr fun _ => mul_zero _).trans (sum_zero k)

/-- The output projection `unit 0` reads the first column of the first head. -/
private theorem sum_mul_unit (hd : 0 < dModel) (hH : 0 < numHeads) (hD : 0 < headDim)
    (f : Fin numHeads → Fin headDim → R) :
    (sum fun h => sum fun k => f h k *
        (Tensor.unit 0 : Tensor R (WoShape dModel numHeads headDim))
          (⟨h * headDim + k, mul_add_lt h k⟩, ⟨0, hd⟩, ())) =
      f ⟨0, hH⟩ ⟨0, hD⟩ := by
  refine (sum_eq_single ⟨0, hH⟩ fun h hh => ?_).trans
    ((sum_eq_single ⟨0, hD⟩ fun k hk => ?_).trans ?_)
  · have : 0 < h.val * headDim := Nat.mul_pos (Nat.pos_of_ne_zero fun e => hh (Fin.ext e)) hD
    refine (sum_congr fun k => ?_).trans (sum_zero _)
    rw [unit_apply hd, if_neg (by simp only; omega), mul_zero]
  · have : k.val ≠ 0 := fun e => hk (Fin.ext e)
    rw [unit_apply hd, if_neg (by simp only; omega), mul_zero]
  · rw [unit_apply hd, if_pos (by simp), mul_one]

variable (hn : 2 ≤ n) (hd : 0 < dModel) (hH : 2 ≤ numHeads) (hD : 0 < headDim)

include hH hD

private theorem lt_columns : headDim < numHeads * headDim := by
  have := Nat.mul_le_mul_right headDim hH
  omega

include hn

/-- At these inputs the textbook formula is 0 in the first feature of the first token. -/
private theorem textbookAttention_unit (c : R) (Wq : Tensor R (WqShape dModel numHeads headDim)) :
    textbookAttention c (.unit 0 : Tensor R (XShape n dModel)) Wq 0
      (.unit headDim) (.unit 0)
      (⟨0, by omega⟩, ⟨0, hd⟩, ()) = 0 := by
  have hlt := lt_columns hH hD
  have value (t : Fin n) : headProjection (.unit 0 : Tensor R (XShape n dModel)) (.unit headDim)
      (⟨0, by omega⟩ : Fin numHeads) t ⟨0, hD⟩ = 0 := by
    rw [headProjection_eq_mulMat, mulMat_unit hd hlt, unit_apply hlt, if_neg (by simp only; omega)]
  refine (sum_mul_unit hd (by omega) hD _).trans ?_
  rw [textbookHead, attend_of_key_eq_zero]
  · simp only [value, sum_zero, mul_zero]
  · exact fun t k => by rw [headProjection_eq_mulMat, mulMat_zero]; rfl

/-- There the graph with the bare reshape has the value of one uniform weight. -/
private theorem mhaBareReshapeGraph_unit (c : R) (Wq : Tensor R (WqShape dModel numHeads headDim)) :
    getIdx ((mhaBareReshapeGraph c).eval
      ((.unit 0 : Tensor R (XShape n dModel)), Wq, 0, .unit headDim, .unit 0, ()))
      (.pos 18 rfl : Idx _ (XShape n dModel)) (⟨0, by omega⟩, ⟨0, hd⟩, ()) = uniformWeight R n := by
  refine (congrFun
    (mhaGraphWith_output (.reshape _ _ (size_big_to_heads n numHeads headDim)) c _ Wq _ _ _)
    _).trans
    ((sum_mul_unit hd (by omega) hD _).trans ?_)
  rw [attend_of_key_eq_zero]
  · simp only [Op.reshape, mulMat_unit hd (lt_columns hH hD), Tensor.reshape_unit]
    rw [sum_eq_single ⟨1, by omega⟩]
    · simp [Tensor.unit, flat, size, mul_one]
    · intro t ht
      rw [Tensor.unit, if_neg]
      simp only [flat, size, Nat.zero_mul, Nat.zero_add, Nat.mul_one, Nat.add_zero]
      exact fun e => ht (Fin.ext (Nat.eq_of_mul_eq_mul_right hD (e.trans (Nat.one_mul _).symm)))
  · exact fun t k => by simp only [Op.reshape, mulMat_zero]; rfl

end

section

variable {R : Type} [AnalyticScalar R] {n dModel numHeads headDim : Nat}

/-- With two tokens and two heads or more, the graph with the bare reshape is not multi-head
attention, at any scale. -/
theorem mhaBareReshapeGraph_ne_textbook (hn : 2 ≤ n) (hd : 0 < dModel) (hH : 2 ≤ numHeads)
    (hD : 0 < headDim) (c : R) :
    ∃ (x : Tensor R (XShape n dModel)) (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
      (Wo : Tensor R (WoShape dModel numHeads headDim)),
      getIdx ((mhaBareReshapeGraph c).eval (x, Wq, Wk, Wv, Wo, ())) (.pos 18 rfl) ≠
          textbookAttention c x Wq Wk Wv Wo := by
  refine ⟨.unit 0, 0, 0, .unit headDim, .unit 0, fun e => ?_⟩
  have h : uniformWeight R n = 0 := (mhaBareReshapeGraph_unit hn hd hH hD c 0).symm.trans
    ((congrFun e _).trans (textbookAttention_unit hn hd hH hD c _))
  have := mul_pos (exp_pos (0 : R))
    (inv_pos (sum_pos (by omega : 0 < n) fun _ : Fin n => exp_pos (0 : R)))
  simp only [uniformWeight] at h
  grind

/-- The graph with the bare reshape is multi-head attention for a single token or a single head, and
at no other size. -/
theorem mhaBareReshapeGraph_eq_textbook_iff (hd : 0 < dModel) (hD : 0 < headDim) (c : R) :
    (∀ (x : Tensor R (XShape n dModel)) (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
        (Wo : Tensor R (WoShape dModel numHeads headDim)),
      getIdx ((mhaBareReshapeGraph c).eval (x, Wq, Wk, Wv, Wo, ())) (.pos 18 rfl) =
        textbookAttention c x Wq Wk Wv Wo) ↔
    n ≤ 1 ∨ numHeads ≤ 1 := by
  refine ⟨fun hall => ?_, fun h => mhaBareReshapeGraph_output_eq_textbook h c⟩
  false_or_by_contra
  have hn : 2 ≤ n := by omega
  have hH : 2 ≤ numHeads := by omega
  have ⟨x, Wq, Wk, Wv, Wo, hne⟩ := mhaBareReshapeGraph_ne_textbook hn hd hH hD c
  exact hne (hall x Wq Wk Wv Wo)

end

/-- The field with three elements, where every number is its own inverse and 2 is one half. The
constant 1 stands in for `exp`: it turns sums into products. -/
@[reducible] noncomputable def scalarOpsFinThree : ScalarOps (Fin 3) where
  inv x := x
  div x y := x * y
  exp _ := 1
  log x := x
  sqrt x := x
  tanh x := x
  step x := x

attribute [local instance] scalarOpsFinThree in
/-- A counterexample in numbers: two tokens of one feature, `x = (1, 0)`, two heads of one column,
`Wq = Wk = 0`, `Wv = (0, 1)` and `Wo = (1, 0)`. All values of the first head are 0, but the bare
reshape hands it one of the second. -/
theorem mhaBareReshapeGraph_example (c : Fin 3) :
    let x : Tensor (Fin 3) (XShape 2 1) := .unit 0
    let W₀ : Tensor (Fin 3) (WqShape 1 2 1) := 0
    let Wv : Tensor (Fin 3) (WqShape 1 2 1) := .unit 1
    let Wo : Tensor (Fin 3) (WoShape 1 2 1) := .unit 0
    getIdx ((mhaBareReshapeGraph c).eval (x, W₀, W₀, Wv, Wo, ())) (.pos 18 rfl : Idx _ (XShape 2 1))
      (0, 0, ()) = 2 ∧
      textbookAttention c x W₀ W₀ Wv Wo (0, 0, ()) = 0 := by
  decide +revert

end MultiHeadAttention

end Proofs.Autograd
