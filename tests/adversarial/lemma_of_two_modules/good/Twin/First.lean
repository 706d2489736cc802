module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

theorem Twin.lemma (n : Nat) : 0 + n = n := (Nat.add_comm 0 n).trans (Nat.add_zero n)

theorem Twin.step (n : Nat) : 0 + n = n := Twin.lemma n
