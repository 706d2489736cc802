"""Ordinary files, without ``module``, are elaborated as modules, every line in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.library.judgement import forget
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import VerifyReport
from tests.adversarial.corpus import TwinProject

pytestmark = pytest.mark.lean

LAKEFILE = 'name = "Plain"\n\n[[lean_lib]]\nname = "Plain"\nglobs = ["Plain.+"]\n'
BASE = """/-
A file as most are.
-/

private def three : Nat := 3

def above : Nat := three + 1

def shifted (l : List Nat) : List Nat := l.map (· + 1) ++ l

structure Pair where
  left : Nat
  right : Option Nat
deriving DecidableEq, Repr

instance : Add Pair := ⟨fun x y => ⟨x.left + y.left, x.right⟩⟩

inductive Tree | leaf | node (l r : Tree)
deriving BEq, Repr

namespace Tree

def size : Tree → Nat
  | leaf => 1
  | node l r => l.size + r.size

@[simp] theorem size_leaf : size leaf = 1 := rfl

end Tree

local macro "five!" : term => `(5)

theorem five : five! = 5 := rfl

private theorem same : 1 = 1 := rfl

theorem of_three (n : Nat) (h : n = three) : n = 3 := h
"""
UPON = """import Plain.Base
-- what the other file declares is seen, with its body

private def three : Nat := 7

theorem unfolds : above = 4 := rfl
theorem computes : (Tree.node .leaf .leaf).size = 2 := by simp [Tree.size]
theorem own : three = 7 := rfl
theorem likened : (Tree.leaf == .leaf) = true := by simp [BEq.beq, instBEqTree.beq]
theorem added (x y : Pair) : (x + y).left = x.left + y.left := rfl
private theorem same : 2 = 2 := rfl
"""
FIRST = "theorem first : 1 = 1 := rfl theorem second : 1 = 2 := by sorry\ntheorem third : 1 = 1 := rfl\n"


@pytest.fixture(name="lean", scope="module")
def _lean(embedded: Provider) -> Iterator[Provider]:
    with keep_warm(embedded, 1, time_limit=120.0) as lean:
        yield lean


def project(root: Path, files: dict[str, str]) -> Path:
    (root / "Plain").mkdir(parents=True)
    (root / "lakefile.toml").write_text(LAKEFILE)
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    for file, text in files.items():
        (root / "Plain" / f"{file}.lean").write_text(text, encoding="utf-8")
    return root


def judge(root: Path, lean: Provider) -> VerifyReport:
    try:
        return TwinProject(root, lean).verify(workers=1)
    finally:
        forget(root)


def test_ordinary_files_are_judged_and_the_report_says_as_what(lean: Provider, tmp_path: Path) -> None:
    root = project(tmp_path, {"Base": BASE, "Upon": UPON})
    report = judge(root, lean)
    assert report.verdict == "accepted", report.reason
    found = {each.name: each for each in report.declarations}
    names = {
        *(
            "above",
            "shifted",
            "Pair",
            "instAddPair",
            "Tree",
            "Tree.size",
            "Tree.size_leaf",
            "five",
            "of_three",
        ),
        *("unfolds", "computes", "own", "added", "likened"),
        *("_private.Plain.Base.0.three", "_private.Plain.Upon.0.three"),
        *("_private.Plain.Base.0.same", "_private.Plain.Upon.0.same"),
    }
    assert names <= found.keys(), "what an ordinary file calls private stays so, and all else is public"
    assert [name for name, each in found.items() if each.source is None] == [], (
        "what is derived is its type's"
    )
    source = found["above"].source
    assert source is not None
    assert (source.file, source.line, source.column) == ("Plain/Base.lean", 7, 1)
    assert source.text == "def above : Nat := three + 1"
    told = [note for note in report.notes if note.startswith("elaborated as a module: ")]
    assert len(told) == 1
    assert "Plain/Base.lean, Plain/Upon.lean, which have no `module`" in told[0]
    assert report.build is not None
    assert [each.as_module for each in report.build.modules] == [True, True]


def test_what_stands_on_the_line_that_is_added_to_is_found_where_it_stands(
    lean: Provider, tmp_path: Path
) -> None:
    report = judge(project(tmp_path, {"First": FIRST}), lean)
    assert (report.verdict, report.code) == ("rejected", "LB205")
    texts = {}
    for each in report.declarations:
        assert each.source is not None
        texts[each.name] = (each.source.line, each.source.column, each.source.text)
    assert texts == {
        "first": (1, 1, "theorem first : 1 = 1 := rfl"),
        "second": (1, 30, "theorem second : 1 = 2 := by sorry"),
        "third": (2, 1, "theorem third : 1 = 1 := rfl"),
    }
    assert report.build is not None
    (warning,) = report.build.modules[0].diagnostics
    assert (warning.line, warning.column) == (1, FIRST.index("second"))


def test_a_module_imports_no_ordinary_file(lean: Provider, tmp_path: Path) -> None:
    files = {
        "Base": "theorem base : 1 = 1 := rfl\n",
        "Upon": "module\nimport Plain.Base\npublic section\ntheorem upon : 1 = 1 := rfl\n",
    }
    report = judge(project(tmp_path, files), lean)
    assert (report.verdict, report.code) == ("rejected", "LB101")
    assert report.build is not None
    (said,) = report.build.modules[1].diagnostics
    assert (said.line, said.text) == (2, "cannot import non-`module` Plain.Base from `module`")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("theorem a : 1 = 1 := rfl\npublic theorem b : 1 = 1 := rfl\n", 2, "says `public`, as modules do"),
        ("import all Init.Prelude\ntheorem a : 1 = 1 := rfl\n", 1, "says `import all`, as modules do"),
        ("theorem a : 1 = 1 := rfl\nend\ntheorem b : 1 = 1 := rfl\n", 2, "invalid 'end'"),
        (
            'def five : Nat := 5\nmacro "five!" : term => return Lean.quote five\ntheorem a : 1 = 1 := rfl\n',
            2,
            "runs a definition of this library",
        ),
    ],
)
def test_where_that_does_not_do_it_is_said(
    text: str, line: int, says: str, lean: Provider, tmp_path: Path
) -> None:
    report = judge(project(tmp_path, {"A": text}), lean)
    assert (report.verdict, report.code) == ("no verdict", "LB911")
    assert f"Plain/A.lean:{line}:" in str(report.reason)
    assert says in str(report.reason)
    assert "has no `module`" in str(report.reason)


def test_words_of_modules_in_comments_and_strings_are_none(lean: Provider, tmp_path: Path) -> None:
    text = '-- public\n/- meta -/\ndef said : String := "public"\ntheorem a : 1 = 1 := rfl -- AsModule\n'
    assert judge(project(tmp_path, {"A": text}), lean).verdict == "accepted"


def test_what_is_not_proved_is_not_accepted_as_a_module_either(lean: Provider, tmp_path: Path) -> None:
    files = {"A": "theorem a : 1 = 2 := rfl\n", "B": "theorem b : 1 = 1 := rfl\n"}
    report = judge(project(tmp_path, files), lean)
    assert report.verdict == "no verdict"
    assert "Lean says: " in str(report.reason)


def test_a_name_of_a_module_that_is_not_imported_is_told_with_that_module(
    lean: Provider, tmp_path: Path
) -> None:
    head = "module\npublic section\n"
    files = {
        "A": f"{head}namespace Deep\ntheorem there : 1 = 1 := rfl\nend Deep\n",
        "B": f"{head}theorem upon : 1 = 1 := Deep.there\ntheorem other : 1 = 1 := nowhere\n",
    }
    report = judge(project(tmp_path, files), lean)
    assert (report.verdict, report.code) == ("rejected", "LB101")
    assert report.build is not None
    first, second = report.build.modules[1].diagnostics
    assert first.text.endswith(
        "\nDeep.there is declared in Plain.A (Plain/A.lean:4), which Plain/B.lean does not import"
    )
    assert "is declared in" not in second.text
