module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

theorem claim (n : Nat) (x : Fin n → Nat) (h : 1 ≤ n) : (fun i => x i + 0) = x := (fun _ => rfl) h

end Twin
