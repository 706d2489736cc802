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

inductive Either : Prop where
  | one : (∀ f : Config → Nat, (fun c => f c + 0) = f) → Either
  | two : (∀ f g : Config → Nat, f = g) → Either

theorem claim (n : Nat) (h : n < 2) : Either := .one fun _ => rfl

end Twin
