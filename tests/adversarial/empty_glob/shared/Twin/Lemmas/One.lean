module

theorem one : 1 = 1 := rfl
