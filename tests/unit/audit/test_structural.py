from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.structural import StructuralHashes
from tests.terms import PROP, Declarations, Definition, Inductive, Style, Term, environment_of

LIBRARY: Declarations = {
    "Nat": Definition("axiom", ("type",)),
    "Nat.zero": Definition("axiom", "Nat"),
    "Nat.one": Definition("axiom", "Nat"),
    "True": Definition("axiom", PROP),
    "True.intro": Definition("theorem", "True"),
    "True.other": Definition("axiom", "True"),
    "P": Definition("axiom", ("pi", "Nat", PROP)),
}


def hashes(directory: Path, own: Declarations, style: Style | None = None) -> StructuralHashes:
    return StructuralHashes(environment_of(directory, own, library=LIBRARY, style=style or Style()))


def chain(bottom: Term) -> Declarations:
    """A theorem about ``a``, which stands on ``b``, which stands on ``c``."""
    return {
        "t": Definition("theorem", ("app", "P", "a"), "True.intro"),
        "a": Definition("definition", "Nat", "b"),
        "b": Definition("definition", "Nat", ("app", "c", "Nat.one")),
        "c": Definition("definition", ("pi", "Nat", "Nat"), bottom),
    }


def test_a_definition_three_levels_below_counts(tmp_path: Path) -> None:
    was = hashes(tmp_path / "was", chain(("lam", "Nat", 0)))
    now = hashes(tmp_path / "now", chain(("lam", "Nat", "Nat.zero")))
    for name in "tabc":
        assert was.hash(name) != now.hash(name)
    changed = [name for name in "tabc" if was.own_hash(name) != now.own_hash(name)]
    assert changed == ["c"]
    assert now.underneath("t") == {"a": "t", "b": "a", "c": "b"}
    assert now.underneath("c") == {}


def test_what_the_kernel_overlooks_does_not_count(tmp_path: Path) -> None:
    poly: Term = ("pi", ("universe", "u"), ("pi", ("universe", "v"), ("pi", 1, 1)))
    own: Declarations = {
        **chain(("lam", "Nat", ("let", "Nat", 0, ("app", ("lam", "Nat", 0), 1)))),
        "poly": Definition("definition", poly, PROP, levels=("u", "v")),
    }
    plain = hashes(tmp_path / "plain", own)
    style = Style(binders=("y", "y.1", "z"), infos=(3, 1, 2), metadata=True, levels={"u": "w", "v": "u"})
    other = hashes(tmp_path / "other", own, style)
    for name in (*"tabc", "poly"):
        assert plain.hash(name) == other.hash(name)
        assert plain.own_hash(name) == other.own_hash(name)


def test_which_universe_is_meant_counts(tmp_path: Path) -> None:
    def poly(name: str) -> Declarations:
        return {"d": Definition("definition", ("universe", name), PROP, levels=("u", "v"))}

    assert hashes(tmp_path / "u", poly("u")).hash("d") != hashes(tmp_path / "v", poly("v")).hash("d")


def test_a_proof_does_not_count_and_is_not_followed(tmp_path: Path) -> None:
    def with_proof(proof: Term) -> Declarations:
        return {
            "t": Definition("theorem", ("app", "P", ("app", "f", proof)), proof),
            "f": Definition("definition", ("pi", "True", "Nat"), ("lam", "True", "Nat.zero")),
            "lemma_1": Definition("theorem", "True", "True.intro"),
            "lemma_2": Definition("theorem", ("pi", "Nat", "True"), ("lam", "Nat", "lemma_1")),
            "by_term": Definition("definition", "True", "lemma_1"),
        }

    proofs: list[Term] = ["True.intro", "True.other", "lemma_1", ("app", "lemma_2", "Nat.one"), "by_term"]
    made = [hashes(tmp_path / str(i), with_proof(proof)) for i, proof in enumerate(proofs)]
    assert len({each.hash("t") for each in made}) == 1
    assert all(each.underneath("t") == {"f": "t"} for each in made)
    # but a definition counts by what it says even where it is the proof of something
    assert made[0].hash("by_term") != made[0].hash("f")


