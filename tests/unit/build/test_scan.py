"""What a source declares, told from its text alone."""

from __future__ import annotations

import time

import pytest

from lean_bridge.build.grammar import Grammar
from lean_bridge.build.scan import scan_declarations, scan_examples


def names(text: str) -> list[str]:
    return [f"{each.keyword} {'.'.join(each.name)}".strip() for each in scan_declarations(text).declared]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("theorem a : True := trivial", ["theorem a"]),
        ("run_cmd pure () theorem a : True := trivial def b := 1", ["theorem a", "def b"]),
        ("@[simp] private theorem a.b : True := trivial", ["theorem a.b"]),
        ("set_option autoImplicit false in\nprotected\ntheorem a : True := trivial", ["theorem a"]),
        ("open Nat in theorem a : True := trivial", ["theorem a"]),
        ("theorem «a b».c : True := trivial", ["theorem a b.c"]),
        ("theorem a.{u} (α : Sort u) : True := trivial", ["theorem a"]),
        ("def α₁' := 1\nabbrev x! := 2", ["def α₁'", "abbrev x!"]),
        ("class inductive C | a\nstructure S where\nclass D", ["inductive C", "structure S", "class D"]),
        ("axiom a : False\nopaque b : Nat\ninductive I | c", ["axiom a", "opaque b", "inductive I"]),
        ("lemma a : True := trivial\ndef lemma' := 1", ["lemma a", "def lemma'"]),
        ("example : 1 = 1 := rfl", ["example"]),
        ("instance : Add A := x\ninstance foo : Add B := y", ["instance", "instance foo"]),
        ("instance (priority := low) foo : B := y", ["instance foo"]),
        ("instance (priority := 5) : X := y", ["instance"]),
        ("instance [Add A] : Add B := x\ninstance {A} : X := y", ["instance", "instance"]),
        ("mutual theorem a : T := b theorem b : T := a end", ["theorem a", "theorem b"]),
        ("f ..\ntheorem a : T := t", ["theorem a"]),
        ("f ..theorem a : T := t", ["theorem a"]),
        ("0b1theorem a : T := t", ["theorem a"]),
        ("0o7theorem a : T := t", ["theorem a"]),
        ("1e5theorem a : T := t", ["theorem a"]),
        ("1_0theorem a : T := t", ["theorem a"]),
        ("x.1.theorem a : T := t", ["theorem a"]),
        ("жtheorem a : T := t", ["theorem a"]),
        ("λtheorem a : T := t", ["theorem a"]),
        ("theorem é.œuvre : T := t", ["theorem é.œuvre"]),
        ("x²theorem a : T := t", ["theorem a"]),
        ("#theorem a : T := t", ["theorem a"]),
        ("#wheretheorem a : T := t", ["theorem a"]),
        ('s!"{"/-"}" theorem a : T := t', ["theorem a"]),
        ('s!"\\{{f {x := "\\"}/-"}}" theorem a : T := t', ["theorem a"]),
        ("'\n'\"' theorem b\" theorem a : T := t", ["theorem a"]),
        ("1.5_0theorem a : T := t", ["theorem a"]),
        ("1e5_0theorem a : T := t", ["theorem a"]),
        ("/-/- x -/ theorem a : T := t", ["theorem a"]),
        ('/--/ x " -/ theorem a : T := t -- "', ["theorem a"]),
        ('/-- -- " -/\n-/ theorem a : T := t -- "', ["theorem a"]),
        ("/-! /-/- -/ -/ theorem a : T := t", ["theorem a"]),
        ("/-/ theorem b -/ theorem a : T := t", ["theorem a"]),
        ("/--- theorem b -/ theorem a : T := t", ["theorem a"]),
        ("/---/ theorem a : T := t", ["theorem a"]),
        ("variable («a\n/-» : Nat) theorem a : T := t", ["theorem a"]),
        ("variable («/-» : Nat) theorem a : T := t", ["theorem a"]),
        ("variable (a.«» : Nat) theorem a : T := t", ["theorem a"]),
        ("f \xa0--\x0ctheorem b\r\ntheorem a : T := t", ["theorem a"]),
    ],
)
def test_declarations_are_found_wherever_they_stand(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "-- theorem a : True := trivial",
        "/- theorem a /- def b -/ def c -/",
        "/-- theorem a -/\n/-! def b -/",
        'def_ := "theorem a"',
        'x := "\\" theorem a"',
        'x := r"\\" y := r#"" theorem a"#',
        "x := `theorem ++ ``def ++ `Lean.Parser.Command.theorem",
        "x := «theorem» a",
        "x := Foo.theorem",
        "theorem' a",
        "x := `(theorem $n : True := trivial)",
        "macro_rules | `(m $n) => `(\ntheorem a : True := by (simp [x]; exact (1))\n)",
        "deriving instance DecidableEq for A\nattribute [instance] a\nattribute [local instance, simp] b",
        "@[instance 100] x",
        "#eval \"{\" ++ 'x' ++ '\"' -- \" theorem a",
        "'\"' -- theorem a \"",
        's!"{f "theorem a"} theorem b {1}"',
        "deriving noncomputable instance A for B",
        "f (x).theorem",
    ],
)
def test_what_is_no_declaration_is_not_taken_for_one(text: str) -> None:
    assert names(text) == []


