module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def fderiv (_ : Nat → Nat) (_ : Nat) : Nat := 0

theorem _root_.Twin.claim (f : Nat → Nat) (x : Nat) : fderiv f x = 0 := rfl

end Twin
