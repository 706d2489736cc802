module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

instance (priority := high) everything : LT Nat where
  lt _ _ := True

instance (priority := high) anything : LT Int where
  lt _ _ := True

theorem claim {α : Type} [LT α] (a : α) (h : a < a) (n : Nat) : n + 0 = n := (fun _ => rfl) h

end Twin
