module

public import Init

public section

theorem First.claim : 2 + 2 = 4 := rfl
