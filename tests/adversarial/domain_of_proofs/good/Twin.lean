module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure Dimension where
  size : Nat
  bound : size < 5

theorem claim (d : Dimension) (x : {i : Nat // i < d.size} → Nat) : (fun i => x i + 0) = x := rfl

end Twin
