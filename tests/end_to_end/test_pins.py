"""Pins of a library that real Lean compiled: what is drift, and what is only another way of writing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.audit.manifest import read_manifest
from lean_bridge.audit.pins import check_pins, pin_declarations
from lean_bridge.cli import app
from lean_bridge.codes import Code
from lean_bridge.olean.environment import Environment
from lean_bridge.toolchain.provider import Job, Provider
from pybind_models.catalogue import Catalogue, CatalogueEntry

pytestmark = pytest.mark.lean

BASE = """module
public import Init
@[expose] public section
namespace Pinned
universe u
structure Grid where
  rows : Nat
  cols : Nat
def area (g : Grid) : Nat := g.rows * g.cols
def volume (g : Grid) : Nat := area g * 2
def total : List Grid → Nat
  | [] => 0
  | g :: gs => volume g + total gs
noncomputable def pick (gs : List Grid) (i : Fin gs.length) : Grid := gs[i]
noncomputable def atFirst (g : Grid) : Grid := pick [g] ⟨0, by simp⟩
instance : Add Grid := ⟨fun a b => ⟨a.rows + b.rows, a.cols + b.cols⟩⟩
/-- Opened here. -/
theorem total_cons (g : Grid) (gs : List Grid) : total (g :: gs) = total [g] + total gs := by
  simp [total]
theorem first (g : Grid) : total [atFirst g] = volume g := by
  simp [total, atFirst, pick]
theorem deep (gs : List Grid) : total gs = total gs := rfl
theorem nil_add (n : Nat) : total [] + n = n := by
  show 0 + n = n
  exact Nat.zero_add n
