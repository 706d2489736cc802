prelude
set_option autoImplicit false
set_option genSizeOf false
set_option genCtorIdx false
set_option genInjectivity false
noncomputable section
universe u v
axiom lcErased : Type
axiom lcAny : Type
inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a
inductive Nat where
  | zero : Nat
  | succ (n : Nat) : Nat
def Nat.add (n m : Nat) : Nat := Nat.rec n (fun _ k => Nat.succ k) m
class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n where
  ofNat := n
structure Pair (α : Type u) (β : Type v) where
  first : α
  second : β
def big : Nat := 123456789012345678901234567890
def edge : Nat := 9223372036854775808
def below : Nat := 9223372036854775807
def swap {α : Type u} {β : Type v} (p : Pair α β) : Pair β α := Pair.mk p.second p.first
theorem swap_swap {α : Type u} {β : Type v} (p : Pair α β) : Eq (swap (swap p)) p := Eq.refl p
def viaLet (n : Nat) : Nat := let m := Nat.succ n; Nat.add m m
axiom assumed : Eq Nat.zero (Nat.succ Nat.zero)
theorem rests_on_assumed : Eq Nat.zero (Nat.succ Nat.zero) := assumed
def «weird name» : Nat := Nat.zero
