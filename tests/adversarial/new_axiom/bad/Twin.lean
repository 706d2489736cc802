module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

axiom lemma (n m : Nat) (h : n ≤ m) : n < m + 1

theorem claim (n m : Nat) (h : n ≤ m) : n < m + 1 := lemma n m h

end Twin
