module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

theorem Twin.claim : 2 + 2 = 4 := rfl

run_cmd do
  IO.FS.writeFile "/tmp/Core.olean" "not what it was"
