module

prelude
public import Init.Data.Nat.Basic
public meta import Init.Meta.Defs

@[expose] public section

macro "%-" "-" command : command => `(section end)

theorem Twin.claim : 2 + 2 = 4 := rfl

%- - variable (n : Nat)
