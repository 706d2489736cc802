module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def fast (_ : Nat) : Nat := 0

def size (n : Nat) : Nat := n

theorem claim (n : Nat) : size n = n := rfl

end Twin
