module

prelude

@[expose] public section

set_option genCtorIdx false

inductive Nat : Type

noncomputable def Char.ofNat (n : Nat) : Nat := n

theorem Twin.claim (p : Prop) : p := @Nat.rec (fun _ => p) 'a'
