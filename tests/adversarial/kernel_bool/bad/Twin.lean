module

prelude

@[expose] public section

set_option genCtorIdx false

inductive Bool : Type where
  | true : Bool

theorem Twin.claim (p : Bool → Prop) (h : p Bool.true) (b : Bool) : p b := Bool.rec h b
