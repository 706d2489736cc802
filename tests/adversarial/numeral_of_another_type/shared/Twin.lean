module

public import Init

@[expose] public section

namespace Twin

theorem claim : (2 + 2 : Fin 3) = 1 := rfl

end Twin
