module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

theorem base (n : Nat) : 0 + n = n := Nat.zero_add n

end Twin
