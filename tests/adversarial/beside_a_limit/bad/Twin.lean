module

public section

def both (l : List Nat) : List Nat := l ++ l

theorem Twin.claim : 1 + 1 = 3 := rfl
