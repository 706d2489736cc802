module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

noncomputable def Array.range (_ : Nat) : Array Nat := Array.mk List.nil

theorem Twin.claim : (Array.range 1).size = 0 := rfl
