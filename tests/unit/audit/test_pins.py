from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lean_bridge.audit.pins import check_pins, graph_hash, pin_declarations
from lean_bridge.codes import Code
from lean_bridge.errors import DeclarationNotFound, Rejected
from lean_bridge.olean.environment import Environment
from pybind_models import DGraph, Pin
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.manifest import Manifest, PinnedDeclaration
from tests.terms import PROP, Declarations, Definition, Inductive, Term, environment_of

LIBRARY: Declarations = {
    "Nat": Inductive({"zero": "Nat"}),
    "P": Definition("definition", ("pi", "Nat", PROP), ("lam", "Nat", PROP)),
    "Hidden": Definition("definition", ("implicit", "Nat", PROP), ("lam", "Nat", PROP)),
    "propext": Definition("axiom", PROP),
    "intro": Definition("theorem", PROP),
}
STATEMENT: Term = ("pi", "Nat", ("app", "P", ("app", "a", 0)))
BASE: Mapping[str, Definition] = {
    "t": Definition("theorem", STATEMENT, ("app", "intro", "propext")),
    "a": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", ("app", "b", 0))),
    "b": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", ("app", "c", 0))),
    "c": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", 0)),
}
ENTRY = CatalogueEntry(name="t", kind="theorem", group="G")
CATALOGUE = Catalogue(declaration=(ENTRY,))


def environment(directory: Path, changed: Mapping[str, Definition] | None = None) -> Environment:
    return environment_of(directory, {**BASE, **(changed or {})}, library=LIBRARY)


def pin(directory: Path, catalogue: Catalogue = CATALOGUE) -> Manifest:
    return pin_declarations(environment(directory), catalogue, {})


def check(tmp_path: Path, changed: Mapping[str, Definition]) -> tuple[Pin, Code | None]:
    """Pin the base, change it, and return what is said of ``t``."""
    manifest = pin(tmp_path / "was")
    return check_pins(environment(tmp_path / "now", changed), CATALOGUE, manifest, {})["t"]


def test_what_did_not_change_matches(tmp_path: Path) -> None:
    found, code = check(tmp_path, {})
    assert (found.outcome, found.change, code) == ("matches", None, None)
    assert found.hash == pin(tmp_path / "again").declarations[0].hash


def test_a_manifest_tells_what_it_pins(tmp_path: Path) -> None:
    manifest = pin(tmp_path)
    (pinned,) = manifest.declarations
    assert (pinned.name, pinned.kind, pinned.axioms, pinned.graph) == ("t", "theorem", ("propext",), None)
    assert pinned.statement == "(x : Nat) : P (a x)"
    assert list(manifest.definitions) == ["a", "b", "c", "t"]
    assert manifest.lean == "4.0.0"


def test_another_proof_is_no_drift(tmp_path: Path) -> None:
    found, code = check(tmp_path, {"t": Definition("theorem", STATEMENT, "propext")})
    assert (found.outcome, code) == ("matches", None)


def test_another_statement_is_shown_beside_the_old_one(tmp_path: Path) -> None:
    weaker: Term = ("pi", "Nat", ("pi", ("app", "P", 0), ("app", "P", ("app", "a", 1))))
    found, code = check(tmp_path, {"t": Definition("theorem", weaker, "propext")})
    assert (found.outcome, code) == ("drifted", Code.STATEMENT_DRIFT)
    assert found.change is not None
    assert "was: (x : Nat) : P (a x) -- and is: (x : Nat) (x_1 : P x) : P (a x)" in found.change


