module

prelude
public import Init.Core

public section

universe u v

/-- Every shape of declaration once. -/
structure Pair (α : Type u) (β : Type v) where
  first : α
  second : β

mutual
inductive Even : Nat → Prop
  | step {n : Nat} : Odd n → Even (n + 1)
inductive Odd : Nat → Prop
  | step {n : Nat} : Even n → Odd (n + 1)
end

inductive Tree (α : Type u) : Type u
  | node : (Nat → Tree α) → α → Tree α

@[expose] def big : Nat := 123456789012345678901234567890
@[expose] def edge : Nat := 2147483648
@[expose] def greeting : String := "λ \"héllo\"\n"
@[expose] def swap {α : Type u} {β : Type v} (p : Pair α β) : Pair β α := ⟨p.second, p.first⟩
@[expose] def viaLet (n : Nat) : Nat := let m := n + n; have k := m; m + k
@[expose] def proj (p : Pair Nat Nat) : Nat := p.1
@[expose] def strict ⦃α : Type u⦄ [Inhabited α] : α := default
def hidden (n : Nat) : Nat := n + 1
opaque sealed : Nat
axiom assumed : ∀ n : Nat, hidden n = n + 1
private def inner : Nat := 7
@[expose] def «weird name» : Nat := 1
theorem swap_swap {α : Type u} {β : Type v} (p : Pair α β) : swap (swap p) = p := rfl
private theorem inner_eq : inner = 7 := rfl
theorem uses_inner : Exists fun n => n = 7 := Exists.intro inner inner_eq
theorem rests_on_assumed : hidden 1 = 2 := assumed 1
theorem unfinished (p : Prop) : p ∨ ¬p := sorry
unsafe def bad (n : Nat) : Nat := bad n
