"""Forgeries of who is meant by a name."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lean_bridge.olean.expr import (
    Const,
    Expr,
    Name,
    Proj,
    RecursorRule,
)
from tests.fuzz.forgery import Forgery, Kinds, two
from tests.fuzz.terms import LOOK_ALIKE, nodes_of, rebuilt


def _renamed(forgery: Forgery, rng: random.Random) -> None:
    """A constant has another name, everywhere: which changes nothing unless somebody knows it by name."""
    name = rng.choice(forgery.names())
    new = rng.choice((f"{name}'", f"_private.Small.Lemmas.0.{name}", f"{name}.x", name.translate(LOOK_ALIKE)))
    if new == name or any(new in content.constants for content in forgery.contents.values()):
        return
    forgery.renamed[new] = forgery.renamed.pop(name, name)
    _substitute(forgery, {name: new})


def _crossed(forgery: Forgery, rng: random.Random) -> None:
    """Everybody means another constant by a name: two are exchanged where they are mentioned."""
    first, second = two(forgery, rng, rng.choice(("theorem", "definition", "constructor")))
    _substitute(forgery, {first: second, second: first}, declared=False)


def _substitute(forgery: Forgery, names: Mapping[Name, Name], *, declared: bool = True) -> None:
    def new(name: Name) -> Name:
        return names.get(name, name)

    def within(term: Expr) -> Expr:
        found = {
            id(node): Const(new(node.name), node.levels) if isinstance(node, Const) else node
            for node in nodes_of(term)
            if isinstance(node, Const) and node.name in names
        }
        term = rebuilt(term, found)
        fields = [node for node in nodes_of(term) if isinstance(node, Proj) and node.struct in names]
        return rebuilt(term, {id(node): Proj(new(node.struct), node.index, node.expr) for node in fields})

    for content in forgery.contents.values():
        constants = list(content.constants.values())
        content.constants.clear()
        for constant in constants:
            made = replace(
                constant,
                type=within(constant.type),
                value=within(constant.value) if constant.value is not None else None,
                rules=tuple(
                    RecursorRule(
                        new(rule.constructor) if declared else rule.constructor,
                        rule.num_fields,
                        within(rule.rhs),
                    )
                    for rule in constant.rules
                ),
            )
            if declared:
                made = replace(
                    made,
                    name=new(made.name),
                    all=tuple(map(new, made.all)),
                    constructors=tuple(map(new, made.constructors)),
                    inductive=new(made.inductive),
                )
            content.constants[made.name] = made


OF_NAMES: Final[Kinds] = {
    "renamed": (2, _renamed),
    "mentions crossed": (2, _crossed),
}
