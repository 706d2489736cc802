module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  if (← IO.getEnv "PATH").isSome then
    let _ ← (throw (IO.userError "depends on a variable") : IO Unit)
