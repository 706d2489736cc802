"""A library in the making, to be forged."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lean_bridge.olean.expr import Constant, Expr, Name
from tests.fuzz.encode import Content
from tests.fuzz.terms import changed_node, nodes_of, rebuilt


@dataclass
class Forgery:
    """A library in the making, and what was done to it."""

    contents: dict[Name, Content]
    manifest: dict[str, Any]
    catalogue: dict[str, Any]
    library: Mapping[Name, Constant]
    """Some constants of Lean's own, to be redefined."""
    done: list[str] = field(default_factory=list)
    renamed: dict[Name, Name] = field(default_factory=dict)
    poison: list[tuple[Name, Expr]] = field(default_factory=list)
    """Values that certainly prove no statement of the theorem of that name."""

    def place(self, name: Name) -> Content:
        """Return the first module that defines a constant."""
        return next(content for content in self.contents.values() if name in content.constants)

    def names(self, *kinds: str) -> list[Name]:
        """Return the constants of these kinds, or all."""
        return [
            name
            for content in self.contents.values()
            for name, constant in content.constants.items()
            if not kinds or constant.kind in kinds
        ]

    def change(self, name: Name, **values: Any) -> None:
        """Give a constant other values."""
        content = self.place(name)
        content.constants[name] = replace(content.constants[name], **values)

    def constant(self, name: Name) -> Constant:
        """Return a constant."""
        return self.place(name).constants[name]


Kinds = Mapping[str, tuple[float, Callable[[Forgery, random.Random], None]]]
"""Kinds of forgery by name: how often each is done, and what is done."""


def two(forgery: Forgery, rng: random.Random, *kinds: str) -> tuple[Name, Name]:
    """Return two constants of these kinds, or any."""
    first, second = rng.sample(forgery.names(*kinds), 2)
    return first, second


def mutated(term: Expr, forgery: Forgery, rng: random.Random) -> Expr:
    """Return a term with one node exchanged."""
    nodes = nodes_of(term)
    node = rng.choice(nodes)
    return rebuilt(term, {id(node): changed_node(node, nodes, forgery.names(), rng)})


def poisoned(forgery: Forgery, name: Name, value: Expr) -> None:
    """Give a theorem a value that certainly proves it not."""
    forgery.change(name, value=value)
    forgery.poison.append((name, value))
