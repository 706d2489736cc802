module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  let text ← IO.FS.readFile (← getFileName)
  unless text.length > 0 do let _ ← (throw (IO.userError "empty") : IO Unit)