def test_a_definition_three_levels_below_is_named_with_the_way_to_it(tmp_path: Path) -> None:
    found, code = check(
        tmp_path, {"c": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", "zero"))}
    )
    assert (found.outcome, code) == ("drifted", Code.DEFINITION_DRIFT)
    assert found.change is not None
    assert found.change.startswith("c changed (was ")
    assert found.change.endswith("below it: t → a → b → c")


def test_a_new_definition_underneath_is_named(tmp_path: Path) -> None:
    changed = {
        "c": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", ("app", "d", 0))),
        "d": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", "zero")),
    }
    found, code = check(tmp_path, changed)
    assert code == Code.DEFINITION_DRIFT
    assert found.change is not None
    assert found.change.endswith("t → a → b → c; changed too: d")


def test_a_renamed_helper_is_no_drift_but_reads_otherwise(tmp_path: Path) -> None:
    changed = {
        "b": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", ("app", "helper", 0))),
        "helper": BASE["c"],
    }
    found, code = check(tmp_path, changed)
    assert (found.hash, code) == (pin(tmp_path / "again").declarations[0].hash, Code.STATEMENT_TEXT)
    assert found.change is not None
    assert found.change.endswith("of words of its own: a, b, c -- and it has: a, b, helper")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            {"declarations": {"statement": "(x : Nat) : P x"}},
            "the manifest says: (x : Nat) : P x -- and it reads: (x : Nat) : P (a x)",
        ),
        ({"declarations": {"own": ("a",)}}, "of words of its own: a -- and it has: a, b, c"),
        (
            {"words": {"c": "(x : Nat) : Nat := zero"}},
            "of c the manifest says: (x : Nat) : Nat := zero -- and it reads: (x : Nat) : Nat := x",
        ),
    ],
    ids=["statement", "own", "word"],
)
def test_a_manifest_with_the_right_hash_and_another_text_is_refused(
    tmp_path: Path, edit: dict[str, dict[str, Any]], told: str
) -> None:
    manifest = pin(tmp_path / "was")
    edited = manifest.model_copy(
        update={
            "declarations": (manifest.declarations[0].model_copy(update=edit.get("declarations", {})),),
            "words": {**manifest.words, **edit.get("words", {})},
        }
    )
    found, code = check_pins(environment(tmp_path / "now"), CATALOGUE, edited, {})["t"]
    assert (found.outcome, code) == ("drifted", Code.STATEMENT_TEXT)
    assert told in (found.change or "")


def test_a_manifest_of_a_form_without_words_does_not_say_enough(tmp_path: Path) -> None:
    """Nobody has read what the words of a pinned statement say."""
    old = pin(tmp_path / "was").model_copy(update={"words": {}})
    old = old.model_copy(
        update={"declarations": tuple(each.model_copy(update={"own": None}) for each in old.declarations)}
    )
    checked = check_pins(environment(tmp_path / "now"), CATALOGUE, old, {})
    found, code = checked["t"]
    assert (found.outcome, code) == ("drifted", Code.STATEMENT_TEXT)
    assert (found.change or "").startswith("the manifest is of an older form")
    assert (found.change or "").endswith("run `lean-bridge pin`")


def test_a_manifest_has_words_for_all_of_its_definitions() -> None:
    hashes = dict.fromkeys(("t", "a"), "0" * 40)
    pinned = PinnedDeclaration(name="t", kind="theorem", statement="", axioms=(), hash="0" * 40)
    with pytest.raises(ValidationError, match="not among the words: a"):
        Manifest(lean="4", declaration=(pinned,), definitions=hashes, words={"b": "Nat"})


def test_what_is_not_written_out_is_told_by_what_is_new_in_it(tmp_path: Path) -> None:
    """A statement that reads the same, with an argument that is left out when it is printed."""

    def about(argument: str) -> Environment:
        changed = {
            "t": Definition("theorem", ("app", "Hidden", argument)),
            argument: Definition("definition", "Nat", "zero"),
        }
        return environment(tmp_path / argument, changed)

    manifest = pin_declarations(about("old"), CATALOGUE, {})
    same, no_code = check_pins(about("renamed"), CATALOGUE, manifest, {})["t"]
    assert (same.outcome, no_code) == ("drifted", Code.STATEMENT_TEXT)  # it is as pinned, and reads otherwise
    slipped = {
        "t": Definition("theorem", ("app", "Hidden", ("app", "slipped", "zero"))),
        "slipped": BASE["c"],
    }
    found, code = check_pins(environment(tmp_path / "slipped", slipped), CATALOGUE, manifest, {})["t"]
    assert code == Code.STATEMENT_DRIFT
    assert found.change is not None
    assert found.change.startswith("the statement still reads: Hidden -- but differs in")
    assert found.change.endswith("new in it: slipped")


