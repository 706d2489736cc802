module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def rows (n : Nat) : Nat := n * 0

theorem claim (n : Nat) (v : {l : List Nat // l.length = rows n}) : v.val.length + 0 = v.val.length := rfl

end Twin
