"""Random terms: what the kernel overlooks never changes a hash, and what it does not overlook always does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lean_bridge.audit.structural import StructuralHashes
from tests.terms import PROP, Declarations, Definition, Style, Term, environment_of

LIBRARY: Declarations = {
    "N": Definition("definition", ("type",), PROP),
    "zero": Definition("definition", "N", PROP),
}
CONSTANTS = ("N", "zero", "own", "other")


def terms(bound: int = 0, depth: int = 4) -> st.SearchStrategy[Term]:
    """Return terms with at most ``bound`` free variables; they need not be well typed."""
    leaves: st.SearchStrategy[Term] = st.sampled_from([*CONSTANTS, PROP, ("type",), ("universe", "u")])
    if bound:
        leaves |= st.integers(0, bound - 1)
    if not depth:
        return leaves
    same, under = terms(bound, depth - 1), terms(bound + 1, depth - 1)
    return st.one_of(
        leaves,
        st.tuples(st.just("app"), same, same),
        st.tuples(st.sampled_from(["lam", "pi"]), same, under),
        st.tuples(st.just("let"), same, same, under),
    )


STYLES = st.builds(
    Style,
    binders=st.lists(st.sampled_from(["x", "y", "a.b", "own", "", "Γ"]), min_size=1, max_size=4),
    infos=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    metadata=st.booleans(),
    levels=st.fixed_dictionaries({"u": st.sampled_from(["u", "v", "w_1"])}),
)


def hash_of(term: Term, style: Style) -> str:
    own: Declarations = {
        "t": Definition("definition", "N", term, levels=("u",)),
        "own": Definition("definition", "N", "zero"),
        "other": Definition("definition", "N", "N"),
    }
    with tempfile.TemporaryDirectory() as directory:
        environment = environment_of(Path(directory), own, library=LIBRARY, style=style)
        return StructuralHashes(environment).hash("t")


@settings(max_examples=80)
@given(terms(), STYLES)
def test_binder_names_infos_metadata_and_universe_names_never_count(term: Term, style: Style) -> None:
    assert hash_of(term, style) == hash_of(term, Style())


def leaves(term: Term) -> int:
    """Return the number of a term's leaves."""
    if isinstance(term, tuple) and len(term) > 1 and term[0] != "universe":
        return sum(leaves(part) for part in term[1:])
    return 1


def with_leaf(term: Term, at: int, leaf: Term) -> Term:
    """Return a term with another leaf in one place, counted from the left."""
    if not (isinstance(term, tuple) and len(term) > 1 and term[0] != "universe"):
        return leaf
    parts: list[Term] = [term[0]]
    for part in term[1:]:
        size = leaves(part)
        parts.append(with_leaf(part, at, leaf) if 0 <= at < size else part)
        at -= size
    return tuple(parts)


@settings(max_examples=80)
@given(terms(), st.integers(0, 10**6), st.sampled_from([*CONSTANTS, 0, PROP, ("type",)]))
def test_one_other_leaf_counts(term: Term, at: int, leaf: Term) -> None:
    changed = with_leaf(term, at % leaves(term), leaf)
    assert (hash_of(changed, Style()) == hash_of(term, Style())) == (changed == term)
