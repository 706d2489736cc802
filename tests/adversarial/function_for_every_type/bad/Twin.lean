module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

theorem claim (F G : ((T : Type) → T) → Nat) : (fun x => F x + G x) = fun x => G x + F x :=
  funext fun x => Nat.add_comm (F x) (G x)

end Twin
