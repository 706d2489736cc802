module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section



instance (priority := high) LeanBridgeWitness.everything : LT Nat where
  lt _ _ := True

instance (priority := high) Twin.anything : LT Int where
  lt _ _ := True

theorem Twin.claim {α : Type} [LT α] (a : α) (h : a < a) (n : Nat) : n + 0 = n := (fun _ => rfl) h


