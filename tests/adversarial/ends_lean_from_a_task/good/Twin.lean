module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  let running ← (IO.asTask (prio := .dedicated) (pure () : IO Unit) : BaseIO _)
  let _ ← IO.wait running

theorem Twin.later : 2 + 2 = 4 := by decide
