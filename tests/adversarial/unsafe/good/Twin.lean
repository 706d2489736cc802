module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

def Twin.size (n : Nat) : Nat := n
