"""Whose words a statement is made of: the tool's own, known by their structural hashes, or a library's.

``Graph``, ``fderiv``, ``GF`` and the ops are names; what a theorem or a number about them is worth depends on
what they mean in the library that is judged. The tool carries the hashes of the meanings that it was made
for, in ``vocabulary.json``, which ``python -m tests.vocabulary`` writes from the library that it ships.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.letters import plain
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from pybind_models import Words

PATH: Final = Path(__file__).with_suffix(".json")
_MOST_NAMED = 3


@cache
def read_vocabulary() -> Mapping[Name, frozenset[str]]:
    """Return the hashes under which each of the tool's words is known: of what it means, one a version."""
    known: dict[Name, list[str]] = json.loads(PATH.read_text(encoding="utf-8"))
    return {name: frozenset(hashes) for name, hashes in known.items()}


def collect_vocabulary(environment: Environment) -> dict[Name, str]:
    """Return the hash of every definition and inductive type outside Lean's own library, by name."""
    hashes = StructuralHashes(environment)
    own = (module for module in environment.modules if not environment.is_library(module))
    names = (name for module in own for name in environment.module(module).constant_names)
    words = (
        name for name in names if environment.original_kind(name) in ("definition", "inductive", "opaque")
    )
    return {name: hashes.hash(name) for name in sorted(words)}


class Vocabulary:
    """Tells the words of one environment's declarations apart."""

    def __init__(self, hashes: StructuralHashes, known: Mapping[Name, Collection[str]] | None = None) -> None:
        self._hashes = hashes
        self._known = read_vocabulary() if known is None else known

    def is_word(self, name: Name) -> bool:
        """Whether a constant is a word of the tool's: of its name, and of its meaning."""
        return name in self._known and self._hashes.hash(name) in self._known[name]

    def words(self, name: Name, *, is_theorem: bool) -> Words:
        """Return whose words a declaration is made of; a definition is a word itself. Raises: KeyError."""
        pending = list(self._hashes.references(name)) if is_theorem else [name]
        seen = set(pending)
        known = 0
        own: list[Name] = []
        changed: list[Name] = []
        for at in pending:
            if self.is_word(at):
                known += 1
                continue
            (changed if at in self._known else own).append(at)
            below = [each for each in self._hashes.references(at) if each not in seen]
            seen.update(below)
            pending += below
        return Words(known=known, own=tuple(own), changed=self._innermost_first(changed))

    def strangers(self, name: Name, generated: Collection[Name] = ()) -> tuple[Name, ...]:
        """Return what a declaration refers to that is no word of the tool's. Raises: KeyError.

        What was ``generated`` beside it is no stranger, but may bring some.
        """
        pending = [name]
        found: dict[Name, None] = {}
        for at in pending:
            for each in self._hashes.references(at):
                if each in generated:
                    pending += [each] if each not in pending else []
                elif not self.is_word(each):
                    found[each] = None
        return self._innermost_first(found)

    def _innermost_first(self, changed: Collection[Name]) -> tuple[Name, ...]:
        """Return the words that differ with those first whose difference is their own."""
        outer = [name for name in changed if not set(changed).isdisjoint(self._hashes.references(name))]
        return (*(name for name in changed if name not in outer), *reversed(outer))


def not_the_tools(names: Collection[Name]) -> str:
    """Return in one line that words are not the tool's."""
    shown = ", ".join(map(plain, list(names)[:_MOST_NAMED]))
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{shown}{rest} {'is' if len(names) == 1 else 'are'} not the tool's: the library has its own"
