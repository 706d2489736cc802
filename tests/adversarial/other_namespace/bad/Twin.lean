module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin.Draft

theorem claim (n : Nat) : n + 0 = n := rfl

end Twin.Draft
