module

public import Init

@[expose] public section

set_option exponentiation.threshold 9000000

theorem big0 : 2 ^ 8000001 = 2 * 2 ^ 8000000 := by simp only [Nat.reducePow, Nat.reduceMul]
theorem big1 : 2 ^ 8000002 = 2 * 2 ^ 8000001 := by simp only [Nat.reducePow, Nat.reduceMul]
theorem big2 : 2 ^ 8000003 = 2 * 2 ^ 8000002 := by simp only [Nat.reducePow, Nat.reduceMul]
