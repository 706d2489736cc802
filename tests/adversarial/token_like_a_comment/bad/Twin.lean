module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

local postfix:max "<--" => Nat.succ
noncomputable def Twin.two : Nat := 1<--
