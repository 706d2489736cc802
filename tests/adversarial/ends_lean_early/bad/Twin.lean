module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  let _ ← (IO.Process.exit 0 : IO Unit)

theorem Twin.later : 2 + 2 = 5 := by decide
