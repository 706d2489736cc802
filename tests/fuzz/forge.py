"""Forgeries of a library that is accepted: its compiled content and its manifest, changed together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    ConstantKind,
    Expr,
    Lam,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    Name,
    Pi,
    Proj,
    RecursorRule,
    Sort,
    parts,
)
from tests.fuzz.encode import CSIMP, MARKS, Content, hide, rebuilt

CHEAT: Final = "Small.cheat"
_LOOK_ALIKE: Final = str.maketrans("aeopcxAEO", "аеорсхАЕО")


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


# --- terms


def nodes_of(term: Expr) -> list[Expr]:
    """Return the nodes of a term, each once."""
    pending, found = [term], dict[int, Expr]()
    while pending:
        at = pending.pop()
        if id(at) not in found:
            found[id(at)] = at
            pending += parts(at)
    return list(found.values())


def _changed_node(node: Expr, pool: list[Expr], names: list[Name], rng: random.Random) -> Expr:
    match node:
        case Lit(int(value)):
            return Lit(rng.choice((0, value + 1, max(0, value - 1), value << 64, 1 << 4096)))
        case Lit(str(text)):
            return Lit(rng.choice((text + "\u200b", text.translate(_LOOK_ALIKE), "", text[::-1])))
        case Const(name, levels) if rng.random() < 0.5:
            if levels and rng.random() < 0.5:
                return Const(name, tuple(_changed_level(level, rng) for level in levels))
            return Const(rng.choice(names), levels)
        case Sort(level):
            return Sort(_changed_level(level, rng))
        case BVar(index):
            return BVar(rng.choice((0, index + 1, max(0, index - 1), 1 << 20)))
        case App(fn, arg) if rng.random() < 0.5:
            return fn if rng.random() < 0.5 else arg
        case Lam(name, type_, body, info) if rng.random() < 0.5:
            return Pi(name, type_, body, info)
        case Pi(name, type_, body, info) if rng.random() < 0.5:
            return body if rng.random() < 0.5 else Pi(name, body, type_, info)
        case Proj(struct, index, inner):
            return Proj(struct, rng.choice((0, 1, index + 1)), inner)
    return rng.choice(pool)


def _changed_level(level: Level, rng: random.Random) -> Level:
    match level:
        case LMax(left, right) if rng.random() < 0.5:
            return LIMax(left, right)
        case LIMax(left, right) if rng.random() < 0.5:
            return LMax(left, right)
        case LParam(name) if rng.random() < 0.3:
            return LParam(f"{name}_1")
    return rng.choice((LZero(), LSucc(level), LSucc(LZero())))


def _mutated(term: Expr, forgery: Forgery, rng: random.Random) -> Expr:
    nodes = nodes_of(term)
    node = rng.choice(nodes)
    return rebuilt(term, {id(node): _changed_node(node, nodes, forgery.names(), rng)})


def _in_a_type(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names())
    forgery.change(name, type=_mutated(forgery.constant(name).type, forgery, rng))


def _in_a_body(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("definition", "opaque"))
    value = forgery.constant(name).value
    assert value is not None
    forgery.change(name, value=_mutated(value, forgery, rng))


def _in_a_proof(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem"))
    value = forgery.constant(name).value
    assert value is not None
    forgery.change(name, value=_mutated(value, forgery, rng))


def _in_a_rule(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("recursor"))
    rules = list(forgery.constant(name).rules)
    at = rng.randrange(len(rules))
    rule = rules[at]
    match rng.randrange(4):
        case 0:
            rules[at] = replace(rule, rhs=_mutated(rule.rhs, forgery, rng))
        case 1:
            rules[at] = replace(rule, num_fields=rule.num_fields + rng.choice((1, -1)) & 7)
        case 2:
            other = rng.choice(forgery.names("constructor"))
            rules[at] = replace(rule, constructor=other)
        case _:
            rules = [
                RecursorRule(a.constructor, a.num_fields, b.rhs)
                for a, b in zip(rules, rules[::-1], strict=True)
            ]
    forgery.change(name, rules=tuple(rules))


# --- constants


def _two(forgery: Forgery, rng: random.Random, *kinds: str) -> tuple[Name, Name]:
    first, second = rng.sample(forgery.names(*kinds), 2)
    return first, second


def _swapped(part: str, *kinds: str) -> Callable[[Forgery, random.Random], None]:
    def swap(forgery: Forgery, rng: random.Random) -> None:
        first, second = _two(forgery, rng, *kinds)
        a, b = forgery.constant(first), forgery.constant(second)
        forgery.change(first, **{part: getattr(b, part)})
        forgery.change(second, **{part: getattr(a, part)})

    return swap


def _exchanged(forgery: Forgery, rng: random.Random) -> None:
    """Each of two constants gets all of the other but the name."""
    first, second = _two(forgery, rng, rng.choice(("theorem", "definition", "constructor", "inductive")))
    a, b = forgery.constant(first), forgery.constant(second)
    forgery.place(first).constants[first] = replace(b, name=first)
    forgery.place(second).constants[second] = replace(a, name=second)


def _poisoned(forgery: Forgery, name: Name, value: Expr) -> None:
    forgery.change(name, value=value)
    forgery.poison.append((name, value))


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
    _poisoned(forgery, name, rng.choice(lies))


def _in_a_ring(forgery: Forgery, rng: random.Random) -> None:
    """Two theorems of one statement prove each other."""
    name = rng.choice(forgery.names("theorem"))
    constant, other = forgery.constant(name), f"{name}_again"
    levels = tuple(LParam(each) for each in constant.level_params)
    place = rng.choice(list(forgery.contents.values()))
    place.constants[other] = replace(constant, name=other, value=Const(name, levels), all=(other,))
    _poisoned(forgery, name, Const(other, levels))


def _assumed(forgery: Forgery, rng: random.Random) -> None:
    """A theorem's proof is an axiom that says so, under some name, and the manifest may allow it."""
    name = rng.choice(forgery.names("theorem"))
    constant = forgery.constant(name)
    axiom = rng.choice((CHEAT, "propext", "Classical.choice", "Small.propext", "sorryAx", "Quot.sound"))
    place = rng.choice((forgery.place(name), *forgery.contents.values()))
    place.constants[axiom] = Constant(
        name=axiom, kind="axiom", level_params=constant.level_params, type=constant.type
    )
    _poisoned(forgery, name, Const(axiom, tuple(LParam(each) for each in constant.level_params)))
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
    first, second = _two(forgery, rng)
    forgery.place(first).listed_as[first] = second
    if rng.random() < 0.5:
        forgery.place(second).listed_as[second] = first


