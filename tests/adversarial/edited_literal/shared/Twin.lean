module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def width : Nat := 4

theorem claim : width + width = 8 := rfl

end Twin
