module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

def Innermost : Prop := False

def Inner : Prop := Innermost

def Harmless : Prop := Inner

theorem claim (n : Nat) (h : Harmless) : n + 0 = n := (fun _ => rfl) h

end Twin
