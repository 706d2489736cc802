module

public import Init

@[expose] public section

namespace Twin

class W (α : Type) where
  add : Add Nat

theorem claim {α : Type} : ∃ w : W α, @HAdd.hAdd Nat Nat Nat (@instHAdd Nat w.add) 2 2 = 5 :=
  ⟨⟨⟨fun _ _ => 5⟩⟩, rfl⟩

end Twin
