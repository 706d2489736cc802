module

prelude
public import Init.Data.Nat.Basic
public import Init.Tactics

@[expose] public section

theorem Twin.claim : 2 ^ 10 % 7 = 2 := by native_decide
