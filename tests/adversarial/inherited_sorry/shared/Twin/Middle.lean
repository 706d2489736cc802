module

prelude
public import Init.Data.Nat.Basic
public import Twin.Base

@[expose] public section

theorem Twin.middle (n : Nat) : 0 + n = n := base n
