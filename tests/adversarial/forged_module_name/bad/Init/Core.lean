module

prelude

@[expose] public section

inductive Twin.Claim : Prop where
  | intro : Claim

axiom propext : Twin.Claim
