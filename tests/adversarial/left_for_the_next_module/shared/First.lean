module

public meta import Lean.Elab.Command

public section
open Lean Elab Command

run_cmd do
  IO.FS.writeFile "/tmp/left" "for the next"
