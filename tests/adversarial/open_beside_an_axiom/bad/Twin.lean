module

@[expose] public section

namespace Twin

theorem possible : Nat.lt 1 0 := sorry

theorem claim (k : Nat.lt 1 0) (n : Nat) (h : 3 < n) : n = n + 0 := (fun _ _ => rfl) k h

end Twin
