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

structure Rule where
  act : Config → Nat

structure Box (α : Type) where
  inside : α

theorem claim (x : Box (Nat → Box Rule)) :
    (fun n c => (x.inside n).inside.act c + 0) = fun n => (x.inside n).inside.act := rfl

end Twin
