module

prelude
public import Init.Data.Nat.Basic

@[expose] public section

namespace Twin

instance (priority := high) everything : LT Nat where
  lt _ _ := True

structure Ordered where
  type : Type
  order : LT type

theorem claim (o : Ordered) (a : o.type) (h : @LT.lt o.type o.order a a) (n : Nat) : n + 0 = n := (fun _ => rfl) h

end Twin
