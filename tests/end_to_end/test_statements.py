"""What real Lean compiled, written to be read: nothing that is left out is anything but what one expects."""

from __future__ import annotations

import pytest

from lean_bridge.audit.instances import Instances
from lean_bridge.audit.statement import definition_text, statement_text
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Expr
from lean_bridge.toolchain.provider import Job, Provider
from tests.lean_terms import app, const

pytestmark = pytest.mark.lean

SOURCE = """module
public import Init
@[expose] public section
namespace Twin

theorem plain (n m : Nat) (h : n ≤ m) : (n + 0) * 2 - m ^ 2 % 3 = 5 ∨ n ∣ m := sorry
theorem order (xs : List Nat) (x : Int) : -x < (xs.length : Int) ∧ xs ++ [1] ≠ [] := sorry
theorem chosen (n : Nat) : (if n < 2 then max n 1 else 0) = 1 := sorry
theorem generic {R : Type} [Lean.Grind.CommRing R] (x : R) : x * x + 1 = 1 + x ^ 2 := sorry
theorem assumed {R : Type} [Add R] [OfNat R 5] (x : R) : x + 5 = x := sorry
theorem small : (2 + 2 : Fin 3) = 1 := rfl
theorem small_value : (2 : Fin 1).val + 3 = 3 := rfl
theorem small_sum (x : Fin 3) : x + 2 = x - 1 := sorry
theorem cast_number : ((2 : Nat) : Int) = 2 := rfl
theorem function : (fun x : Fin 3 => x + 2) = fun x => x - 1 := sorry
theorem some_number : (∃ n, n + 1 = 0) ∨ ∃ x : Int, x + 1 = 0 := sorry
theorem default_value : (default : Fin 5) = 5 := rfl
theorem powers : (2 : Fin 3) ^ 2 * 2 = 2 := rfl

section
local instance (priority := high) five : OfNat Nat 5 := ⟨4⟩
theorem numeral : 2 + 2 = 5 := rfl
end
section
local instance (priority := high) plus : HAdd Nat Nat Nat := ⟨fun n _ => n⟩
theorem sum (n m : Nat) : n + m = n := rfl
end
section
local instance (priority := high) less : LE Nat := ⟨fun _ _ => True⟩
theorem le (n : Nat) : n ≤ 0 := trivial
end
section
local instance (priority := high) divides : Dvd Nat := ⟨fun _ _ => True⟩
theorem dvd : 2 ∣ 3 := trivial
end
section
noncomputable local instance (priority := high) decides (p : Prop) : Decidable p := Classical.propDecidable p
theorem cond (n : Nat) : (if n = 3 then 1 else 1) = 1 := sorry
end
section
local instance (priority := high) larger : Max Nat := ⟨fun n _ => n⟩
theorem maximum : max 1 2 = 1 := rfl
end
section
local instance (priority := high) cast : NatCast Int := ⟨fun _ => 0⟩
theorem casts (n : Nat) : (n : Int) = 0 := rfl
end
section
local instance (priority := high) appends : Append (List Nat) := ⟨fun xs _ => xs⟩
theorem append (xs : List Nat) : xs ++ [1] = xs := rfl
end

theorem inline : @Eq Nat (@OfNat.ofNat Nat (nat_lit 5) ⟨4⟩) 4 := rfl
theorem built : @HAdd.hAdd Nat Nat Nat (@instHAdd Nat ⟨Nat.mul⟩) 2 3 = 6 := rfl
theorem turned : @LT.lt Nat (@ltOfOrd Nat (Ord.opposite inferInstance)) 3 2 := by decide
theorem given [inst : Add Nat] (n : Nat) : n + 0 = n := sorry
theorem by_argument (h : OfNat Nat 5) : @OfNat.ofNat Nat (nat_lit 5) h = 4 := sorry
theorem through_let : (let _ : Add Nat := ⟨Nat.mul⟩; 2 + 3) = 6 := rfl
theorem wrapped : @HAdd.hAdd Nat Nat Nat (@id _ ⟨Nat.mul⟩) 2 3 = 6 := rfl

theorem silent : (fun (_ : Empty) => 0) = (fun _ => 1) := funext nofun
theorem empty_sum : ([] : List (Fin 3)).sum = 3 := rfl
theorem bound : (let x : Fin 3 := default; x = 3) := rfl
theorem character : 'a'.val = 4294967393 := rfl
theorem identity : id (Zero.zero : Fin 3) = 3 := rfl
theorem first : Prod.fst (default : Fin 3 × Nat) = 3 := rfl
theorem last : Fin.last 3 = 7 := rfl
theorem other (α : Type) (a : α) (h : ∀ x y : α, x = y) : ∃ n : α, ¬ ∃ m : α, ¬ m = n :=
  ⟨a, fun ⟨m, hm⟩ => hm (h m a)⟩
theorem under (α : Type) : (fun [Add α] (x : α) => x + x) = fun [Add α] x => x + x := rfl

theorem behind_id : @HAdd.hAdd Nat Nat Nat
    (@instHAdd Nat (@id (Add Nat → Add Nat) (fun _ => ⟨fun n _ => n⟩) instAddNat)) 2 2 = 2 := rfl
theorem behind_as : @HAdd.hAdd Nat Nat Nat
    (@instHAdd Nat (@inferInstanceAs (Add Nat → Add Nat) (fun _ => ⟨fun n _ => n⟩) instAddNat)) 2 2 = 2 := rfl
theorem let_within : @HAdd.hAdd Nat Nat Nat (@instHAdd Nat (let i := ⟨Nat.mul⟩; i)) 2 3 = 6 := rfl
theorem any_type : ∃ h : (α : Type) → Inhabited α → Add α,
    @HAdd.hAdd Nat Nat Nat (@instHAdd Nat (h Nat inferInstance)) 2 2 = 2 := ⟨fun _ _ => ⟨fun a _ => a⟩, rfl⟩
theorem two_sums (α : Type) [i : Add α] [j : Add α] (x : α) :
    @HAdd.hAdd α α α (@instHAdd α i) x x = @HAdd.hAdd α α α (@instHAdd α j) x x := sorry
theorem two_ways (α : Type) [Add α] [j : HAdd α α α] (x : α) :
    @HAdd.hAdd α α α instHAdd x x = @HAdd.hAdd α α α j x x := sorry
theorem by_parent (α : Type) [Add α] [j : Lean.Grind.Semiring α] (x : α) :
    @HAdd.hAdd α α α (@instHAdd α j.toAdd) x x = x + x := sorry
theorem two_classes (α : Type) [Add α] [Mul α] [LE α] [DecidableEq α] [LawfulBEq α] (x : α) :
    x + x ≤ x * x ∧ if x = x then True else False := sorry
theorem functions (α : Type) (β : α → Type) [∀ a, Add (β a)] (a : α) (b : β a) : b + b = b := sorry
abbrev Sum (_ : Type) := Add Nat
theorem own_name (α : Type) [Sum α] : @HAdd.hAdd Nat Nat Nat (@instHAdd Nat ‹Sum α›) 2 2 = 5 := sorry

class Odd (α : Type) extends Add α, OfNat α 5
theorem own_class [Odd Nat] : @HAdd.hAdd Nat Nat Nat (@instHAdd Nat Odd.toAdd) 2 2 =
    @OfNat.ofNat Nat (nat_lit 5) Odd.toOfNat := sorry
theorem own_class_variable {R : Type} [Odd R] (x : R) : x + x = 5 := sorry

structure Grid where
  rows : Nat
instance : Add Grid := ⟨fun a _ => a⟩
theorem own_type (a b : Grid) : a + b = a := rfl

inductive Eq (n : Nat) : Nat → Prop
  | any : (m : Nat) → Twin.Eq n m
theorem shadow : Twin.Eq 2 3 := .any 3
def Nat.add (_ _ : Nat) : Nat := 5
theorem shadowed : Twin.Nat.add 2 2 = 5 := rfl
abbrev Νat := Fin 1
theorem greek (x : Νat) : x = 0 := sorry
structure «Nаt» where
theorem cyrillic (x y : «Nаt») : x = y := sorry
theorem named (Nat : Type) («2 = 3» : Nat) : «2 = 3» = «2 = 3» := rfl
theorem text : "a\\u202eb" = "a\\u202eb" := rfl
theorem overapplied : (~~~ ((default : Nat → BitVec 3) 0)).toNat < 8 := sorry
theorem joined (x : BitVec 2) : (x ++ (5 : BitVec 3)).toNat < 32 := sorry
theorem joined_alike (x y : BitVec 2) (h : x ++ y = (5 : BitVec 4)) : x ++ (1 : BitVec 2) = y ++ x := sorry
def double (n : Nat) : Nat := n + n
abbrev pair : Nat → Nat × Nat := fun n => (n, double n)
def zero : Nat → Nat := Twin.double
end Twin
"""

