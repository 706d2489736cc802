"""Forgeries of modules: what they hold, import and register."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from lean_bridge.olean.expr import (
    Const,
    ConstantKind,
    Name,
)
from tests.fuzz.encode import CSIMP, MARKS, Content, hide
from tests.fuzz.forgery import Forgery, Kinds, mutated, two


def _marked(forgery: Forgery, rng: random.Random) -> None:
    name, other = two(forgery, rng, "definition", "opaque")
    content = rng.choice((forgery.place(name), *forgery.contents.values()))
    mark = rng.choice((*MARKS, CSIMP))
    if mark == CSIMP:
        content.csimp.append((name, other))
    else:
        content.marks.setdefault(mark, []).append(name)
    if rng.random() < 0.2:
        content.marks, content.csimp = {}, []


def _registered(forgery: Forgery, rng: random.Random) -> None:
    """The tables of instances and classes say less, more, or what another module's said."""
    content = rng.choice([each for each in forgery.contents.values() if each.instances or each.classes])
    table = content.instances if content.instances and rng.random() < 0.8 else content.classes
    match rng.randrange(4):
        case 0:
            table.remove(rng.choice(table))
        case 1:
            table.clear()
        case 2:
            table.append(
                rng.choice((*forgery.names("definition", "inductive"), "instOfNatNat", "Small.nowhere"))
            )
        case _:
            other = rng.choice(list(forgery.contents.values()))
            content.instances, other.instances = other.instances, content.instances


def _twice(forgery: Forgery, rng: random.Random) -> None:
    """Another module, or a new one, defines a name too: as it is, or changed."""
    name = rng.choice(forgery.names())
    constant = forgery.constant(name)
    others = [module for module, content in forgery.contents.items() if name not in content.constants]
    module = rng.choice((*others, "Small.Extra"))
    if module not in forgery.contents:
        forgery.contents[module] = Content(list(forgery.contents), {}, forgery.place(name).lean_version)
        _import(forgery, module, rng)
    match rng.randrange(4):
        case 0:
            constant = replace(constant, type=mutated(constant.type, forgery, rng))
        case 1 if constant.value is not None:
            constant = replace(constant, value=mutated(constant.value, forgery, rng))
        case 2 if constant.kind in ("theorem", "definition", "opaque"):
            forgery.contents[module].constants[name] = constant
            hide(forgery.contents[module] if rng.random() < 0.5 else forgery.place(name), name)
            return
        case _:
            pass
    forgery.contents[module].constants[name] = constant


def _import(forgery: Forgery, module: Name, rng: random.Random) -> None:
    """Have a new module imported by another, whose own imports it then cannot need."""
    importer = rng.choice([each for each in forgery.contents if each != module])
    forgery.contents[importer].imports.append(module)
    forgery.contents[module].imports = [
        each for each in forgery.contents[importer].imports if each not in (module, importer)
    ]


def _of_lean(forgery: Forgery, rng: random.Random) -> None:
    """The library defines what Lean's own has: changed, or with another body where Lean hides it."""
    name = rng.choice(list(forgery.library))
    constant = forgery.library[name]
    content = rng.choice(list(forgery.contents.values()))
    match rng.randrange(4):
        case 0:
            constant = replace(constant, type=mutated(constant.type, forgery, rng))
        case 1 if constant.value is not None:
            constant = replace(constant, value=mutated(constant.value, forgery, rng))
        case 2:
            constant = replace(constant, kind="axiom", value=None, all=(), rules=(), constructors=())
        case _:
            body = constant.value if constant.value is not None else Const("True.intro", ())
            kinds: tuple[ConstantKind, ...] = ("definition", "theorem", "opaque")
            kind = rng.choice(kinds)
            constant = replace(constant, kind=kind, value=body, rules=(), constructors=(), all=(name,))
    content.constants[name] = constant


def _merged(forgery: Forgery, rng: random.Random) -> None:
    """One module says what two said; the other is gone, or says it too."""
    first, second = rng.sample(list(forgery.contents), 2)
    into, gone = forgery.contents[first], forgery.contents[second]
    into.constants = {**gone.constants, **into.constants}
    into.imports = list(dict.fromkeys((*gone.imports, *into.imports)))
    into.imports = [each for each in into.imports if each not in (first, second)]
    if rng.random() < 0.7:
        gone.constants = {}
        gone.imports = [each for each in gone.imports if each != first]


def _moved(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names())
    constant = forgery.place(name).constants.pop(name)
    rng.choice(list(forgery.contents.values())).constants[name] = constant


def _imports(forgery: Forgery, rng: random.Random) -> None:
    content = rng.choice(list(forgery.contents.values()))
    match rng.randrange(3):
        case 0 if content.imports:
            content.imports.pop(rng.randrange(len(content.imports)))
        case 1:
            content.imports.append(rng.choice(list(forgery.contents)))
        case _:
            content.imports.append(rng.choice(("Small.Nowhere", "Init.Core", "«..».«..»", "Small")))


OF_MODULES: Final[Kinds] = {
    "compiled otherwise": (2, _marked),
    "registered otherwise": (3, _registered),
    "defined twice": (4, _twice),
    "defined beside Lean": (4, _of_lean),
    "modules merged": (2, _merged),
    "moved": (2, _moved),
    "imports": (2, _imports),
}
