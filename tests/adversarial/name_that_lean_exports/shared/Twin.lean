module

public import Init

@[expose] public section

namespace Twin

def max (a _b : Nat) : Nat := a

theorem claim : max 2 3 = 2 := rfl

end Twin
