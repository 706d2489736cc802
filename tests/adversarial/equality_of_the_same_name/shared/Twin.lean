module

public import Init

@[expose] public section

namespace Twin

inductive Eq (n : Nat) : Nat → Prop
  | any : (m : Nat) → Twin.Eq n m

theorem claim : Twin.Eq 2 3 := .any 3

end Twin
