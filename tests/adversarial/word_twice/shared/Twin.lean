module

public import Init

@[expose] public section

namespace Twin

local instance (priority := high) five : OfNat Nat 5 := ⟨4⟩

theorem claim : 2 + 2 = 5 := rfl

end Twin
