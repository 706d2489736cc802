module

prelude
public import Init.Data.List.Basic
public import Init.Omega

@[expose] public section

namespace Twin

inductive Values : List Nat → Type
  | none : Values []
  | more {d : Nat} {Γ : List Nat} (x : Int) (rest : Values Γ) : Values (d :: Γ)

def total : {Γ : List Nat} → Values Γ → Int
  | [], _ => 0
  | _ :: _, .more x rest => x + total rest

theorem claim (Γ : List Nat) (h : Γ.length < 2) (v : Values Γ) : 0 * total v = 0 :=
  (fun _ => Int.zero_mul _) h

end Twin
