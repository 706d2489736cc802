module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

theorem lemma (n m : Nat) (h : n ≤ m) : n < m + 1 := Nat.lt_succ_of_le h

theorem claim (n m : Nat) (h : n ≤ m) : n < m + 1 := lemma n m h

end Twin
