module

prelude
public import Init.Prelude

@[expose] public section

def Nat.shiftLeft (a _b : Nat) : Nat := a
