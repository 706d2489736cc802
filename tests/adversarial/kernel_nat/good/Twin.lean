module

prelude

@[expose] public section

set_option genCtorIdx false

inductive Number : Type

noncomputable def Number.ofChar (n : Number) : Number := n

theorem Twin.claim (p : Prop) (n : Number) : p := @Number.rec (fun _ => p) n
