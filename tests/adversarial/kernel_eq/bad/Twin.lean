module

prelude

@[expose] public section

inductive Eq {α : Type} : α → α → Prop where
  | refl (a b : α) : Eq a b

theorem Twin.claim {α : Type} (a b : α) : Eq a b := Eq.refl a b
