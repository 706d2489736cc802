from __future__ import annotations

import os
from pathlib import Path

import pytest

from lean_bridge.audit.audit import audit
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.codes import Code
from lean_bridge.olean.environment import Environment
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.report import DeclarationReport
from pybind_models.subject import DeclarationKind
from tests.olean_writer import write_module

DATA = Path(__file__).parents[2] / "data" / "olean"
SOURCES = {"Cell": SourceFile("Cell.lean", (DATA / "Cell.lean").read_bytes())}


def judge(
    name: str,
    kind: DeclarationKind,
    environment: Environment | None = None,
    failed: dict[str, Code] | None = None,
) -> DeclarationReport:
    if environment is None:
        environment = Environment([DATA])
        environment.load("Cell")
    entry = CatalogueEntry(name=name, kind=kind, group="G", upstream="Up.stream", differs="in sign")
    (report,) = audit(
        environment, Catalogue(declaration=(entry,)), sources=SOURCES, failed_modules=failed or {}
    )
    assert (report.name, report.group) == (name, "G")
    assert (report.upstream, report.differs) == ("Up.stream", "in sign")
    return report


def test_a_theorem_is_proved() -> None:
    report = judge("content_shown", "theorem")
    assert (report.status, report.kind, report.reason) == ("proved", "theorem", None)
    assert report.statement == "(n : Nat⟨own⟩) : Eq⟨own⟩ (shown n).content n", "no library is Lean's here"
    assert (report.axioms, report.axiom_path, report.library_theorems) == ((), (), 0)
    assert report.declarations > 5


@pytest.mark.parametrize(("name", "kind"), [("shown", "definition"), ("Cell", "inductive")])
def test_a_definition_and_a_type_are_defined(name: str, kind: DeclarationKind) -> None:
    report = judge(name, kind)
    assert (report.status, report.kind) == ("defined", kind)


@pytest.mark.parametrize(
    ("name", "kind", "code", "reason"),
    [
        ("rests_on_assumed", "theorem", Code.AXIOM, "rests on assumed: an axiom of module Cell"),
        ("assumed", "theorem", Code.OTHER_KIND, "expected a theorem, found an axiom"),
        ("shown", "theorem", Code.OTHER_KIND, "expected a theorem, found a definition"),
        ("content_shown", "definition", Code.OTHER_KIND, "expected a definition, found a theorem"),
        ("Cell.mk", "definition", Code.OTHER_KIND, "expected a definition, found a constructor"),
    ],
)
def test_what_is_not_as_catalogued_is_rejected(
    name: str, kind: DeclarationKind, code: Code, reason: str
) -> None:
    report = judge(name, kind)
    assert (report.status, report.code, report.reason) == ("rejected", code, reason)


def test_a_theorem_without_its_proof_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "Cell.olean").write_bytes((DATA / "Cell.olean").read_bytes())
    environment = Environment([tmp_path])
    environment.load("Cell")
    report = judge("content_shown", "theorem", environment)
    assert (report.status, report.kind) == ("rejected", "theorem")
    assert report.code == Code.BODY_HIDDEN
    assert report.reason == "the body of this theorem is not in the compiled files"


def test_a_deleted_theorem_is_missing() -> None:
    report = judge("gone", "theorem")
    assert (report.status, report.kind, report.statement) == ("missing", None, None)
    assert report.code == Code.MISSING
    assert report.reason == "no compiled module defines gone"


def test_a_private_theorem_is_said_to_be_private(tmp_path: Path) -> None:
    write_module(tmp_path / "Top.olean", {"_private.Top.0.A.t": ("theorem", [])})
    environment = Environment([tmp_path])
    environment.load("Top")
    report = judge("A.t", "theorem", environment, failed={"B": Code.BUILD_FAILED})
    assert (report.status, report.code) == ("missing", Code.MISSING)
    assert report.reason == "A.t is private to module Top; declare it in a `public section`"


def test_an_absent_theorem_is_not_built_where_modules_failed() -> None:
    report = judge("gone", "theorem", failed={"B": Code.SOURCE_NOT_ACCOUNTED, "A": Code.BUILD_FAILED})
    assert (report.status, report.code) == ("not built", Code.BUILD_FAILED)
    assert report.reason == "not compiled: A, B"


def test_the_source_is_read_where_the_declaration_stands(capfd: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)
    source = judge("content_shown", "theorem").source
    assert source is not None
    assert source.file == "Cell.lean"
    lines = (DATA / "Cell.lean").read_text(encoding="utf-8").splitlines()
    assert lines[source.line - 1][source.column - 1 :] == source.text
    assert source.text.startswith("theorem content_shown (n : Nat)")
    assert source.text.endswith("Eq.refl n")
    # neither a word on the terminal nor a trace in the environment variables
    assert capfd.readouterr() == ("", "")
    assert dict(os.environ) == before


def test_a_declaration_without_a_source_has_none(tmp_path: Path) -> None:
    write_module(tmp_path / "Top.olean", {"t": ("theorem", [])})
    environment = Environment([tmp_path])
    environment.load("Top")
    report = judge("t", "theorem", environment)
    assert (report.status, report.source) == ("proved", None)
