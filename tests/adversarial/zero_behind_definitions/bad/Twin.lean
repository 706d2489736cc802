module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def scaled (n : Nat) : Nat := n * 0
def width (n : Nat) : Nat := scaled n

theorem claim (n : Nat) (x : Fin (width n) → Nat) : (fun i => x i + 0) = x := rfl

end Twin
