module

public import Init

@[expose] public section

namespace Twin

def claim : Nat := 2 + 2

end Twin
