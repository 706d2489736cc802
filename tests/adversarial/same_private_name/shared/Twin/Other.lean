module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

private theorem helper (n : Nat) : 0 + n = n := Nat.zero_add n

theorem other (n : Nat) : 0 + n = n := helper n

end Twin
