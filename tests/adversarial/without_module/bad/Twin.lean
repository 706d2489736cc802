public section

theorem Twin.claim : 1 + 1 = 2 := rfl
