module

prelude

@[expose] public section

inductive Twin.Number : Type where
  | zero : Number

noncomputable def instOfOwn : Twin.Number := Twin.Number.zero
