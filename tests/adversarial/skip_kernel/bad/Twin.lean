module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

set_option debug.skipKernelTC true in
theorem Twin.claim : 2 + 2 = 5 := by decide +kernel
