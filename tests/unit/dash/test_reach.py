"""What Lean refuses concerns what rests on it and nothing else, whether or not anybody judged it before."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.build.modules import read_sources
from lean_bridge.dash.loop import look
from lean_bridge.dash.model import Activity, Began, Heard, activity
from lean_bridge.dash.reach import modules_below
from lean_bridge.events import BuildStarted, ModuleFinished
from lean_bridge.library.judgement import Judgement
from lean_bridge.library.status import Basis
from pybind_models import VerifyReport
from tests.boards import board, heard
from tests.lines import write_two_and_one_beside
from tests.reports import module

A, B, C = "Line.A", "Line.B", "Line.C"


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library that nobody has judged, of two modules in a line and one beside them."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_two_and_one_beside(tmp_path / "lean")
    return tmp_path / "lean"


def judged(places: dict[str, tuple[str, ...]]) -> Judgement:
    basis = Basis(judge={}, lean="", files={}, entries={}, pins={}, modules={})
    report = VerifyReport(verdict="no verdict", reason="-", code="LB908")
    return Judgement(at=0.0, basis=basis, imports={}, places=places, report=report)


def test_without_any_judgement_the_texts_tell(root: Path) -> None:
    found = modules_below(read_sources(root), None, ["Line.base", "Line.top", "Line.alone", "Line.made"])
    assert found == {"Line.base": {A}, "Line.top": {A, B}, "Line.alone": {C}}


def test_imports_are_those_of_now_and_places_those_of_the_judgement_while_they_are_there(root: Path) -> None:
    sources = read_sources(root)
    known = judged({"Line.made": (B,), "Line.alone": ("Line.Gone",), "Line.top": (C,)})
    assert modules_below(sources, known, ["Line.made", "Line.alone", "Line.top"]) == {
        "Line.made": {A, B},
        "Line.alone": {C},
        "Line.top": {C},
    }
    file = root / "Line" / "C.lean"
    file.write_text(file.read_text(encoding="utf-8").replace("module\n", "module\nimport Line.A\n", 1))
    assert modules_below(read_sources(root), known, ["Line.top"]) == {"Line.top": {A, C}}


def test_one_refused_module_marks_only_what_reaches_it(root: Path) -> None:
    catalogue = root / "catalogue.toml"
    catalogue.write_text(catalogue.read_text(encoding="utf-8").replace('"Line.top"', '"Line.made"'))
    looked = look(root)
    assert looked.trouble is None
    assert looked.judgement is None
    found = board(
        looked,
        Began(0.0),
        *heard(BuildStarted((A, B, C)), ModuleFinished(module("A", "failed").replaced(module=A))),
    )
    assert found.status is not None
    doing = {row.name: activity(found, row) for row in found.status.rows}
    assert doing == {
        "Line.base": Activity("refused"),
        "Line.made": Activity("queued"),
        "Line.alone": Activity("queued"),
    }
    over = board(
        looked,
        Began(0.0),
        Heard(0.0, BuildStarted((A, B, C))),
        *heard(
            *(
                ModuleFinished(module(name, state).replaced(module=f"Line.{name}"))
                for name, state in (("A", "failed"), ("B", "blocked"), ("C", "built"))
            )
        ),
    )
    assert over.status is not None
    doing = {row.name: activity(over, row) for row in over.status.rows}
    assert doing["Line.made"] == doing["Line.alone"] == Activity("judging"), "nobody knows where it stands"
