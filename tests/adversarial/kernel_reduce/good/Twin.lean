module

prelude

@[expose] public section

inductive Twin.Flag : Type where
  | yes : Flag

noncomputable def Lean.reduceFlag (flag : Twin.Flag) : Twin.Flag := flag

theorem Twin.claim (p : Twin.Flag → Prop) (flag : Twin.Flag) (h : p flag) : p (Lean.reduceFlag flag) := h
