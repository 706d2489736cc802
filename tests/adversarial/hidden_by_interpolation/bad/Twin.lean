module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

noncomputable def Twin.text : String := s!"{"/-"}"
#exit
theorem Twin.broken : 2 + 2 = 5 := by decide
