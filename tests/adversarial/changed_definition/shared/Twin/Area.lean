module

prelude
public import Init.Data.Nat.Basic
public import Twin.Size

@[expose] public section

def Twin.area (n m : Nat) : Nat := size n + size m
