module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

def Innermost : Prop := True

def Harmless : Prop := Innermost

def Wrong : Prop := Innermost

def Accurate (_ : Nat) : Prop := Wrong

theorem claim (n : Nat) (h : Harmless) : Accurate n := (fun _ => h) n

end Twin
