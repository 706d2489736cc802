module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

theorem Twin.broken : 2 + 2 = 4 := by decide
