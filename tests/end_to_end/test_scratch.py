"""``lean-bridge lean FILE``: Lean's messages, our answers where Lean refuses them, and the exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.running_lean import run_here

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

MODULE = """module
public import Init
public section
namespace N
theorem plain : 1 + 1 = 2 := rfl
theorem byProp (p q : Prop) (h : p ↔ q) : p = q := propext h
private theorem hidden : 1 = 1 := rfl
theorem soon : 1 = 2 := sorry
#print axioms plain
#print axioms N.byProp   #check Nat
  #print axioms hidden
#print axioms Classical.em
end N
open N in
#print axioms soon
-- #print axioms nothing
/- #print axioms nothing -/
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    root.mkdir()
    (root / "lakefile.toml").write_text('[[lean_lib]]\nname = "L"\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "catalogue.toml").write_text('[[declaration]]\nname = "L.a"\nkind = "theorem"\ngroup = "L"\n')
    (root / "L.lean").write_text("module\npublic section\naxiom L.ax : 1 = 2\ntheorem L.a : 1 = 2 := L.ax\n")
    return root


def lean(file: Path, library: Path, *arguments: str) -> tuple[int, list[str], str]:
    result = run_here("lean", "-p", str(library), str(file), *arguments)
    return result.returncode, result.stdout.splitlines(), result.stderr


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_print_axioms_is_answered_where_it_stands_as_lean_would(library: Path, tmp_path: Path) -> None:
    status, said, _ = lean(write(tmp_path / "Scratch.lean", MODULE), library)
    assert said[0] == "Scratch.lean:8:8: warning: declaration uses `sorry`"
    assert said[1:4] == [
        "Scratch.lean:9:0: info: 'N.plain' does not depend on any axioms",
        "Scratch.lean:10:0: info: 'N.byProp' depends on axioms: [propext]",
        "Scratch.lean:10:25: info: Nat : Type",
    ]
    assert said[4] == "Scratch.lean:11:2: info: 'N.hidden' does not depend on any axioms"
    assert said[5] == (
        "Scratch.lean:12:0: info: 'Classical.em' does not depend on any axioms that are seen; below it, a "
        "theorem of Lean's library without proof, which nothing here can follow"
    )
    assert said[6].startswith("Scratch.lean:15:0: info: 'N.soon' depends on axioms: [sorryAx]")
    assert len(said) == 7
    assert status == 0


def test_a_file_without_module_is_answered_too_and_in_json(library: Path, tmp_path: Path) -> None:
    text = "import L\ntheorem two : 1 + 1 = 2 := rfl\n#print axioms two\n#print axioms L.a\n"
    status, said, _ = lean(write(tmp_path / "Scratch.lean", text), library, "--json")
    assert [json.loads(line) for line in said] == [
        {
            "file": "Scratch.lean",
            "line": line,
            "column": 0,
            "severity": "information",
            "text": answer,
        }
        for line, answer in (
            (3, "'two' does not depend on any axioms"),
            (4, "'L.a' depends on axioms: [L.ax]"),
        )
    ]
    assert status == 0


def test_a_file_without_module_is_elaborated_as_one_as_the_library_is_and_that_is_said(
    library: Path, tmp_path: Path
) -> None:
    text = (
        "import L def twice (l : List Nat) := l ++ l #check twice\n"
        "private theorem own : twice [1] = [1, 1] := rfl\ntheorem two : twice [1] = [1, 1] := own\n"
        "#print axioms two\n"
    )
    status, said, told = lean(write(tmp_path / "Scratch.lean", text), library)
    assert said == [
        f"Scratch.lean:1:{text.index('#check')}: info: twice (l : List Nat) : List Nat",
        "Scratch.lean:4:0: info: 'two' does not depend on any axioms",
    ]
    assert (status, told.splitlines()[-1]) == (
        0,
        "lean-bridge: Scratch.lean has no `module`, and was elaborated as one: its imports and declarations "
        "are public",
    )
    status, said, told = lean(write(tmp_path / "Words.lean", "public def a := 1\n"), library)
    assert (status, said) == (2, [])
    mend = "Words.lean:1: says `public`, as modules do, and has no `module`; begin it with `module`, or do"
    assert f"lean-bridge: LB911 {mend}" in told


def test_a_module_imports_no_ordinary_file_as_none_of_the_library_does(library: Path, tmp_path: Path) -> None:
    write(library / "L.lean", "theorem L.a : 1 = 1 := rfl\n")
    text = "module\n-- as it stands\npublic import Init\nimport L\npublic theorem up : 1 + 1 = 2 := rfl\n"
    status, said, _ = lean(write(tmp_path / "S.lean", text), library)
    assert (status, said) == (1, ["S.lean:4:0: error: cannot import non-`module` L from `module`"])


def test_the_file_counts_and_not_the_module_of_its_name_in_the_library(library: Path, tmp_path: Path) -> None:
    text = "module\npublic theorem L.a : 1 + 1 = 2 := rfl\n#print axioms L.a\n"
    status, said, _ = lean(write(tmp_path / "L.lean", text), library)
    assert (status, said) == (0, ["L.lean:3:0: info: 'L.a' does not depend on any axioms"])


def test_nothing_is_told_of_a_file_that_lean_refuses(library: Path, tmp_path: Path) -> None:
    text = "module\ntheorem two : 1 + 1 = 3 := rfl\n#print axioms two\n#print axioms nothing\n"
    status, said, _ = lean(write(tmp_path / "Scratch.lean", text), library)
    assert status == 1
    why = "what 'two' depends on is not told, as Lean refuses this file at Scratch.lean:2"
    assert f"Scratch.lean:3:0: warning: {why}" in said
    assert "Scratch.lean:4:0: error: Unknown identifier `nothing`" in said


def test_what_this_lean_cannot_do_is_exit_status_2_with_its_mend(library: Path, tmp_path: Path) -> None:
    text = "module\npublic section\ndef both (l : List Nat) : List Nat := l ++ l\n"
    status, said, errors = lean(write(tmp_path / "Scratch.lean", text), library)
    assert status == 2
    assert any(line.startswith("Scratch.lean:3:4: error: Unknown constant") for line in said)
    assert (
        "lean-bridge: LB911 Scratch.lean:3:5: a definition is compiled with code of Lean's library" in errors
    )


@pytest.mark.full
def test_a_file_is_elaborated_under_the_options_of_the_library_that_has_it(
    library: Path, tmp_path: Path
) -> None:
    write(
        library / "lakefile.toml",
        '[leanOptions]\nautoImplicit = false\n[[lean_lib]]\nname = "L"\n'
        '[[lean_lib]]\nname = "Free"\nsrcDir = "free"\nleanOptions = { autoImplicit = true }\n',
    )
    text = "module\npublic theorem r (xs : List α) : xs = xs := rfl\n"
    (library / "free").mkdir()
    write(library / "free" / "Free.lean", text)
    assert lean(library / "free" / "Free.lean", library)[0] == 0
    for file in (library / "free" / "Other.lean", tmp_path / "Free.lean", tmp_path / "Scratch.lean"):
        status, said, _ = lean(write(file, text), library)
        assert status == 1
        assert "Unknown identifier `α`" in said[0] or "autoImplicit" in "".join(said)


@pytest.mark.parametrize("head", ["", "module\n"])
def test_what_is_wrong_with_the_text_or_an_import_rejects_with_or_without_module(
    head: str, library: Path, tmp_path: Path
) -> None:
    first = head.count("\n") + 1
    text = f"{head}import Init\nimport Nope.Nowhere\ntheorem a : 1 = 1 := rfl\n"
    status, said, told = lean(write(tmp_path / "S.lean", text), library)
    assert (status, said) == (
        1,
        [
            f"S.lean:{first + 1}:0: error: imports Nope.Nowhere, which is neither in this library nor in "
            "Lean's"
        ],
    )
    assert "LB911" not in told
    for text, what in (
        ("theorem", "unexpected end of input"),
        ("theorem a : 1 = 1 := by foo\n", "unknown tactic"),
    ):
        status, said, told = lean(write(tmp_path / "S.lean", head + text), library)
        assert status == 1
        assert what in said[0]
        assert "LB911" not in told


def test_an_import_that_is_not_compiled_is_told_so(library: Path, tmp_path: Path) -> None:
    write(library / "L.lean", "module\npublic section\ntheorem L.a : 1 = 2 := rfl\n")
    status, said, _ = lean(write(tmp_path / "S.lean", "module\nimport L\n"), library)
    assert (status, said) == (
        1,
        ["S.lean:2:0: error: imports L, which is not compiled; run `lean-bridge build` for why"],
    )
    write(library / "L.lean", "module\npublic section\ndef both (l : List Nat) : List Nat := l ++ l\n")
    status, _, told = lean(write(tmp_path / "S.lean", "module\n\nimport L\n"), library)
    assert status == 2
    assert "LB911 S.lean:3: imports L, which is not compiled: L.lean:3:5: a definition is compiled" in told


def test_a_fifo_is_named_and_not_waited_for(library: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Scratch.lean")
    status, _, errors = lean(tmp_path / "Scratch.lean", library)
    assert status == 2
    assert "Scratch.lean: is a FIFO; expected a regular file" in errors
