module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

unsafe def Twin.size (n : Nat) : Nat := n
