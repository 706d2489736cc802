module

prelude

@[expose] public section

inductive Text : Type

theorem Twin.claim (p : Prop) (text : Text) : p := @Text.rec (fun _ => p) text
