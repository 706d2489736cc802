from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lean_bridge.audit.axioms import AxiomCollector, Fault, Foundation
from lean_bridge.codes import Code
from lean_bridge.olean.environment import Environment
from tests.olean_writer import write_module

DATA = Path(__file__).parents[2] / "data" / "olean"
Declarations = Mapping[str, tuple[str, Sequence[str]]]

STANDARD: Declarations = {
    "propext": ("axiom", []),
    "sorryAx": ("axiom", []),
    "Lean.ofReduceBool": ("axiom", ["Lean.trustCompiler"]),
    "Lean.trustCompiler": ("axiom", []),
    "unchecked": ("partial", []),
    "dangling": ("definition", ["_private.Core.gone"]),
}


def collect(
    tmp_path: Path,
    name: str,
    own: Declarations,
    *,
    library: Declarations = STANDARD,
    marks: Mapping[str, Sequence[str]] | None = None,
    csimp: Sequence[tuple[str, str]] = (),
) -> Foundation:
    write_module(tmp_path / "lib" / "Core.olean", library)
    write_module(tmp_path / "own" / "Top.olean", own, imports=["Core"], marks=marks or {}, csimp=csimp)
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    return AxiomCollector(environment).collect(name)


def test_a_standard_axiom_is_listed_and_allowed(tmp_path: Path) -> None:
    found = collect(tmp_path, "t", {"t": ("theorem", ["lemma"]), "lemma": ("theorem", ["propext"])})
    assert found == Foundation(axioms=("propext",), library_theorems=(), declarations=2)


def test_a_sorry_far_below_is_found_by_a_shortest_path(tmp_path: Path) -> None:
    own = {
        "t": ("theorem", ["a", "long1"]),
        "a": ("theorem", ["b", "propext"]),
        "b": ("definition", ["sorryAx"]),
        "long1": ("theorem", ["long2"]),
        "long2": ("theorem", ["long3"]),
        "long3": ("theorem", ["sorryAx"]),
    }
    found = collect(tmp_path, "t", own)
    assert found.path == ("t", "a", "b", "sorryAx")
    assert found.fault == Fault(Code.SORRY, "sorry")
    assert found.axioms == ("propext", "sorryAx")
    assert found.declarations == 6


@pytest.mark.parametrize(
    ("own", "path", "fault"),
    [
        (
            {"t": ("theorem", ["cheat"]), "cheat": ("axiom", [])},
            ("t", "cheat"),
            Fault(Code.AXIOM, "an axiom of module Top"),
        ),
        (
            {"t": ("theorem", ["Lean.ofReduceBool"])},
            ("t", "Lean.ofReduceBool"),
            Fault(Code.COMPILED_CODE, "native_decide, which trusts compiled code"),
        ),
        (
            {"t": ("theorem", ["loop"]), "loop": ("partial", [])},
            ("t", "loop"),
            Fault(Code.UNSAFE, "it is partial"),
        ),
        (
            {"t": ("theorem", ["loop"]), "loop": ("opaque", []), "loop._unsafe_rec": ("partial", [])},
            ("t", "loop"),
            Fault(Code.UNSAFE, "it is partial"),
        ),
        ({"t": ("theorem", ["unchecked"])}, ("t", "unchecked"), Fault(Code.UNSAFE, "it is partial")),
        ({"t": ("theorem", ["gone"])}, ("t", "gone"), Fault(Code.MISSING, "no compiled module defines it")),
    ],
)
def test_what_is_not_allowed_is_named_with_its_path(
    tmp_path: Path, own: Declarations, path: tuple[str, ...], fault: Fault
) -> None:
    found = collect(tmp_path, "t", own)
    assert (found.path, found.fault) == (path, fault)


def test_an_axiom_in_a_type_counts(tmp_path: Path) -> None:
    found = collect(tmp_path, "t", {"t": ("axiom", ["sorryAx"])})
    assert found.axioms == ("sorryAx", "t")
    assert found.path == ("t",)


def test_an_own_axiom_cannot_borrow_an_allowed_name(tmp_path: Path) -> None:
    own: Declarations = {"t": ("theorem", ["Quot.sound"]), "Quot.sound": ("axiom", [])}
    found = collect(tmp_path, "t", own)
    assert found.path == ("t", "Quot.sound")
    expected = "an axiom of that name is declared in Top, which is not part of Lean"
    assert found.fault == Fault(Code.AXIOM, expected)


@pytest.mark.parametrize(
    ("extension", "text"),
    [("Lean.Compiler.implementedByAttr", "implemented_by"), ("Lean.externAttr", "extern")],
)
def test_substituted_code_is_refused(tmp_path: Path, extension: str, text: str) -> None:
    own: Declarations = {
        "t": ("theorem", ["fast", "plain"]),
        "fast": ("definition", []),
        "plain": ("definition", []),
    }
    found = collect(tmp_path, "t", own, marks={extension: ["fast"]})
    assert found.path == ("t", "fast")
    assert found.fault is not None
    assert found.fault.code is Code.SUBSTITUTED
    assert text in found.fault.reason


