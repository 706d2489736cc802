module

prelude

@[expose] public section

inductive Beside {α : Type} : α → α → Prop where
  | refl (a b : α) : Beside a b

theorem Twin.claim {α : Type} (a b : α) : Beside a b := Beside.refl a b
