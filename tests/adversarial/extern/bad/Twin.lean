module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

@[extern "twin_size"] def size (n : Nat) : Nat := n

theorem claim (n : Nat) : size n = n := rfl

end Twin