theorem poly {α : Type u} (x : List α) : x ++ [] = x := List.append_nil x
end Pinned
"""
THEOREMS = ("total_cons", "first", "deep", "nil_add", "poly")
CATALOGUE = Catalogue(
    declaration=tuple(CatalogueEntry(name=f"Pinned.{name}", kind="theorem", group="P") for name in THEOREMS)
)

REWRITTEN = (
    (
        "(g : Grid) (gs : List Grid) : total (g :: gs) = total [g] + total gs",
        "{h : Grid} (rest : List Grid) : total (h :: rest) = total [h] + total rest",
    ),
    ("  | g :: gs => volume g + total gs", "  | top :: below => volume top + total below"),
    ("universe u", "universe v"),
    ("{α : Type u} (x : List α) : x ++ [] = x := ", "{β : Type v} (y : List β) : y ++ [] = y := "),
    ("List.append_nil x", "by simp"),
    ("⟨0, by simp⟩", "⟨0, Nat.zero_lt_succ 0⟩"),
    ("/-- Opened here. -/", "/-- Another comment. -/"),
    ("volume", "bulk"),
)
"""Other bound names, universes and comments, another binder, other proofs, another name for a helper."""

CHANGED = (
    ("g.rows * g.cols", "g.rows + g.cols"),
    ("(gs : List Grid) : total (g ::", "(gs : List Grid) (h : gs ≠ []) : total (g ::"),
    ("  show 0 + n = n\n  exact Nat.zero_add n", "  rfl"),
    ("theorem nil_add", "local instance slipped : Add Nat := ⟨fun _ b => b⟩\ntheorem nil_add"),
    ("theorem poly", "axiom cheat (p : Prop) : p\ntheorem poly"),
    ("List.append_nil x", "cheat _"),
)
"""One change for each theorem."""


@pytest.fixture(name="compiled", scope="module")
def _compiled(embedded: Provider, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Environment]:
    """The library as it was, written in another way, and changed."""
    environments = {}
    with embedded.pool(1, time_limit=120) as pool:
        for name, changes in {"base": (), "rewritten": REWRITTEN, "changed": CHANGED}.items():
            root = tmp_path_factory.mktemp(name)
            text = BASE
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            source = root / "Pinned.lean"
            source.write_text(text, encoding="utf-8")
            done = pool.elaborate(
                Job(source=source, root=root, olean=root / "Pinned.olean", search_path=(root,))
            )
            assert done.ok, done.diagnostics
            environments[name] = Environment([root], library=embedded.library)
            environments[name].load("Pinned")
    return environments


def drift(compiled: Mapping[str, Environment], change: str) -> dict[str, tuple[str, Code | None]]:
    """Return what is said of the theorems that are not as they were."""
    manifest = pin_declarations(compiled["base"], CATALOGUE, {})
    checked = check_pins(compiled[change], CATALOGUE, manifest, {})
    return {
        name.removeprefix("Pinned."): (pin.change or "", code)
        for name, (pin, code) in checked.items()
        if pin.outcome != "matches"
    }


def test_what_did_not_change_is_no_drift(compiled: Mapping[str, Environment]) -> None:
    assert drift(compiled, "base") == {}


def test_another_way_of_writing_it_is_another_text_and_no_drift(compiled: Mapping[str, Environment]) -> None:
    found = drift(compiled, "rewritten")
    assert {code for _, code in found.values()} == {Code.STATEMENT_TEXT}
    was, now = (pin_declarations(compiled[name], CATALOGUE, {}) for name in ("base", "rewritten"))
    assert [each.hash for each in was.declarations] == [each.hash for each in now.declarations]


def test_a_definition_three_levels_below_is_named(compiled: Mapping[str, Environment]) -> None:
    text, code = drift(compiled, "changed")["deep"]
    assert code == Code.DEFINITION_DRIFT
    assert text.startswith("Pinned.area changed (was ")
    assert text.endswith("below it: Pinned.deep → Pinned.total → Pinned.volume → Pinned.area")


def test_an_extra_hypothesis_is_shown_beside_the_statement_without_it(
    compiled: Mapping[str, Environment],
) -> None:
    text, code = drift(compiled, "changed")["total_cons"]
    assert code == Code.STATEMENT_DRIFT
    claim = "Pinned.total (g :: gs) = Pinned.total [g] + Pinned.total gs"
    assert f"was: (g : Grid) (gs : List Grid) : {claim}" in text
    assert f"is: (g : Grid) (gs : List Grid) (h : gs ≠ []) : {claim}" in text


def test_a_local_instance_that_slipped_in_is_named(compiled: Mapping[str, Environment]) -> None:
    text, code = drift(compiled, "changed")["nil_add"]
    assert code == Code.STATEMENT_DRIFT
    assert "is: (n : Nat) : Pinned.total [] +⟨Pinned.slipped⟩ n = n" in text
    assert text.endswith("new in it: Pinned.slipped")


def test_an_axiom_that_was_not_there_is_drift_of_its_own(compiled: Mapping[str, Environment]) -> None:
    text, code = drift(compiled, "changed")["poly"]
    assert code == Code.AXIOM
    assert text.startswith("rests on Pinned.cheat; pinned with the axioms: ")


def test_the_command_writes_a_manifest_and_then_holds_the_library_to_it(
    embedded: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del embedded
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "embedded")
    entries = [f'[[declaration]]\nname = "{name}"\nkind = "theorem"\ngroup = "G"\n' for name in ("a", "b")]
    source = "module\npublic section\ntheorem a : 1 = 1 := rfl\ntheorem b (n : Nat) : n = n := rfl\n"
    for name, text in {
        "One.lean": source,
        "lakefile.toml": 'name = "One"\n\n[[lean_lib]]\nname = "One"\n',
        "lean-toolchain": "leanprover/lean4:v4.28.0\n",
        "catalogue.toml": "\n".join(entries),
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["pin", "--project", str(tmp_path), *arguments])
        return result.exit_code, result.stdout

    status, shown = run("--check")
    assert status == 2
    assert "0 of 2 declarations as pinned" in shown
    assert not (tmp_path / "certified.toml").exists()
    assert run()[0] == 0
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert [(each.name, each.statement) for each in manifest.declarations] == [
        ("a", "1 = 1"),
        ("b", "(n : Nat) : n = n"),
    ]
    assert run("--check") == (0, "2 of 2 declarations as pinned\n")
    (tmp_path / "catalogue.toml").write_text(entries[0], encoding="utf-8")
    status, shown = run("--check", "--format", "json")
    assert status == 1
    found = json.loads(shown)
    assert (found["a"]["outcome"], found["a"]["code"]) == ("matches", None)
    assert (found["b"]["outcome"], found["b"]["code"]) == ("drifted", "LB202")
