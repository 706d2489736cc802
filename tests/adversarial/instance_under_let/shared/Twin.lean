module

public import Init

@[expose] public section

namespace Twin

theorem claim : let α := Nat; ∃ i : Add α, @HAdd.hAdd Nat Nat Nat (@instHAdd Nat i) 2 2 = 5 :=
  ⟨⟨fun _ _ => (5 : Nat)⟩, rfl⟩

end Twin
