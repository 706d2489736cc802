module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

axiom Classical.choice {α : Type} : Nonempty α → α

theorem claim : Exists fun n : Nat => n = n + 0 := ⟨Classical.choice ⟨0⟩, rfl⟩

end Twin
