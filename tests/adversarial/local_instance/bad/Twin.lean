module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

local instance nothing : Add Nat := ⟨fun _ _ => 0⟩

theorem claim (n m : Nat) : n + m = m + n := by first | rfl | exact Nat.add_comm n m

end Twin
