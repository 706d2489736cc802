module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

/-- A size within bounds. -/
structure Size where
  /-- How many there are. -/
  count : Nat
  /-- The lower bound. -/
  low : 1 ≤ count
  /-- The upper bound. -/
  high : count < 1

theorem claim (s : Size) : s.count + 0 = s.count := rfl

end Twin
