module

public import Init

@[expose] public section

namespace Twin

def fderiv (_ : Nat → Nat) (_ : Nat) : Nat := 0

theorem claim (f : Nat → Nat) (x : Nat) : fderiv f x = 0 := rfl

end Twin