def test_a_body_that_changed_is_drift_of_its_own(tmp_path: Path) -> None:
    entry = CatalogueEntry(name="c", kind="definition", group="G")
    catalogue = Catalogue(declaration=(entry,))
    manifest = pin(tmp_path / "was", catalogue)
    changed = {"c": Definition("definition", ("pi", "Nat", "Nat"), ("lam", "Nat", "zero"))}
    found, code = check_pins(environment(tmp_path / "now", changed), catalogue, manifest, {})["c"]
    assert code == Code.STATEMENT_DRIFT
    assert found.change == "its body changed; its type still reads: (x : Nat) : Nat"


def test_an_axiom_that_was_not_there_is_named(tmp_path: Path) -> None:
    changed = {
        "t": Definition("theorem", STATEMENT, ("app", "cheat", "propext")),
        "cheat": Definition("axiom"),
    }
    found, code = check(tmp_path, changed)
    assert (found.outcome, code) == ("drifted", Code.AXIOM)
    assert found.change == "rests on cheat; pinned with the axioms: propext"


def test_fewer_axioms_are_no_drift(tmp_path: Path) -> None:
    assert check(tmp_path, {"t": Definition("theorem", STATEMENT, "intro")})[1] is None


def test_another_kind_is_drift(tmp_path: Path) -> None:
    found, code = check(tmp_path, {"t": Definition("definition", STATEMENT, "propext")})
    assert (found.change, code) == ("pinned as a theorem, found: definition", Code.STATEMENT_DRIFT)


def test_a_theorem_that_is_gone_is_missing(tmp_path: Path) -> None:
    manifest = pin(tmp_path / "was")
    own: Declarations = {name: body for name, body in BASE.items() if name != "t"}
    found, code = check_pins(environment_of(tmp_path / "now", own, library=LIBRARY), CATALOGUE, manifest, {})[
        "t"
    ]
    assert (found.outcome, code) == ("drifted", Code.MISSING)
    assert found.hash == manifest.declarations[0].hash


def test_a_theorem_that_is_no_longer_catalogued_is_missing_unless_it_was_only_not_selected(
    tmp_path: Path,
) -> None:
    both = Catalogue(declaration=(ENTRY, CatalogueEntry(name="a", kind="definition", group="G")))
    loaded = environment(tmp_path)
    manifest = pin_declarations(loaded, both, {})
    dropped = check_pins(loaded, CATALOGUE, manifest, {})
    assert dropped["a"][0].change == "pinned, but no longer in the catalogue"
    assert (dropped["a"][1], dropped["t"][1]) == (Code.MISSING, None)
    assert set(check_pins(loaded, CATALOGUE, manifest, {}, known=["t", "a"])) == {"t"}


def test_without_a_manifest_nothing_is_pinned_and_passes_only_where_that_is_asked(tmp_path: Path) -> None:
    found, code = check_pins(environment(tmp_path), CATALOGUE, None, {})["t"]
    assert (found.outcome, code) == ("not pinned", Code.NOT_PINNED)
    assert len(found.hash) == 40
    again, waived = check_pins(environment(tmp_path), CATALOGUE, None, {}, unpinned=True)["t"]
    assert (again, waived) == (found, None)


def test_that_what_is_not_pinned_may_pass_lets_nothing_pass_that_has_changed(tmp_path: Path) -> None:
    both = Catalogue(declaration=(ENTRY, CatalogueEntry(name="a", kind="definition", group="G")))
    loaded = environment(tmp_path)
    manifest = pin_declarations(loaded, both, {})
    forged = manifest.replaced(
        definitions=manifest.definitions | {"t": "0" * 40},
        declarations=tuple(
            each.replaced(hash="0" * 40) if each.name == "t" else each for each in manifest.declarations
        ),
    )
    checked = check_pins(loaded, CATALOGUE, forged, {}, unpinned=True)
    assert (checked["t"][0].outcome, checked["t"][1]) == ("drifted", Code.STATEMENT_DRIFT)
    assert checked["a"][1] is Code.MISSING