def test_names_are_completed_by_the_open_namespaces() -> None:
    text = """
    namespace A.B
    section C
    theorem a : True := trivial
    end C
    end B
    theorem b : True := trivial
    noncomputable section
    theorem _root_.c : True := trivial
    end
    section D.E
    end D.E
    mutual
    theorem d : True := trivial
    end
    end A
    theorem e : True := trivial
    """
    expected = ["A.B.a", "A.b", "c", "A.d", "e"]
    assert names(text) == [f"theorem {name}" for name in expected]


def test_positions_are_as_lean_counts_them() -> None:
    (found,) = scan_declarations("-- α\n\n  /- β -/ theorem a : True := trivial").declared
    assert (found.line, found.column) == (3, 10)


def test_what_stands_under_a_guard_says_so() -> None:
    text = "theorem a : T := t\n#guard_msgs in\ntheorem b : T := t\ntheorem c : T := t\nexample : T := t"
    found = [each.is_expected_to_fail for each in scan_declarations(text).declared]
    assert found == [False, True, False, False]


def test_a_quotation_that_ends_nowhere_is_reported_with_what_it_hides() -> None:
    scan = scan_declarations("x := 1\ny := `(\ntheorem a : T := t\ntheorem b : T := t")
    assert scan.declared == ()
    assert scan.unclosed_quotation is not None
    line, hidden = scan.unclosed_quotation
    assert (line, hidden.keyword, hidden.line) == (2, "theorem", 3)
    assert scan_declarations("x := `(y)\ntheorem a : T := t").unclosed_quotation is None


@pytest.mark.parametrize(
    "text",
    [
        'fail "{"/-"}"\n-- -/',
        'x := "{" ++ y',
        'fail "{ -- }"',
        'postfix "<--" => f',
        'postfix " /-" => f',
        'notation "x\\"" => f',
        "x⁻¹'\"'",
        'notation "<\\x2d-" => f',
        "let x <--1",
        "x //-1",
        "#guard_msgsin",
        "``(x)",
        'm!"{"theorem b"}"',
        'f!"{" /- "}"',
    ],
)
def test_where_the_text_does_not_tell_what_ends_where_it_says_so(text: str) -> None:
    unclear = scan_declarations(f"\n{text}\ntheorem a : T := t").unclear
    assert unclear is not None
    assert unclear[0] == 2


@pytest.mark.parametrize(
    "text",
    [
        's!"{x} -- {y}"',
        'm!"{f "x"} -- {g "y"}"',
        'x := "(" ++ `(y)',
        '"{x}" ++ "}" ++ "\\x7b"',
        "f ('\"') ['-']",
        'notation "⁻¹\'" => f',
        'x := "a -- b"',
    ],
)
def test_where_the_text_tells_nothing_is_unclear(text: str) -> None:
    assert scan_declarations(text).unclear is None


@pytest.mark.parametrize(
    "text",
    [
        'syntax "%a" : command\n%atheorem a : T := t',
        'syntax "%a" : command\n%a.theorem a : T := t',
        'syntax "%a" : command\n@[simp]%atheorem a : T := t',
        'syntax "(a" : command\n(atheorem a : T := t',
        'syntax "x%a" : command\nx%atheorem a : T := t',
        'syntax "#a" : command\n#atheorem a : T := t',
        'syntax "\\x25a" : command\n%atheorem a : T := t',
        'syntax r"%a" : command\n%aexample : T := t',
        'notation "%0x" => f\nx := y%0xdef a := 1',
        'notation "%`" => f\n%`theorem a : T := t',
        'syntax "%-" "-" : command\n%--theorem a : T := t',
        'syntax "%/" "-" : command\n%/-theorem a : T := t -/',
        'syntax "%r#" str : command\n%r#"a" theorem a : T := t --"#',
        'syntax "%s!" str : command\n%s!"{" theorem a : T := t --}"',
        'notation "%a" => f\nx := %ar"\\" ++ "',
        's!"{"%a"}" ++ "%a"\n%amutual',
        'syntax "%a" : command\n%anamespace A',
        'syntax "%a" : command\n%aend A',
        'syntax "\xa0a" : command\n\xa0atheorem a : T := t',
        'syntax "[:" term : term\nx := `([: 1) theorem b : T := t ])',
        'syntax term ":)" : term\nx := `(f (1 :) theorem b : T := t ))',
    ],
)
def test_where_a_token_may_end_within_a_word_it_says_so(text: str) -> None:
    unclear = scan_declarations(text).unclear
    assert unclear is not None
    assert unclear[0] == 2


