module

prelude
public import Init.Classical
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def Other : Prop := False → (1 : Nat) = 2

theorem other : Other := by simp [Other]

theorem claim : @ite Prop (Nat = Int) (Classical.propDecidable _) ((1 : Nat) = 1) Other :=
  match Classical.propDecidable (Nat = Int) with
  | .isTrue _ => rfl
  | .isFalse _ => other

end Twin
