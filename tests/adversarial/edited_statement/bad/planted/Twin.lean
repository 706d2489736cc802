module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.claim (n : Nat) : 0 + n = n + 0 := Nat.zero_add n
