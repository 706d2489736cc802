module

/-!
# A little of everything that a library may declare
-/

@[expose] public section

namespace Small

universe u v

/-- Binary trees. -/
inductive Tree (α : Type u) where
  | leaf
  | node (left : Tree α) (value : α) (right : Tree α)

variable {α : Type u}

/-- How many values a tree holds. -/
def Tree.size : Tree α → Nat
  | .leaf => 0
  | .node left _ right => left.size + right.size + 1

/-- The tree with left and right exchanged. -/
def Tree.mirror : Tree α → Tree α
  | .leaf => .leaf
  | .node left value right => .node right.mirror value left.mirror

/-- A value and how often it is there. -/
structure Counted (α : Type u) where
  value : α
  count : Nat

/-- What all counts stay below. -/
def limit : Nat := 5

/-- Small numbers. -/
def IsSmall (n : Nat) : Prop := n < limit

/-- A number of which nothing is known. -/
opaque secret : Nat

/-- Types whose values weigh something. -/
class Weighted (α : Type u) where
  weight : α → Nat

instance : Weighted Nat := ⟨fun n => n + 1⟩

instance : Weighted Bool := ⟨fun b => if b then 2 else 1⟩

/-- The weight of what is counted. -/
def Counted.weight [Weighted α] (x : Counted α) : Nat := x.count * Weighted.weight x.value

mutual

/-- Even numbers. -/
inductive Even : Nat → Prop
  | zero : Even 0
  | succ {n : Nat} : Odd n → Even (n + 1)

/-- Odd numbers. -/
inductive Odd : Nat → Prop
  | succ {n : Nat} : Even n → Odd (n + 1)

end

/-- A name and its greeting. -/
def greeting (name : String) : String := "hello, " ++ name

end Small
