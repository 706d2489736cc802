module

public import Init

@[expose] public section

namespace Twin

theorem claim : (let x : Fin 3 := default; x = 3) := rfl

end Twin
