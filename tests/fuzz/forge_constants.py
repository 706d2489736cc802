"""Forgeries of whole constants: their parts, kinds, flags and proofs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Lit,
    LParam,
    LZero,
)
from tests.fuzz.encode import STORED_COUNTS, hide
from tests.fuzz.forgery import Forgery, Kinds, poisoned, two

CHEAT: Final = "Small.cheat"


def _swapped(part: str, *kinds: str) -> Callable[[Forgery, random.Random], None]:
    def swap(forgery: Forgery, rng: random.Random) -> None:
        first, second = two(forgery, rng, *kinds)
        a, b = forgery.constant(first), forgery.constant(second)
        forgery.change(first, **{part: getattr(b, part)})
        forgery.change(second, **{part: getattr(a, part)})

    return swap


def _exchanged(forgery: Forgery, rng: random.Random) -> None:
    """Each of two constants gets all of the other but the name."""
    first, second = two(forgery, rng, rng.choice(("theorem", "definition", "constructor", "inductive")))
    a, b = forgery.constant(first), forgery.constant(second)
    forgery.place(first).constants[first] = replace(b, name=first)
    forgery.place(second).constants[second] = replace(a, name=second)


def _no_proof(forgery: Forgery, rng: random.Random) -> None:
    """A theorem's proof is something that certainly is none."""
    name = rng.choice(forgery.names("theorem"))
    type_ = forgery.constant(name).type
    lies: list[Expr] = [
        Const("True.intro", ()),
        Const(name, tuple(LParam(each) for each in forgery.constant(name).level_params)),
        App(App(Const("sorryAx", (LZero(),)), type_), Const("Bool.true", ())),
        App(App(Const("lcProof", ()), type_), Const("True.intro", ())),
        Lit(0),
        BVar(0),
        App(Lam("x", type_, BVar(0), "default"), Const("True.intro", ())),
    ]
    poisoned(forgery, name, rng.choice(lies))


def _in_a_ring(forgery: Forgery, rng: random.Random) -> None:
    """Two theorems of one statement prove each other."""
    name = rng.choice(forgery.names("theorem"))
    constant, other = forgery.constant(name), f"{name}_again"
    levels = tuple(LParam(each) for each in constant.level_params)
    place = rng.choice(list(forgery.contents.values()))
    place.constants[other] = replace(constant, name=other, value=Const(name, levels), all=(other,))
    poisoned(forgery, name, Const(other, levels))


def _assumed(forgery: Forgery, rng: random.Random) -> None:
    """A theorem's proof is an axiom that says so, under some name, and the manifest may allow it."""
    name = rng.choice(forgery.names("theorem"))
    constant = forgery.constant(name)
    axiom = rng.choice((CHEAT, "propext", "Classical.choice", "Small.propext", "sorryAx", "Quot.sound"))
    place = rng.choice((forgery.place(name), *forgery.contents.values()))
    place.constants[axiom] = Constant(
        name=axiom, kind="axiom", level_params=constant.level_params, type=constant.type
    )
    poisoned(forgery, name, Const(axiom, tuple(LParam(each) for each in constant.level_params)))
    if rng.random() < 0.5:
        for pinned in forgery.manifest["declaration"]:
            pinned["axioms"] = sorted({*pinned["axioms"], axiom})


def _another_kind(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem", "definition", "opaque"))
    kind = rng.choice(("axiom", "theorem", "definition", "opaque"))
    values: dict[str, Any] = {"kind": kind}
    if kind == "axiom":
        values |= {"value": None, "all": ()}
    forgery.change(name, **values)


def _unsafe(forgery: Forgery, rng: random.Random) -> None:
    """A theorem becomes an unsafe or partial definition, whose value may be itself."""
    name = rng.choice(forgery.names("theorem", "definition"))
    constant = forgery.constant(name)
    value = constant.value
    if rng.random() < 0.5:
        value = Const(name, tuple(LParam(each) for each in constant.level_params))
    safety = rng.choice(("unsafe", "partial"))
    forgery.change(name, kind="definition", safety=safety, value=value, all=(name,))


def _hidden(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem", "definition", "opaque"))
    hide(forgery.place(name), name)


def _dropped(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names())
    del forgery.place(name).constants[name]


def _listed_otherwise(forgery: Forgery, rng: random.Random) -> None:
    first, second = two(forgery, rng)
    forgery.place(first).listed_as[first] = second
    if rng.random() < 0.5:
        forgery.place(second).listed_as[second] = first


def _flags(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("inductive", "constructor", "recursor"))
    constant = forgery.constant(name)
    changes: list[dict[str, Any]] = [
        {"safety": "unsafe"},
        {"level_params": (*constant.level_params, "w")},
        {"level_params": constant.level_params[:-1]},
    ]
    for each in STORED_COUNTS[constant.kind]:
        value = getattr(constant, each)
        match value:
            case bool():
                changes.append({each: not value})
            case int():
                changes += [{each: value + 1}, {each: max(0, value - 1)}]
            case tuple():
                changes += [{each: value[::-1]}, {each: value[:-1]}]
    forgery.change(name, **rng.choice(changes))


def _levels(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem", "definition", "opaque"))
    params = forgery.constant(name).level_params
    forgery.change(name, level_params=rng.choice(((*params, "w"), params[:-1], params[::-1], params * 2)))


OF_CONSTANTS: Final[Kinds] = {
    "bodies swapped": (2, _swapped("value", "definition", "opaque")),
    "proofs swapped": (2, _swapped("value", "theorem")),
    "statements swapped": (2, _swapped("type", "theorem")),
    "types swapped": (1, _swapped("type", "definition")),
    "constructors' types swapped": (1, _swapped("type", "constructor")),
    "constructors listed otherwise": (1, _swapped("constructors", "inductive")),
    "rules swapped": (1, _swapped("rules", "recursor")),
    "constants exchanged": (2, _exchanged),
    "no proof": (4, _no_proof),
    "proofs in a ring": (1, _in_a_ring),
    "axiom": (3, _assumed),
    "another kind": (2, _another_kind),
    "unsafe or partial": (2, _unsafe),
    "body hidden": (2, _hidden),
    "constant dropped": (1, _dropped),
    "listed under another name": (1, _listed_otherwise),
    "counts and flags": (3, _flags),
    "universe parameters": (2, _levels),
}
