module

prelude

@[expose] public section

inductive Twin.Claim : Prop where
  | intro : Claim

def _nested.Tree : Prop := Twin.Claim

theorem Twin.claim : _nested.Tree := Twin.Claim.intro
