module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.claim (n : Nat) : 0 + n = n := Nat.zero_add n

theorem Twin.other (n : Nat) : n + 0 = n := Nat.add_zero n
