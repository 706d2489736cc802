module

public import First
public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  let _ ← (IO.FS.readFile "/tmp/left" : IO String)
