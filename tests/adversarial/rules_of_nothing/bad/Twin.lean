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
  down : hi < lo

structure Rule where
  act : Config → Nat

theorem claim (x : Nat → Rule) : (fun n c => (x n).act c + 0) = fun n => (x n).act := rfl

end Twin
