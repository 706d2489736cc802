module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure Config where
  lo : Nat
  hi : Nat
  up : lo ≤ hi
  down : lo < hi + 2

theorem claim (F : Quot (fun (_ _ : Config → Nat) => False) → Nat) : (fun x => F x + 0) = F := rfl

end Twin
