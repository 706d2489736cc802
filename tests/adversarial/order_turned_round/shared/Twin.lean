module

public import Init

@[expose] public section

namespace Twin

theorem claim : @LT.lt Nat (@ltOfOrd Nat (Ord.opposite inferInstance)) 3 2 := by decide

end Twin
