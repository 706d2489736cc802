module

public import Small.Lemmas

/-!
# What is judged
-/

public section

namespace Small

universe u

variable {α : Type u}

/-- Mirroring twice changes nothing. -/
theorem mirror_mirror (t : Tree α) : t.mirror.mirror = t := by
  induction t with
  | leaf => rfl
  | node left value right hl hr => simp only [Tree.mirror, hl, hr]

/-- Mirroring keeps the size, twice too. -/
theorem size_mirror_mirror (t : Tree α) : t.mirror.mirror.size = t.size :=
  (size_mirror t.mirror).trans (size_mirror t)

/-- Three is small, and four is even. -/
theorem three_and_four : IsSmall 3 ∧ Even 4 := ⟨isSmall_three, even_double 2⟩

/-- What is counted twice weighs twice as much. -/
theorem weight_two (n : Nat) : (Counted.mk n 2).weight = (n + 1) + (n + 1) := by
  show 2 * (n + 1) = _
  omega

/-- Equivalent propositions are equal, and every proposition holds or does not. -/
theorem decided (p : Prop) : (p = True) ∨ (p = False) := by
  cases Classical.em p with
  | inl h => exact .inl (propext ⟨fun _ => trivial, fun _ => h⟩)
  | inr h => exact .inr (propext ⟨h, False.elim⟩)

/-- A greeting names whom it greets. -/
theorem greeting_world : greeting "world" = "hello, world" := by decide

end Small
