module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def double (n : Nat) : Nat := n + n

class Even (f : Nat → Nat) : Prop where
  even : ∀ n, Exists fun m => f n = m + m

theorem double_even : ∀ n, Exists fun m => double n = m + m := fun n => ⟨n, rfl⟩

instance : Even double := ⟨double_even⟩

theorem claim : ∀ n, Exists fun m => double n = m + m := Even.even

end Twin
