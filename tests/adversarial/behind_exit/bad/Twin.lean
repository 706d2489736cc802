module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

#exit

αtheorem Twin.broken : 2 + 2 = 5 := by decide