def test_a_definition_counts_by_what_it_says_and_a_type_by_its_name(tmp_path: Path) -> None:
    own: Declarations = {
        "f": Definition("definition", "Nat", "Nat.one"),
        "g": Definition("definition", "Nat", "Nat.one"),
        "A": Inductive({"A.mk": ("pi", "Nat", "A")}),
        "B": Inductive({"B.mk": ("pi", "Nat", "B")}),
        "o": Definition("opaque", "Nat", "Nat.one"),
        "q": Definition("opaque", "Nat", "Nat.one"),
        "uses_f": Definition("theorem", ("app", "P", "f")),
        "uses_g": Definition("theorem", ("app", "P", "g")),
        "uses_A": Definition("theorem", ("pi", "A", "True")),
        "uses_B": Definition("theorem", ("pi", "B", "True")),
        "uses_o": Definition("theorem", ("app", "P", "o")),
        "uses_q": Definition("theorem", ("app", "P", "q")),
    }
    found = hashes(tmp_path, own)
    assert found.hash("uses_f") == found.hash("uses_g")
    assert found.own_hash("uses_f") != found.own_hash("uses_g")
    assert found.hash("uses_A") != found.hash("uses_B")
    assert found.hash("uses_o") != found.hash("uses_q")


@pytest.mark.parametrize(
    "constructors",
    [
        {"A.mk": ("pi", "Nat", ("pi", "Nat", "A")), "A.none": "A"},
        {"A.none": "A", "A.mk": ("pi", "Nat", "A")},
        {"A.mk": ("pi", "Nat", "A")},
        {"A.mk": ("pi", "Nat", "A"), "A.no": "A"},
    ],
    ids=["another field", "another order", "one fewer", "another name"],
)
def test_the_constructors_of_a_type_count(tmp_path: Path, constructors: dict[str, Term]) -> None:
    def about(constructors: dict[str, Term]) -> Declarations:
        return {"A": Inductive(constructors), "t": Definition("theorem", ("pi", "A", "True"))}

    was = hashes(tmp_path / "was", about({"A.mk": ("pi", "Nat", "A"), "A.none": "A"}))
    now = hashes(tmp_path / "now", about(constructors))
    assert was.hash("t") != now.hash("t")
    assert was.own_hash("t") == now.own_hash("t")
    assert was.own_hash("A") != now.own_hash("A")


def test_which_constructor_and_which_field_counts(tmp_path: Path) -> None:
    own: Declarations = {
        "A": Inductive({"A.a": "A", "A.b": "A"}),
        "a": Definition("definition", "A", "A.a"),
        "b": Definition("definition", "A", "A.b"),
        "first": Definition("definition", ("pi", "A", "Nat"), ("lam", "A", ("proj", "A", 0, 0))),
        "second": Definition("definition", ("pi", "A", "Nat"), ("lam", "A", ("proj", "A", 1, 0))),
    }
    found = hashes(tmp_path, own)
    assert len({found.hash(name) for name in own}) == 5
    assert all(found.underneath(name) == {"A": name} for name in own if name != "A")


def test_the_order_of_different_references_counts(tmp_path: Path) -> None:
    def about(*arguments: str) -> Declarations:
        return {
            "f": Definition("definition", "Nat", "Nat.one"),
            "g": Definition("definition", "Nat", "Nat.zero"),
            "h": Definition("axiom", ("pi", "Nat", ("pi", "Nat", PROP))),
            "t": Definition("theorem", ("app", "h", *arguments)),
        }

    found = {
        order: hashes(tmp_path / "".join(order), about(*order)).hash("t")
        for order in [("f", "g"), ("g", "f"), ("f", "f"), ("g", "g")]
    }
    assert len(set(found.values())) == 4


