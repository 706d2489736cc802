module

prelude
public import Init.Data.Nat.Basic
public import Twin.Middle

@[expose] public section

theorem Twin.claim (n : Nat) : 0 + n = n := middle n
