module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

/-/- a remark -/
#guard_msgs (drop all) in
theorem Twin.broken : 2 + 2 = 4 := by decide