def test_a_constant_of_the_library_is_not_one_of_its_own_name(tmp_path: Path) -> None:
    own: Declarations = {"t": Definition("theorem", ("app", "P", "Nat.one"))}
    library = hashes(tmp_path / "library", own).hash("t")
    without = {name: declaration for name, declaration in LIBRARY.items() if name != "Nat.one"}
    shadowed = environment_of(tmp_path / "own", {**own, "Nat.one": LIBRARY["Nat.one"]}, library=without)
    assert StructuralHashes(shadowed).hash("t") != library


def test_a_constant_of_the_library_counts_by_its_name_alone(tmp_path: Path) -> None:
    own: Declarations = {"t": Definition("theorem", ("app", "P", "Nat.one"))}
    other = {**LIBRARY, "Nat.one": Definition("definition", "Nat", "Nat.zero")}
    found = {StructuralHashes(environment_of(tmp_path / "1", own, library=LIBRARY)).hash("t")}
    found.add(StructuralHashes(environment_of(tmp_path / "2", own, library=other)).hash("t"))
    assert len(found) == 1


def test_names_like_those_of_the_format_are_no_proofs(tmp_path: Path) -> None:
    def about(value: Term) -> Declarations:
        return {
            "proof": Definition("definition", "Nat", value),
            "t": Definition("theorem", ("app", "P", "proof")),
        }

    was, now = hashes(tmp_path / "was", about("Nat.one")), hashes(tmp_path / "now", about("Nat.zero"))
    assert was.hash("t") != now.hash("t")


def test_a_mutual_block_ends_and_counts_as_a_whole(tmp_path: Path) -> None:
    def about(bottom: Term, names: tuple[str, str] = ("even", "odd")) -> Declarations:
        even, odd = names
        return {
            even: Definition("partial", "Nat", odd, block=names),
            odd: Definition("partial", "Nat", ("app", "f", even, bottom), block=names),
            "f": Definition("axiom", ("pi", "Nat", ("pi", "Nat", "Nat"))),
            "t": Definition("theorem", ("app", "P", even)),
        }

    was = hashes(tmp_path / "was", about("Nat.one"))
    assert was.hash("even") != was.hash("odd")
    assert was.hash("t") != hashes(tmp_path / "now", about("Nat.zero")).hash("t")
    assert was.hash("t") == hashes(tmp_path / "renamed", about("Nat.one", ("e", "o"))).hash("t")
    # entered from the other side, the same hashes
    again = hashes(tmp_path / "again", about("Nat.one"))
    assert (again.hash("odd"), again.hash("even")) == (was.hash("odd"), was.hash("even"))


def test_a_forged_cycle_ends(tmp_path: Path) -> None:
    def about(bottom: Term) -> Declarations:
        return {
            "a": Definition("definition", "Nat", "b"),
            "b": Definition("definition", "Nat", ("app", "a", bottom)),
        }

    was, now = hashes(tmp_path / "was", about("Nat.one")), hashes(tmp_path / "now", about("Nat.zero"))
    assert was.hash("a") != now.hash("a")
    assert was.underneath("a") == {"b": "a"}


def test_literals_of_any_size_count(tmp_path: Path) -> None:
    def about(value: int) -> Declarations:
        return {"n": Definition("definition", "Nat", ("lit", value))}

    sizes = [2, 10**5000, 10**5000 + 1]
    assert len({hashes(tmp_path / str(i), about(n)).hash("n") for i, n in enumerate(sizes)}) == 3


def test_a_term_of_exponential_size_is_hashed_by_its_nodes(tmp_path: Path) -> None:
    from lean_bridge.olean.environment import Environment
    from tests.olean_writer import OleanWriter

    writer = OleanWriter(word=8)
    term = writer.expr(4, [writer.name("a"), 1])
    for _ in range(1500):
        term = writer.expr(5, [term, term])
    writer.file_of_type(tmp_path / "T.olean", term)
    environment = Environment([tmp_path])
    environment.load("T")
    assert len(StructuralHashes(environment).hash("t")) == 40


def test_an_unknown_constant_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        hashes(tmp_path, {}).hash("gone")
