module

public import Init

@[expose] public section

namespace Twin

local instance (priority := high) cast : NatCast Int := ⟨fun _ => 0⟩

theorem claim (n : Nat) : (n : Int) = 0 := rfl

end Twin
