module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

noncomputable def Twin.text : String := s!"{"/-"}"
#guard_msgs (drop all) in
theorem Twin.broken : 2 + 2 = 4 := by decide