STATEMENTS = {
    "plain": "(n m : Nat) (h : n ≤ m) : (n + 0) * 2 - m ^ 2 % 3 = 5 ∨ n ∣ m",
    "order": "(xs : List Nat) (x : Int) : -x < ↑(List.length xs) ∧ xs ++ [1] ≠ []",
    "chosen": "(n : Nat) : (if n < 2 then Max.max n 1 else 0) = 1",
    "generic": "{R : Type} [Lean.Grind.CommRing R] (x : R) : x * x + 1 = 1 + x ^ 2",
    "assumed": "{R : Type} [Add R] [OfNat R 5] (x : R) : x + 5 = x",
    "small": "(2 : Fin 3) + 2 = 1",
    "small_value": "(2 : Fin 1).val + 3 = 3",
    "small_sum": "(x : Fin 3) : x + 2 = x - 1",
    "cast_number": "(↑2 : Int) = 2",
    "function": "(fun (x : Fin 3) => x + 2) = (fun (x : Fin 3) => x - 1)",
    "some_number": "(∃ n, n + 1 = 0) ∨ (∃ (x : Int), x + 1 = 0)",
    "default_value": "(Inhabited.default : Fin 5) = 5",
    "powers": "(2 : Fin 3) ^ 2 * 2 = 2",
    "numeral": "2 + 2 = 5⟨Twin.five⟩",
    "sum": "(n m : Nat) : n +⟨Twin.plus⟩ m = n",
    "le": "(n : Nat) : n ≤⟨Twin.less⟩ 0",
    "dvd": "2 ∣⟨Twin.divides⟩ 3",
    "cond": "(n : Nat) : (if⟨Twin.decides⟩ n = 3 then 1 else 1) = 1",
    "maximum": "Max.max⟨Twin.larger⟩ 1 2 = 1",
    "casts": "(n : Nat) : (↑⟨Twin.cast⟩n : Int) = 0",
    "append": "(xs : List Nat) : xs ++⟨Twin.appends⟩ [1] = xs",
    "inline": "5⟨OfNat.mk 4⟩ = 4",
    "built": "2 +⟨Add.mk Nat.mul⟩ 3 = 6",
    "turned": "3 <⟨ltOfOrd⟨Ord.opposite (inferInstance : Ord Nat)⟩⟩ 2",
    "given": "[inst : Add Nat] (n : Nat) : n +⟨inst⟩ 0 = n",
    "by_argument": "(h : OfNat Nat 5) : 5⟨h⟩ = 4",
    "through_let": "(let x : Add Nat := Add.mk Nat.mul; 2 +⟨Add.mk Nat.mul⟩ 3) = 6",
    "wrapped": "2 +⟨HAdd.mk Nat.mul⟩ 3 = 6",
    "silent": "(fun (_ : Empty) => 0) = (fun (_ : Empty) => 1)",
    "empty_sum": "List.sum ([] : List (Fin 3)) = (3 : Fin 3)",
    "bound": "let x : Fin 3 := Inhabited.default; x = (3 : Fin 3)",
    "character": "(Char.ofNat 97).val = (4294967393 : UInt32)",
    "identity": "id (Zero.zero : Fin 3) = (3 : Fin 3)",
    "first": "(Inhabited.default : Fin 3 × Nat).fst = (3 : Fin 3)",
    "last": "Fin.last 3 = (7 : Fin (3 + 1))",
    "other": "(α : Type) (a : α) (h : ∀ (x y : α), x = y) : ∃ (n : α), ¬(∃ (m : α), ¬m = n)",
    "under": "(α : Type) : (fun [inst : Add α] (x : α) => x + x) = (fun [inst : Add α] (x : α) => x + x)",
    "behind_id": "2 +⟨id (fun (_ : Add Nat) => Add.mk (fun n _ => n)) instAddNat⟩ 2 = 2",
    "behind_as": "2 +⟨inferInstanceAs⟨Add.mk (fun n _ => n)⟩ (Add Nat → Add Nat) instAddNat⟩ 2 = 2",
    "let_within": "2 +⟨let i : Add Nat := Add.mk Nat.mul; i⟩ 3 = 6",
    "any_type": "∃ (h : (α : Type) → Inhabited α → Add α), 2 +⟨h Nat (inferInstance : Inhabited Nat)⟩ 2 = 2",
    "two_sums": "(α : Type) [i j : Add α] (x : α) : x + x = x +⟨j⟩ x",
    "two_ways": "(α : Type) [Add α] [j : HAdd α α α] (x : α) : x + x = x +⟨j⟩ x",
    "by_parent": "(α : Type) [Add α] [j : Lean.Grind.Semiring α] (x : α) : x +⟨j⟩ x = x + x",
    "two_classes": "(α : Type) [Add α] [Mul α] [LE α] [DecidableEq α] [LawfulBEq α] (x : α)"
    " : x + x ≤ x * x ∧ (if x = x then True else False)",
    "functions": "(α : Type) (β : α → Type) [(a : α) → Add (β a)] (a : α) (b : β a) : b + b = b",
    "own_name": "(α : Type) [inst : Twin.Sum α] : 2 +⟨inst⟩ 2 = 5",
    "own_class": "[inst : Odd Nat] : 2 +⟨inst⟩ 2 = 5⟨inst⟩",
    "own_class_variable": "{R : Type} [Odd R] (x : R) : x + x = 5",
    "own_type": "(a b : Grid) : a +⟨Twin.instAddGrid⟩ b = a",
    "shadow": "Twin.Eq 2 3",
    "shadowed": "Twin.Nat.add 2 2 = 5",
    "greek": "(x : Twin.\\u039dat) : x = 0",
    "cyrillic": "(x y : Twin.«N\\u0430t») : x = y",
    "named": "(Nat_ : Type) («2 = 3» : Nat_) : «2 = 3» = «2 = 3»",
    "overapplied": "BitVec.toNat (Complement.complement ((Inhabited.default : Nat → BitVec 3) 0)) < 8",
    "joined": "(x : BitVec 2) : BitVec.toNat (x ++ (5 : BitVec 3)) < 32",
    "joined_alike": "(x y : BitVec 2) (h : x ++ y = 5) : x ++ 1 = y ++ x",
    "text": '"a\\u202eb" = "a\\u202eb"',
}

