module

prelude

@[expose] public section

set_option genCtorIdx false

inductive Sole : Type where
  | true : Sole

theorem Twin.claim (p : Sole → Prop) (h : p Sole.true) (b : Sole) : p b := Sole.rec h b
