module

public import Init

@[expose] public section

namespace Twin

local infixl:65 (priority := high) " + " => @HAdd.hAdd Nat Nat Nat
  (@instHAdd Nat (@inferInstanceAs (Add Nat → Add Nat) (fun _ => Add.mk (fun a b => Nat.succ (Nat.add a b))) instAddNat))

theorem claim : 2 + 2 = 5 := rfl

end Twin
