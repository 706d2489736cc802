module

public meta import Lean.Elab.Command

@[expose] public section

/-! theorem not_here -/
namespace A.B
universe u
variable {α : Type u}

/-- doc theorem nope -/
@[simp] theorem first (n : Nat) : n + 0 = n := rfl
protected theorem second : True := trivial
private theorem third : True := trivial
theorem _root_.Out.fourth : True := trivial
theorem fifth.{v} (β : Type v) (b : β) : b = b := rfl
end A.B

section
local instance : Inhabited Nat := ⟨1⟩
end

namespace A
mutual
inductive Even : Nat → Prop
  | zero : Even 0
  | succ : Odd n → Even (n + 1)
inductive Odd : Nat → Prop
  | succ : Even n → Odd (n + 1)
end

structure Point (α : Type u) where
  mk' ::
  x : α
  y : α := x
deriving Inhabited

class Shape (α : Type) extends Inhabited α where
  area : α → Nat
class abbrev Both (α : Type) := Shape α, Inhabited α
class inductive Choice (α : Type) : Prop | yes : Choice α

instance (priority := low) shapeNat : Shape Nat := { default := 0, area := fun n => n }
instance : Shape Bool := { default := true, area := fun _ => 1 }
instance {α : Type} [Shape α] : Choice α := .yes
noncomputable instance instFoo : Inhabited (Point Nat) := ⟨⟨1, 2⟩⟩

noncomputable section
opaque secret : Nat
abbrev N := Nat
def «weird name» (s : String := "theorem \" bad") : Char := '"'
def c := '\''
def d := 'x'
def f' (x' : Nat) : Nat := x'
def raw := r#"theorem "quoted" "#
def name := `theorem
def nm := ``Nat.add
end

set_option maxRecDepth 1000 in
open Nat in
theorem sixth : succ 0 = 1 := by
  exact rfl

unsafe def danger : Nat := 3
partial def loop (n : Nat) : Nat := loop (n + 1)
theorem seventh : ∀ n : Nat, n = n
  | 0 => rfl
  | n + 1 => rfl

def outer (n : Nat) : Nat := go n
where
  go : Nat → Nat
    | 0 => 0
    | n + 1 => go n

theorem eighth : outer 0 = 0 := rfl theorem ninth : True := trivial
example : 1 = 1 := rfl
macro "mk_thm " n:ident : command => `(theorem $n : True := trivial)
local macro "t0" : command => `(
theorem inQuote : True := trivial
)
notation "‖" a " ⟪" b "⟫‖" => Nat.add a b
scoped infixl:65 " ⊹ " => Nat.add
declare_syntax_cat shape
syntax "dot[" shape,* "]" : shape
syntax num : shape
syntax (name := shaped) "shaped(" shape ("at " "(" term ")")? ")" : command
macro_rules | `(command| shaped($_:shape)) => `(theorem alsoInQuote : (1 : Nat) = 1 := rfl)
end A
attribute [instance] A.instFoo
namespace Q
inductive T | a | b
def T.isA : T → Bool | .a => true | .b => false
theorem T.isA_a : T.isA .a = true := rfl
end Q
run_cmd pure ()
