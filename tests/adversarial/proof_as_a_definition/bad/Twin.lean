module

public import Init

@[expose] public section

namespace Twin

def claim (h : 1 = 2) : 2 + 2 = 5 := absurd h (by decide)

end Twin
