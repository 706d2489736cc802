"""Prints ``docs/planted.md``: every fault that the tests plant, from the data with which they plant it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lean_bridge.codes import EXPLANATIONS
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.adversarial.corpus import read_attacks
from tests.extraction_mutations import MUTATIONS as MISREADINGS
from tests.field_mutations import BY_HAND, killed_by
from tests.field_mutations import MUTATIONS as WRONG_RULES

KINDS = ("values", "tangents", "cotangents")


def render_page() -> str:
    """Return the page. What becomes of wrong rules is computed; the rest takes Lean, and has its tests."""
    parts = (
        "# Faults that are planted\n\nWritten by `python -m tests.tables`; do not edit.",
        *_attacks(),
        *_misreadings(),
        *_wrong_rules(),
    )
    return "\n\n".join(parts) + "\n"


def _attacks() -> Iterator[str]:
    attacks = read_attacks()
    yield "## Attacks on the library"
    yield (
        f"{len(attacks)} ways of being told that something holds which does not. Each is a library and its\n"
        "twin, one change apart: `tests/adversarial/test_attacks.py` holds that `verify` accepts the one\n"
        "and refuses the other with this code, and no other."
    )
    rows = (
        (f"`{each.name}`", each.title, each.expected.value, EXPLANATIONS[each.expected].title)
        for each in attacks
    )
    yield _table(("attack", "what it is", "code", "refused as"), rows)


def _misreadings() -> Iterator[str]:
    yield "## Graphs read wrongly"
    yield (
        f"{len(MISREADINGS)} errors that the extraction could make, one in each of as many catalogued\n"
        "graphs, which stay well-formed. `tests/end_to_end/test_certification.py` holds that Lean refuses\n"
        "`declared = extracted` for each."
    )
    rows = ((f"`{graph}`", error) for graph, (error, _) in MISREADINGS.items())
    yield _table(("graph", "what is wrong"), rows)


def _wrong_rules() -> Iterator[str]:
    found = {name: killed_by(wrong) for name, wrong in WRONG_RULES.items()}
    seen = sum(what is not None for what in found.values())
    yield "## Rules of the executor gone wrong"
    yield (
        f"{len(found)} wrong rules, {seen} of them told apart by the numbers over GF(p) that Lean's kernel\n"
        "certifies; `tests/adversarial/wrong_rule` holds each. Every value, tangent and cotangent of every\n"
        "primitive is negated, doubled, dropped, reversed, or loses its last coordinate; the errors that\n"
        "people make are planted by hand."
    )
    by_op = {op: Counter[str]() for op in PRIMITIVES}
    for name, what in found.items():
        by_op[WRONG_RULES[name].name][_kind(what)] += 1
    rows = (
        (f"`{op}`", str(counts.total()), *(str(counts[kind]) for kind in (*KINDS, "none")))
        for op, counts in by_op.items()
    )
    yield _table(("primitive", "planted", *(f"first seen in {kind}" for kind in KINDS), "not seen"), rows)
    yield _table(("by hand", "first seen in"), ((f"`{name}`", _kind(found[name])) for name in BY_HAND))


def _kind(what: str | None) -> str:
    return "none" if what is None else what.rpartition(": ")[2]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.stdout.write(render_page())
