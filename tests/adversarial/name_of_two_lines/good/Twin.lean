module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

variable («a
/-» : Nat)
#guard_msgs (drop all) in
theorem Twin.broken : 2 + 2 = 4 := by decide
