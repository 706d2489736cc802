"""Forgeries of a library that is accepted: its compiled content and its manifest, changed together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from lean_bridge.olean.expr import Const, Name
from tests.fuzz.encode import Content
from tests.fuzz.forge_constants import OF_CONSTANTS
from tests.fuzz.forge_modules import OF_MODULES
from tests.fuzz.forge_names import OF_NAMES
from tests.fuzz.forge_terms import IN_TERMS
from tests.fuzz.forge_told import OF_WHAT_IS_TOLD
from tests.fuzz.forgery import Forgery, Kinds
from tests.fuzz.terms import nodes_of


def _everything(forgery: Forgery, rng: random.Random) -> None:
    """Nothing is changed: what is accepted stays so."""
    del forgery, rng


FORGERIES: Final[Kinds] = {
    **IN_TERMS,
    **OF_CONSTANTS,
    **OF_NAMES,
    **OF_MODULES,
    **OF_WHAT_IS_TOLD,
    "nothing": (1, _everything),
}
"""What may be done, by name, and how often."""


def forge(forgery: Forgery, rng: random.Random) -> None:
    """Change one to three things."""
    names = tuple(FORGERIES)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        forge_one(forgery, rng.choices(names, [FORGERIES[each][0] for each in names])[0], rng)


def forge_one(forgery: Forgery, kind: str, rng: random.Random) -> None:
    """Change one thing of a kind; where an earlier change has left nothing of it, nothing happens."""
    with suppress(IndexError, StopIteration, ValueError):
        FORGERIES[kind][1](forgery, rng)
        forgery.done.append(kind)


def used_constants(content: Content) -> Iterator[Name]:
    """Yield the constants of Lean's own that a module mentions."""
    for constant in content.constants.values():
        for term in (constant.type, constant.value):
            for node in nodes_of(term) if term is not None else ():
                if isinstance(node, Const) and node.name not in content.constants:
                    yield node.name
