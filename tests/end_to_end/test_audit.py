"""The audit of a library that real Lean compiled: what is proved, and what only looks so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.audit import audit
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.survey import survey
from lean_bridge.toolchain.provider import Job, Provider
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.report import DeclarationReport

pytestmark = pytest.mark.lean

MODULES = {
    "Tower.Ground": """module
public import Init
public section
axiom cheat : ∀ n : Nat, n + 0 = n
theorem unfinished (n : Nat) : 0 + n = n := by sorry
theorem finished (n : Nat) : 0 + n = n := by simp
theorem decided : 2 ^ 10 = 1024 := by native_decide
partial def spin (n : Nat) : Nat := spin (n + 1)
def slow (n : Nat) : Nat := n
@[implemented_by slow] def swapped (n : Nat) : Nat := n
noncomputable def pick (α : Type) (h : Nonempty α) : α := Classical.choice h
private theorem inner : pick Nat ⟨0⟩ = pick Nat ⟨0⟩ := rfl
theorem picked : pick Nat ⟨0⟩ = pick Nat ⟨0⟩ := inner
""",
    "Tower.First": """module
public import Tower.Ground
public section
theorem byCheat₁ (n : Nat) : n + 0 = n := cheat n
theorem bySorry₁ (n : Nat) : 0 + n = n := unfinished n
theorem sound₁ (n : Nat) : 0 + n = n := finished n
""",
    "Tower.Second": """module
public import Tower.First
public section
theorem bySorry₂ (n : Nat) : 0 + n = n := bySorry₁ n
theorem sound₂ (n : Nat) : 0 + n = n := sound₁ n
""",
    "Tower.Top": """module
public import Tower.Second
public section
namespace Tower
/-- Looks proved. -/
theorem bySorry (n : Nat) : 0 + n = n := bySorry₂ n
theorem byCheat (n : Nat) : n + 0 = n := byCheat₁ n
theorem byCode : 2 ^ 10 = 1024 := decided
theorem bySpin : spin 1 = spin 1 := rfl
theorem bySwap : swapped 1 = swapped 1 := rfl
theorem sound (n : Nat) : 0 + n = n := sound₂ n
theorem classical : pick Nat ⟨0⟩ = pick Nat ⟨0⟩ := picked
end Tower
""",
}


@pytest.fixture(name="tower", scope="module")
def _tower(embedded: Provider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, DeclarationReport]:
    root, compiled = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("compiled")
    with embedded.pool(1, time_limit=120) as pool:
        for module, text in MODULES.items():
            relative = Path(*module.split("."))
            source, olean = root / relative.with_suffix(".lean"), compiled / relative.with_suffix(".olean")
            source.parent.mkdir(exist_ok=True)
            olean.parent.mkdir(exist_ok=True)
            source.write_text(text, encoding="utf-8")
            done = pool.elaborate(Job(source=source, root=root, olean=olean, search_path=(compiled,)))
            assert done.ok, done.diagnostics
    environment = Environment([compiled], library=embedded.library)
    environment.load("Tower.Top")
    names = ("bySorry", "byCheat", "byCode", "bySpin", "bySwap", "sound", "classical", "renamed")
    sources = {
        module: SourceFile(f"{module.replace('.', '/')}.lean", text.encode())
        for module, text in MODULES.items()
    }
    entries = tuple(CatalogueEntry(name=f"Tower.{name}", kind="theorem", group="T") for name in names)
    reports = audit(environment, Catalogue(declaration=entries), sources=sources, failed_modules={})
    return {report.name.removeprefix("Tower."): report for report in reports}


def test_a_proof_is_proved_and_its_library_theorems_are_counted(tower: dict[str, DeclarationReport]) -> None:
    report = tower["sound"]
    assert (report.status, report.reason, report.axiom_path) == ("proved", None, ())
    assert report.statement == "(n : Nat) : 0 + n = n"
    assert report.library_theorems > 0
    assert report.declarations == 4


def test_a_standard_axiom_is_listed_and_allowed(tower: dict[str, DeclarationReport]) -> None:
    report = tower["classical"]
    assert (report.status, report.axioms) == ("proved", ("Classical.choice",))
    assert report.declarations == 4


def test_a_sorry_three_imports_below_is_shown_with_its_path(tower: dict[str, DeclarationReport]) -> None:
    report = tower["bySorry"]
    assert (report.status, report.reason) == ("rejected", "rests on sorryAx: sorry")
    assert report.axiom_path == ("Tower.bySorry", "bySorry₂", "bySorry₁", "unfinished", "sorryAx")
    assert "sorryAx" in report.axioms


def test_there_is_a_chain_to_every_axiom_that_is_reached_allowed_or_not(
    tower: dict[str, DeclarationReport],
) -> None:
    for report in tower.values():
        assert tuple(path[-1] for path in report.axiom_paths) == report.axioms
        assert all(path[0] == report.name for path in report.axiom_paths)
    (path,) = tower["classical"].axiom_paths
    assert len(path) > 1
    assert path[-1] == "Classical.choice"
    assert tower["bySorry"].axiom_path in tower["bySorry"].axiom_paths
    assert tower["sound"].axiom_paths == ()


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        (
            "byCheat",
            ("Tower.byCheat", "byCheat₁", "cheat"),
            "rests on cheat: an axiom of module Tower.Ground",
        ),
        ("bySpin", ("Tower.bySpin", "spin"), "rests on spin: it is partial"),
        ("bySwap", ("Tower.bySwap", "swapped"), "rests on swapped: it is implemented_by something else"),
    ],
)
def test_what_no_kernel_checked_is_rejected(
    tower: dict[str, DeclarationReport], name: str, path: tuple[str, ...], reason: str
) -> None:
    report = tower[name]
    assert (report.status, report.axiom_path, report.reason) == ("rejected", path, reason)


def test_native_decide_is_rejected(tower: dict[str, DeclarationReport]) -> None:
    report = tower["byCode"]
    assert report.status == "rejected"
    assert report.axiom_path[0] == "Tower.byCode"
    assert report.axiom_path[-1] == "Lean.ofReduceBool"
    assert report.reason == "rests on Lean.ofReduceBool: native_decide, which trusts compiled code"


def test_a_renamed_theorem_is_missing(tower: dict[str, DeclarationReport]) -> None:
    assert tower["renamed"].status == "missing"


def test_the_source_stands_where_it_was_written(tower: dict[str, DeclarationReport]) -> None:
    source = tower["bySorry"].source
    assert source is not None
    assert (source.file, source.line, source.column) == ("Tower/Top.lean", 5, 1)
    assert source.text == "/-- Looks proved. -/\ntheorem bySorry (n : Nat) : 0 + n = n := bySorry₂ n"


@pytest.mark.full
def test_every_constant_of_the_library_decodes(embedded: Provider) -> None:
    found = survey([embedded.library])
    assert found.modules == 2_098
    assert sum(found.constants.values()) == 146_753
    assert found.expressions == 3_632_933
