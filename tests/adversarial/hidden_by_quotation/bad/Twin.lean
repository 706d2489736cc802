module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

local notation "`( " x => x
def Twin.one : Nat := `( 1

theorem Twin.broken : 2 + 2 = 4 := rfl
