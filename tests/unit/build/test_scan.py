"""What a source declares, told from its text alone."""

from __future__ import annotations

import pytest

from lean_bridge.build.scan import scan_declarations


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


def test_what_stands_behind_an_exit_or_a_guard_says_so() -> None:
    text = (
        "theorem a : T := t\n#guard_msgs in\ntheorem b : T := t\ntheorem c : T := t\n#exit\nexample : T := t"
    )
    a, b, c, d = scan_declarations(text).declared
    assert [each.is_expected_to_fail for each in (a, b, c, d)] == [False, True, False, False]
    assert [each.after_exit for each in (a, b, c, d)] == [None, None, None, 5]


def test_a_quotation_that_ends_nowhere_is_reported_with_what_it_hides() -> None:
    scan = scan_declarations("x := 1\ny := `(\ntheorem a : T := t\ntheorem b : T := t")
    assert scan.declared == ()
    assert scan.unclosed_quotation is not None
    line, hidden = scan.unclosed_quotation
    assert (line, hidden.keyword, hidden.line) == (2, "theorem", 3)
    assert scan_declarations("x := `(y)\ntheorem a : T := t").unclosed_quotation is None
