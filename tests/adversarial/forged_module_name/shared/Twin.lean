module

prelude
public import Init.Core

@[expose] public section

theorem Twin.claim : Twin.Claim := propext
