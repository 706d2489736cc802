module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.claim : 2 + 2 = 4 := by decide +kernel
