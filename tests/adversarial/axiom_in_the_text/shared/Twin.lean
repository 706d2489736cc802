module

public import Init

@[expose] public section

namespace Twin

local instance (priority := high) plus : HAdd Nat Nat Nat := ⟨fun n _ => n⟩

theorem claim (n m : Nat) : n + m = n := rfl

end Twin