DEFINITIONS = {
    "five": "OfNat Nat 5 := OfNat.mk 4",
    "double": "(n : Nat) : Nat := n + n",
    "pair": "(a : Nat) : Nat × Nat := Prod.mk a (Twin.double a)",
    "zero": "Nat → Nat := Twin.double",
    "Grid": "Type | mk (rows : Nat) : Grid",
    "plain": STATEMENTS["plain"],
}


@pytest.fixture(name="compiled", scope="module")
def _compiled(embedded: Provider, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    root = tmp_path_factory.mktemp("twin")
    source = root / "Twin.lean"
    source.write_text(SOURCE, encoding="utf-8")
    with embedded.pool(1, time_limit=120) as pool:
        done = pool.elaborate(Job(source=source, root=root, olean=root / "Twin.olean", search_path=(root,)))
    assert done.ok, done.diagnostics
    environment = Environment([root], library=embedded.library)
    environment.load("Twin")
    return environment


@pytest.mark.parametrize(("name", "text"), STATEMENTS.items())
def test_a_statement_says_what_stands_behind_its_notation(
    compiled: Environment, name: str, text: str
) -> None:
    constant = compiled.constant(f"Twin.{name}")
    assert constant is not None
    assert statement_text(constant, compiled) == text


def test_a_shared_instance_is_looked_at_once(compiled: Environment) -> None:
    type_: Expr = const("Nat")
    instance: Expr = const("instInhabitedNat")
    for _ in range(50):
        type_, instance = (
            app(const("Prod"), type_, type_),
            app(const("instInhabitedProd"), type_, type_, instance, instance),
        )
    assert Instances(compiled).strange(instance, []) == []
    own = Instances(compiled).strange(
        app(const("instInhabitedProd"), type_, type_, instance, const("Twin.five")), []
    )
    assert own == ["Twin.five"]


@pytest.mark.parametrize(("name", "text"), DEFINITIONS.items())
def test_a_definition_says_its_body(compiled: Environment, name: str, text: str) -> None:
    constant = compiled.constant(f"Twin.{name}")
    assert constant is not None
    assert definition_text(constant, compiled) == text