def test_a_declaration_that_the_manifest_lacks_is_refused(tmp_path: Path) -> None:
    both = Catalogue(declaration=(ENTRY, CatalogueEntry(name="a", kind="definition", group="G")))
    found, code = check_pins(environment(tmp_path / "now"), both, pin(tmp_path / "was"), {})["a"]
    assert (found.outcome, code) == ("not pinned", Code.NOT_PINNED)


def test_an_edited_manifest_is_no_match(tmp_path: Path) -> None:
    manifest = pin(tmp_path / "was")
    forged = manifest.declarations[0].replaced(hash="0" * 40)
    edited = manifest.replaced(declarations=(forged,))
    found, code = check_pins(environment(tmp_path / "now"), CATALOGUE, edited, {})["t"]
    assert (found.outcome, code) == ("drifted", Code.DEFINITION_DRIFT)
    assert found.change == "the pinned hashes do not belong together: the manifest was edited"


GRAPH = DGraph(lean_name="c", dims=("n",), scalars=(), context=(), nodes=())
GRAPHS = Catalogue(declaration=(CatalogueEntry(name="c", kind="definition", group="G", graph=True),))


def test_another_graph_from_the_same_definition_is_drift(tmp_path: Path) -> None:
    loaded = environment(tmp_path)
    manifest = pin_declarations(loaded, GRAPHS, {"c": GRAPH})
    assert manifest.declarations[0].graph == graph_hash(GRAPH)
    assert check_pins(loaded, GRAPHS, manifest, {"c": GRAPH})["c"][1] is None
    other = GRAPH.replaced(dims=("m",))
    found, code = check_pins(loaded, GRAPHS, manifest, {"c": other})["c"]
    assert (found.outcome, code) == ("drifted", Code.DEFINITION_DRIFT)
    assert found.change is not None
    assert "c.names" in found.change


def test_a_graph_that_was_not_extracted_does_not_match(tmp_path: Path) -> None:
    loaded = environment(tmp_path)
    manifest = pin_declarations(loaded, GRAPHS, {"c": GRAPH})
    found, code = check_pins(loaded, GRAPHS, manifest, {})["c"]
    assert (found.outcome, code) == ("not pinned", Code.NOT_PINNED)


def test_a_graph_that_is_catalogued_as_none_is_drift(tmp_path: Path) -> None:
    loaded = environment(tmp_path)
    manifest = pin_declarations(loaded, GRAPHS, {"c": GRAPH})
    plain = Catalogue(declaration=(CatalogueEntry(name="c", kind="definition", group="G"),))
    found, code = check_pins(loaded, plain, manifest, {})["c"]
    assert (found.change, code) == ("catalogued as none, pinned as a graph", Code.STATEMENT_DRIFT)


@pytest.mark.parametrize(
    ("changed", "code", "reason"),
    [
        ({"t": Definition("theorem", STATEMENT, "cheat"), "cheat": Definition("axiom")}, Code.AXIOM, "cheat"),
        ({"t": Definition("definition", STATEMENT)}, Code.OTHER_KIND, "expected a theorem"),
    ],
)
def test_what_is_not_accepted_is_not_pinned(
    tmp_path: Path, changed: Mapping[str, Definition], code: Code, reason: str
) -> None:
    with pytest.raises(Rejected, match=f"t cannot be pinned.*{reason}") as caught:
        pin_declarations(environment(tmp_path, changed), CATALOGUE, {})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone", "no compiled module defines gone"),
        ("Other.t", r"no compiled module defines Other\.t; t is in another namespace"),
    ],
)
def test_what_is_missing_is_not_pinned(tmp_path: Path, name: str, why: str) -> None:
    catalogue = Catalogue(declaration=(CatalogueEntry(name=name, kind="theorem", group="G"),))
    with pytest.raises(DeclarationNotFound, match=f"{name} cannot be pinned: {why}"):
        pin(tmp_path, catalogue)


def test_a_graph_is_not_pinned_without_what_was_extracted(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no graph was extracted"):
        pin(tmp_path, GRAPHS)
