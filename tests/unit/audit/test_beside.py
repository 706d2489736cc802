"""What is not catalogued and could not be accepted is named in the report, with its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.beside import notes_beside
from lean_bridge.olean.environment import Environment
from tests.olean_writer import write_module
from tests.unit.audit.test_axioms import STANDARD

OWN = {
    "left_open": ("theorem", ["sorryAx"]),
    "above": ("theorem", ["left_open"]),
    "computed": ("theorem", ["Lean.ofReduceBool"]),
    "assumed": ("axiom", []),
    "fine": ("theorem", ["propext"]),
    "compiled": ("definition", []),
    "foreign": ("definition", []),
    "internal": ("partial", []),
}


def notes(folder: Path, catalogued: list[str], own: dict[str, tuple[str, list[str]]]) -> tuple[str, ...]:
    write_module(folder / "lib" / "Core.olean", STANDARD)
    marks = {"Lean.Compiler.implementedByAttr": ["compiled"], "Lean.externAttr": ["foreign"]}
    marks = {extension: [name for name in names if name in own] for extension, names in marks.items()}
    write_module(folder / "own" / "Top.olean", own, imports=["Core"], marks=marks)
    environment = Environment([folder / "own"], library=folder / "lib")
    environment.load("Top")
    return notes_beside(environment, AxiomCollector(environment), catalogued)


def test_each_reason_is_a_line_with_the_names_and_the_code(tmp_path: Path) -> None:
    assert notes(tmp_path, [], OWN) == (
        "LB204: not catalogued and not judged: assumed: an axiom of module Top",
        "LB205: not catalogued and not judged: left_open: sorry",
        "LB206: not catalogued and not judged: computed: native_decide, which trusts compiled code",
        "LB208: not catalogued and not judged: foreign: it is implemented by foreign code (extern)",
        "LB208: not catalogued and not judged: compiled: it is implemented_by something else",
    )


@pytest.mark.parametrize("name", ["left_open", "computed", "assumed", "compiled", "foreign"])
def test_each_is_found_where_it_is_the_only_one(tmp_path: Path, name: str) -> None:
    (note,) = notes(tmp_path, [], {"fine": OWN["fine"], name: OWN[name]})
    assert f": {name}: " in note


def test_what_is_catalogued_or_in_order_is_not_named(tmp_path: Path) -> None:
    assert notes(tmp_path, ["left_open", "computed", "assumed", "compiled", "foreign"], OWN) == ()


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    own = {f"t{at}": ("theorem", ["sorryAx"]) for at in range(8)}
    (note,) = notes(tmp_path, [], own)
    assert note == "LB205: not catalogued and not judged: t0, t1, t2, t3, t4 and 3 more: sorry"


def test_letters_that_could_be_taken_for_others_are_escapes(tmp_path: Path) -> None:
    (note,) = notes(tmp_path, [], {"left_\u043epen": ("theorem", ["sorryAx"])})
    assert r"left_\u043epen" in note
