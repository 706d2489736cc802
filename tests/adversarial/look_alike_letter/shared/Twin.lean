module

public import Init

@[expose] public section

namespace Twin

abbrev Νat := Fin 1

theorem claim (x y : Νat) : x = y := Subsingleton.elim x y

end Twin