@pytest.mark.parametrize(
    "text",
    [
        'syntax "%a" : command\n%a theorem a : T := t',
        'syntax "%" : command\n%atheorem',
        'notation "√" => f\nx := √(mul_def) + √x',
        'x := f "(" ++ "-" ++ "/" ++ "`" ++ "#" ++ "." ++ "a" ++ "th" ++ "s!" ++ "Foo."\n'
        'y := (mul_def a) [a.def] `atheorem ``theorem #check a -- b\nz := Foo.def s!"{a}" /- c -/',
        'elab "#list_all" : command => f\nelab "#list" : command => f\n#list_all\n#list a',
        'syntax "b" "∣" : term\nx := ∣b_def',
    ],
)
def test_tokens_that_change_nothing_leave_it_clear(text: str) -> None:
    assert scan_declarations(text).unclear is None


def test_a_token_of_another_module_is_one_too() -> None:
    text = "\n%atheorem a : T := t"
    assert scan_declarations(text).unclear is None
    unclear = scan_declarations(text, Grammar(tokens=frozenset({"%a"}))).unclear
    assert unclear == (2, "theorem stands against what may be a token that ends before it")


@pytest.mark.parametrize(
    ("grammar", "half"),
    [
        (Grammar(), "("),
        (Grammar(symbols=("(",)), "("),
        (Grammar(symbols=("a", " ( ", "(")), None),
        (Grammar(symbols=("(", "("), halves=("termA_",)), "termA_"),
    ],
)
def test_where_a_quotation_ends_is_known_if_rules_close_what_they_open(
    grammar: Grammar, half: str | None
) -> None:
    text = '\nmacro "a" "(" x:term "(" : command => `(theorem a : T := t)'
    unclear = scan_declarations(text, grammar).unclear
    assert (unclear is None) == (half is None)
    if unclear is not None:
        assert unclear[1].endswith(f"is not known where {half} may open or close a bracket alone")


def test_a_long_row_of_tokens_is_read_in_time_that_grows_with_it() -> None:
    """A second for a text of which each place may begin each of many tokens that end nowhere."""
    long = "%" * 20_000
    text = "".join(f'"{long[:length]}" ' for length in range(2, 90)) + f'"{long}!"\n{long}'
    began = time.process_time()
    scan_declarations(text)
    assert time.process_time() - began < 5


def test_a_theorem_called_lemma_may_be_applied() -> None:
    applied = "theorem lemma : P := p\ntheorem t : P := lemma two\ntheorem u : P :=\n  lemma two\n"
    assert [each.name for each in scan_declarations(applied).declared] == [("lemma",), ("t",), ("u",)]
    declared = (
        "lemma a : P := p\n@[simp] lemma b : P := p\nprivate lemma c : P := p\nopen N in lemma d : P := p\n"
    )
    assert [each.name for each in scan_declarations(declared).declared] == [("a",), ("b",), ("c",), ("d",)]


def test_in_a_prelude_no_string_is_surely_interpolated() -> None:
    text = 's!"{" theorem b "}"\ntheorem a : T := t'
    assert scan_declarations(text).unclear is None
    unclear = scan_declarations(f"prelude\n{text}").unclear
    assert unclear is not None
    assert unclear[0] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example : 1 = 2 := sorry", ["example : 1 = 2 := sorry"]),
        ("example : P :=\nsorry\n\n@[simp] def a := 1", ["example : P :=\nsorry"]),
        ("  example : P := by\n    open A in x\n  end\nsorry", ["example : P := by\n    open A in x"]),
        ("example : P := a\n#check sorry\ntheorem b : P := c", ["example : P := a"]),
        ("example : P := a example : Q := b", ["example : P := a", "example : Q := b"]),
        ("/- example : P := a -/ def b := 1\nmacro `(example : P := a)", []),
    ],
)
def test_an_example_ends_where_a_command_begins(text: str, expected: list[str]) -> None:
    assert [each.text for each in scan_examples(text)] == expected


def test_the_words_of_an_example_are_what_lean_reads() -> None:
    (found,) = scan_examples('\n example : "sorry".length = `(sorry) := /- sorry -/ a.sorry -- sorry\n')
    assert (found.line, found.column) == (2, 1)
    assert {"a.sorry", '"sorry"'} <= set(found.words)
    assert "sorry" not in found.words