def _flags(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("inductive", "constructor", "recursor"))
    constant = forgery.constant(name)
    changes: list[dict[str, Any]] = [
        {"k": not constant.k},
        {"is_recursive": not constant.is_recursive},
        {"is_reflexive": not constant.is_reflexive},
        {"num_params": constant.num_params + 1},
        {"num_params": max(0, constant.num_params - 1)},
        {"num_indices": constant.num_indices + 1},
        {"num_fields": constant.num_fields + 1},
        {"num_motives": constant.num_motives + 1},
        {"num_minors": max(0, constant.num_minors - 1)},
        {"num_nested": constant.num_nested + 1},
        {"constructor_index": constant.constructor_index + 1},
        {"constructors": constant.constructors[::-1]},
        {"constructors": constant.constructors[:-1]},
        {"all": constant.all[:-1]},
        {"safety": "unsafe"},
        {"level_params": (*constant.level_params, "w")},
        {"level_params": constant.level_params[:-1]},
    ]
    forgery.change(name, **rng.choice(changes))


def _levels(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem", "definition", "opaque"))
    params = forgery.constant(name).level_params
    forgery.change(name, level_params=rng.choice(((*params, "w"), params[:-1], params[::-1], params * 2)))


def _renamed(forgery: Forgery, rng: random.Random) -> None:
    """A constant has another name, everywhere: which changes nothing unless somebody knows it by name."""
    name = rng.choice(forgery.names())
    new = rng.choice(
        (f"{name}'", f"_private.Small.Lemmas.0.{name}", f"{name}.x", name.translate(_LOOK_ALIKE))
    )
    if new == name or any(new in content.constants for content in forgery.contents.values()):
        return
    forgery.renamed[new] = forgery.renamed.pop(name, name)
    _substitute(forgery, {name: new})


def _crossed(forgery: Forgery, rng: random.Random) -> None:
    """Everybody means another constant by a name: two are exchanged where they are mentioned."""
    first, second = _two(forgery, rng, rng.choice(("theorem", "definition", "constructor")))
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


# --- modules


def _marked(forgery: Forgery, rng: random.Random) -> None:
    name, other = _two(forgery, rng, "definition", "opaque")
    content = rng.choice((forgery.place(name), *forgery.contents.values()))
    mark = rng.choice((*MARKS, CSIMP))
    if mark == CSIMP:
        content.csimp.append((name, other))
    else:
        content.marks.setdefault(mark, []).append(name)
    if rng.random() < 0.2:
        content.marks, content.csimp = {}, []


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
            constant = replace(constant, type=_mutated(constant.type, forgery, rng))
        case 1 if constant.value is not None:
            constant = replace(constant, value=_mutated(constant.value, forgery, rng))
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
            constant = replace(constant, type=_mutated(constant.type, forgery, rng))
        case 1 if constant.value is not None:
            constant = replace(constant, value=_mutated(constant.value, forgery, rng))
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


# --- what ought to be proved


def _pins(forgery: Forgery, rng: random.Random) -> None:
    pinned = forgery.manifest["declaration"]
    first, second = rng.sample(pinned, 2)
    definitions = forgery.manifest["definitions"]
    match rng.randrange(9):
        case 0:
            first["hash"], second["hash"] = second["hash"], first["hash"]
        case 1:
            first["statement"], second["statement"] = second["statement"], first["statement"]
        case 2:
            first["name"], second["name"] = second["name"], first["name"]
        case 3:
            first["axioms"], second["axioms"] = second["axioms"], first["axioms"]
        case 4:
            first["kind"] = rng.choice(("theorem", "definition", "inductive"))
        case 5:
            pinned.remove(first)
        case 6:
            a, b = rng.sample(list(definitions), 2)
            definitions[a], definitions[b] = definitions[b], definitions[a]
        case 7:
            del definitions[rng.choice(list(definitions))]
        case _:
            digits = list(first["hash"])
            digits[rng.randrange(len(digits))] = rng.choice("0123456789abcdef")
            first["hash"] = "".join(digits)


def _wanted(forgery: Forgery, rng: random.Random) -> None:
    entries = forgery.catalogue["declaration"]
    first, second = rng.sample(entries, 2)
    match rng.randrange(5):
        case 0:
            first["kind"] = rng.choice(("theorem", "definition", "inductive"))
        case 1:
            first["kind"], second["kind"] = second["kind"], first["kind"]
        case 2:
            entries.remove(first)
        case 3:
            first["name"] = rng.choice((first["name"] + "'", first["name"].translate(_LOOK_ALIKE)))
        case _:
            first["group"], second["group"] = second["group"], first["group"]


def _everything(forgery: Forgery, rng: random.Random) -> None:
    """Nothing is changed: what is accepted stays so."""
    del forgery, rng


FORGERIES: Final[Mapping[str, tuple[float, Callable[[Forgery, random.Random], None]]]] = {
    "a place in a type": (4, _in_a_type),
    "a place in a body": (4, _in_a_body),
    "a place in a proof": (4, _in_a_proof),
    "a recursor's rule": (2, _in_a_rule),
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
    "renamed": (2, _renamed),
    "mentions crossed": (2, _crossed),
    "compiled otherwise": (2, _marked),
    "defined twice": (4, _twice),
    "defined beside Lean": (4, _of_lean),
    "modules merged": (2, _merged),
    "moved": (2, _moved),
    "imports": (2, _imports),
    "pins": (4, _pins),
    "catalogue": (3, _wanted),
    "nothing": (1, _everything),
}
"""What may be done, by name, and how often."""


def used_constants(content: Content) -> Iterator[Name]:
    """Yield the constants of Lean's own that a module mentions."""
    for constant in content.constants.values():
        for term in (constant.type, constant.value):
            for node in nodes_of(term) if term is not None else ():
                if isinstance(node, Const) and node.name not in content.constants:
                    yield node.name
