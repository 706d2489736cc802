module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

noncomputable def Classical.choose {α : Type} : Nonempty α → α := _root_.Classical.choice

theorem claim : Exists fun n : Nat => n = n + 0 := ⟨Classical.choice ⟨0⟩, rfl⟩

end Twin