@pytest.mark.parametrize("name", ["plain", "other", "unchecked"])
def test_what_a_csimp_lemma_replaces_is_refused(tmp_path: Path, name: str) -> None:
    """By a global lemma and by a scoped one, and in Lean's own library too."""
    own: Declarations = {"t": ("theorem", [name]), "plain": ("definition", []), "other": ("definition", [])}
    library: Declarations = {"unchecked": ("definition", [])}
    csimp = [(each, f"{each}_fast") for each in ("plain", "other", "unchecked")]
    found = collect(tmp_path, "t", own, library=library, csimp=csimp)
    reason = f"it is replaced by {name}_fast in compiled code (csimp)"
    assert (found.path, found.fault) == (("t", name), Fault(Code.SUBSTITUTED, reason))


@pytest.mark.parametrize("unfinished", ["Left", "Right"])
def test_both_proofs_of_a_lemma_that_two_modules_prove_are_followed(tmp_path: Path, unfinished: str) -> None:
    write_module(tmp_path / "lib" / "Core.olean", STANDARD)
    for module in ("Left", "Right"):
        lemma = ["sorryAx"] if module == unfinished else []
        write_module(tmp_path / "own" / f"{module}.olean", {"lemma": ("theorem", lemma)}, imports=["Core"])
    write_module(tmp_path / "own" / "Top.olean", {"t": ("theorem", ["lemma"])}, imports=["Left", "Right"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    found = AxiomCollector(environment).collect("t")
    assert (found.path, found.fault) == (("t", "lemma", "sorryAx"), Fault(Code.SORRY, "sorry"))


def test_an_opaque_constant_is_followed(tmp_path: Path) -> None:
    own: Declarations = {"t": ("theorem", ["sealed"]), "sealed": ("opaque", ["propext"])}
    found = collect(tmp_path, "t", own)
    assert (found.axioms, found.fault) == (("propext",), None)


def test_names_that_the_library_leaves_undefined_are_counted_as_unproved(tmp_path: Path) -> None:
    found = collect(tmp_path, "t", {"t": ("theorem", ["dangling"])})
    assert found.library_theorems == ("_private.Core.gone",)
    assert found.fault is None


def test_hidden_library_bodies_are_counted_and_followed_through_their_types(tmp_path: Path) -> None:
    """The exported part of ``Cell`` stores a theorem and an unexposed definition as axioms."""
    (tmp_path / "lib").mkdir()
    shutil.copy(DATA / "Cell.olean", tmp_path / "lib")
    own: Declarations = {"t": ("theorem", ["content_shown", "hidden", "shown"])}
    write_module(tmp_path / "own" / "Top.olean", own, imports=["Cell"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    found = AxiomCollector(environment).collect("t")
    assert found.library_theorems == ("content_shown", "hidden")
    assert (found.axioms, found.declarations, found.fault) == ((), 1, None)


def test_a_hidden_body_of_our_own_is_refused(tmp_path: Path) -> None:
    shutil.copy(DATA / "Cell.olean", tmp_path)
    environment = Environment([tmp_path])
    environment.load("Cell")
    found = AxiomCollector(environment).collect("content_shown")
    assert found.path == ("content_shown",)
    expected = "its body is not in the compiled files of module Cell"
    assert found.fault == Fault(Code.BODY_HIDDEN, expected)


def test_a_real_axiom_in_a_real_file() -> None:
    environment = Environment([DATA])
    environment.load("Cell")
    collector = AxiomCollector(environment)
    assert collector.collect("rests_on_assumed").path == ("rests_on_assumed", "assumed")
    clean = collector.collect("content_shown")
    assert (clean.axioms, clean.path, clean.fault) == ((), (), None)
    assert clean.declarations > 5


def test_what_lean_s_own_library_mentions_is_not_declared_elsewhere(tmp_path: Path) -> None:
    """A private name that Lean's exported files leave dangling is no gap for a body of one's own."""
    library: Declarations = {"theirs": ("definition", ["gap"]), "above": ("theorem", ["theirs"])}
    own: Declarations = {"gap": ("definition", []), "t": ("theorem", ["above"])}
    found = collect(tmp_path, "t", own, library=library)
    assert found.path == ("t", "above", "theirs")
    reason = "Lean's own module Core mentions gap, which Top declares"
    assert found.fault == Fault(Code.DEFINED_TWICE, reason)


@pytest.mark.parametrize("theirs", ["theorem", "hidden theorem"])
def test_a_proof_of_one_s_own_under_a_name_of_lean_s_is_followed_too(theirs: str, tmp_path: Path) -> None:
    library: Declarations = {**STANDARD, "lemma": (theirs, [])}
    for kind, mentioned, code in (
        ("theorem", ["sorryAx"], Code.SORRY),
        ("hidden theorem", [], Code.BODY_HIDDEN),
    ):
        own: Declarations = {"lemma": (kind, mentioned), "t": ("theorem", ["lemma"])}
        found = collect(tmp_path, "t", own, library=library)
        assert found.fault is not None
        assert found.fault.code == code
