module

public section

noncomputable def both (l : List Nat) : List Nat := l ++ l

theorem Twin.claim : 1 + 1 = 2 := rfl
