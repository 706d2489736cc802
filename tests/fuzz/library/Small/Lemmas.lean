module

public import Small.Basic

/-!
# Lemmas on which the facts rest
-/

public section

namespace Small

universe u

variable {α : Type u}

theorem size_node (left right : Tree α) (value : α) :
    (Tree.node left value right).size = left.size + right.size + 1 := by
  simp only [Tree.size]

theorem size_mirror (t : Tree α) : t.mirror.size = t.size := by
  induction t with
  | leaf => rfl
  | node left value right hl hr => simp only [Tree.mirror, Tree.size, hl, hr]; omega

private theorem three_lt : 3 < limit := by decide

theorem isSmall_three : IsSmall 3 := three_lt

theorem even_double (n : Nat) : Even (n + n) := by
  induction n with
  | zero => exact .zero
  | succ n h =>
    have e : n + 1 + (n + 1) = n + n + 1 + 1 := by omega
    exact e ▸ .succ (.succ h)

end Small
