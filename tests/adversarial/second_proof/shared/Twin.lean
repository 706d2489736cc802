module

prelude
public import Twin.First
public import Twin.Second

@[expose] public section

theorem Twin.claim : 2 + 2 = 4 := Twin.lemma
