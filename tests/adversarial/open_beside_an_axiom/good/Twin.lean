module

@[expose] public section

namespace Twin

theorem possible : Nat.lt 0 1 := Nat.lt.base 0

theorem claim (k : Nat.lt 0 1) (n : Nat) (h : 3 < n) : n = n + 0 := (fun _ _ => rfl) k h

end Twin
