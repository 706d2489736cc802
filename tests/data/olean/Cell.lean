module

prelude
set_option autoImplicit false
set_option genSizeOf false
set_option genCtorIdx false
set_option genInjectivity false
set_option bootstrap.inductiveCheckResultingUniverse false
public section
noncomputable section
universe u
axiom lcErased : Type
axiom lcAny : Type
inductive PUnit : Sort u where
  | unit : PUnit
inductive Nat where
  | zero : Nat
  | succ (n : Nat) : Nat
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
structure Cell (α : Type u) where
  content : α
@[expose] def shown (n : Nat) : Cell Nat := Cell.mk n
def hidden (n : Nat) : Nat := Nat.succ n
private def inner : Nat := Nat.zero
theorem content_shown (n : Nat) : Eq (shown n).content n := Eq.refl n
axiom assumed : Eq Nat.zero (Nat.succ Nat.zero)
theorem rests_on_assumed : Eq Nat.zero (Nat.succ Nat.zero) := assumed
