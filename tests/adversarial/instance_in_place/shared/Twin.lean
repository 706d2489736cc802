module

public import Init

@[expose] public section

namespace Twin

theorem claim : @OfNat.ofNat Nat (nat_lit 5) ⟨4⟩ = 2 + 2 := rfl

end Twin
