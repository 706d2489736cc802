module

public section

/-- A sum. -/
theorem Twin.claim : 2 + 2 = 4 := by decide
