module

prelude
public import Init.Data.Nat.Basic
public import Twin.First
public import Twin.Second

@[expose] public section

theorem Twin.claim (n : Nat) : 0 + n = n := Twin.step n
