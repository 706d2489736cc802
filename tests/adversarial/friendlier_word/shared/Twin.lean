module

public import Init

@[expose] public section

namespace Twin

def small (n : Nat) : Prop := n < 1000

theorem claim : small 999 := by unfold small; omega

end Twin
