module

prelude
public import Init.Data.List.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure Sizes where
  width : Nat
  depth : Nat

def total : Nat → (Nat → Int) → Int
  | 0, _ => 0
  | n + 1, f => total n f + f n

theorem claim (c : Sizes) (h : c.width < 1) (f : Nat → Int) : 0 * total c.width f = 0 :=
  (fun _ => Int.zero_mul _) h

end Twin
