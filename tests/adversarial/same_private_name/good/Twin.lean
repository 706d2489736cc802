module

prelude
public import Init.Data.Nat.Basic
public import Twin.Other

@[expose] public section

namespace Twin

private theorem helper (n : Nat) : 0 + n = n := other n

theorem claim (n : Nat) : 0 + n = n := helper n

end Twin
