module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.lemma (n : Nat) : 0 + n = n := sorry

theorem Twin.step (n : Nat) : 0 + n = n := Twin.lemma n
