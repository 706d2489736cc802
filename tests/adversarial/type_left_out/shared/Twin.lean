module

public import Init

@[expose] public section

namespace Twin

abbrev Z : Type := Int

theorem claim : ∃ n : Z, n + 1 = 0 := ⟨(-1 : Int), rfl⟩

end Twin
