module

prelude

@[expose] public section

inductive Twin.Claim : Prop where
  | intro : Claim

theorem propext : Twin.Claim := Twin.Claim.intro
