module

prelude

@[expose] public section

inductive Twin.Claim : Prop where
  | intro : Claim

def nested.Tree : Prop := Twin.Claim

theorem Twin.claim : nested.Tree := Twin.Claim.intro
