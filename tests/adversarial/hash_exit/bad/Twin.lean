module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

#exit

theorem Twin.broken : 2 + 2 = 5 := by decide
