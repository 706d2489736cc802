module

public import Init

@[expose] public section

namespace Twin

theorem claim {α : Type} (a : α) : ∃ _m : Membership α (List α), a ∈ ([] : List α) :=
  ⟨⟨fun _ _ => True⟩, trivial⟩

end Twin
