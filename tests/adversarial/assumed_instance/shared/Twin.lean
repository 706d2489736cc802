module

public import Init

@[expose] public section

namespace Twin

abbrev Z : Type := Nat

theorem claim : ∃ i : Add Z, @HAdd.hAdd Nat Nat Nat (@instHAdd Nat i) 2 2 = 5 :=
  ⟨⟨fun _ _ => (5 : Nat)⟩, rfl⟩

end Twin
