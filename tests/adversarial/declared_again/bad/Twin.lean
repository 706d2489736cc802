module

public meta import Lean.Elab.GuardMsgs

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

#guard_msgs (drop error) in
theorem Twin.claim : 2 + 2 = 5 := rfl
