module

prelude
public import Init.Data.Nat.Basic
public meta import Init.Meta.Defs

@[expose] public section

open Lean in
macro "relax" : command => do
  let option := mkIdent (Name.appendAfter `debug.skipKernel "TC")
  `(set_option $option true)

theorem Twin.claim : 2 + 2 = 4 := by decide +kernel
