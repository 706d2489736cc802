module

prelude

@[expose] public section

inductive String : Type

theorem Twin.claim (p : Prop) : p := @String.rec (fun _ => p) ""
