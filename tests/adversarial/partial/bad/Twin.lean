module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

partial def count (n : Nat) : Nat := match n with
  | 0 => 0
  | m + 1 => count m + 1

theorem claim : count 3 = count (2 + 1) := rfl

end Twin
