module

public import Init

@[expose] public section

namespace Twin

theorem claim : ¬ ∀ (α : Type) [inst : Add α] [inst' : Add α] (x y : α),
    @HAdd.hAdd α α α (@instHAdd α inst) x y = @HAdd.hAdd α α α (@instHAdd α inst') x y :=
  fun h => absurd (@h Nat ⟨fun a _ => a⟩ ⟨fun _ b => b⟩ 0 1) (by decide)

end Twin
