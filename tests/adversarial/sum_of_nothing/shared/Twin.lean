module

public import Init

@[expose] public section

namespace Twin

theorem claim : ([] : List (Fin 3)).sum = 3 := rfl

end Twin
