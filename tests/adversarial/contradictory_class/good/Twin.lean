module

prelude
public import Init.Data.Nat.Basic
public import Init.Omega

@[expose] public section

namespace Twin

/-- A strict order with a distinguished element. -/
class Order (α : Type) where
  /-- The element. -/
  base : α
  /-- The order. -/
  lt : α → α → Prop
  /-- Nothing is below itself. -/
  irrefl : ∀ a, ¬lt a a

instance : Order Nat where
  base := 0
  lt := Nat.lt
  irrefl := Nat.lt_irrefl

theorem claim {α : Type} [Order α] (a : α) : ¬Order.lt a a := Order.irrefl a

end Twin
