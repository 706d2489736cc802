module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

local infixl:65 (priority := high) " + " => fun (_ _ : Nat) => (0 : Nat)

theorem claim (n m : Nat) : n + m = m + n := by first | rfl | exact Nat.add_comm n m

end Twin
