module

public import Init

@[expose] public section

namespace Twin

abbrev «N​at» := Fin 1

theorem claim (x y : «N​at») : x = y := Subsingleton.elim x y

end Twin
