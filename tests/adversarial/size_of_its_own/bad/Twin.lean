module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

structure Net where
  size : Nat
  bound : size < 1
  weight : Fin size → Nat

theorem claim (N : Net) (h : 0 < N.size + 1) : (fun i => N.weight i + 0) = N.weight := rfl

end Twin
