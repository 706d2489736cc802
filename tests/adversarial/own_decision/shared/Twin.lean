module

public import Init

@[expose] public section

namespace Twin

noncomputable local instance (priority := high) decides (p : Prop) : Decidable p := Classical.propDecidable p

theorem claim (n : Nat) : (if n = 3 then n else 3) = 3 := by split <;> simp_all

end Twin
