"""What a kernel has to be given, and in which order: every declaration after those that it mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.equality import is_same_expr
from lean_bridge.olean.expr import Const, Constant, Expr, LSucc, LZero, Name, Pi, Sort
from lean_bridge.olean.mentions import constants_in
from lean_bridge.olean.reserved import NAT_ARITHMETIC

UnitKind: TypeAlias = Literal["axiom", "definition", "theorem", "opaque", "quot", "inductive"]

HIDDEN = "its body is not in the compiled files"

_QUOT = ("Quot", "Quot.mk", "Quot.lift", "Quot.ind")
_LITERALS = ("Nat", "Bool", "String.ofList", "String.mk", "Char.ofNat")
"""What a kernel makes out of literals and of arithmetic on them, mentioned or not."""
_BUILT_IN = frozenset(f"Nat.{name}" for name in NAT_ARITHMETIC) | {
    "String.ofList",
    "String.mk",
    "Char.ofNat",
}
"""What a kernel computes by itself, knowing it by its name alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """What a kernel takes in one step: one declaration, or a block of inductive types with all they bring."""

    name: Name
    kind: UnitKind
    constants: tuple[Constant, ...]
    """Of a block the types, their constructors, their recursors."""
    requires: tuple[Name, ...]
    """The names of the units to be taken before."""
    is_library: bool
    """Whether it came with Lean."""
    is_assumed: bool = False
    """Whether it is taken as an axiom because its body is not in the compiled files."""
    fault: str | None = None
    """Why no kernel can be given it."""
    is_hidden: bool = False
    """Whether that is because its body is not in the compiled files."""


def units_below(
    environment: Environment, names: Iterable[Name], *, read: Callable[[Name], object] = lambda _: None
) -> tuple[Unit, ...]:
    """Return the units of constants and of all they reach, each after those that it requires.

    ``read`` is told of each constant when all that it reaches is there.
    Of a circle, which only a forged file can hold, some unit comes before one that it requires.
    """
    done: dict[Name, Unit] = {}
    met: set[Name] = set()
    further: dict[Name, Unit] = {}
    wanted = list(names)
    literals = [name for name in _LITERALS if wanted and name in environment]
    for index, root in enumerate((*literals, *wanted)):
        path: list[tuple[Unit, Iterator[Name]]] = []
        pending: Iterator[Name] = iter([unit_name(environment, root)])
        while True:
            name = next((name for name in pending if name not in met), None)
            if name is not None:
                met.add(name)
                unit = further.pop(name, None) or _unit(environment, name, further)
                pending = iter(unit.requires)
                path.append((unit, pending))
            elif path:
                unit, _ = path.pop()
                done[unit.name] = unit
                pending = path[-1][1] if path else iter(())
            else:
                break
        if index >= len(literals):
            read(root)
    return tuple(done.values())


def is_same_unit(one: Unit, other: Unit) -> bool:
    """Whether two units are the same to a kernel: of one name and kind, of the very same constants."""
    return all(
        getattr(one, each.name) == getattr(other, each.name)
        for each in fields(Unit)
        if each.name != "constants"
    ) and (
        len(one.constants) == len(other.constants)
        and all(map(_is_same_constant, one.constants, other.constants))
    )


def _is_same_constant(one: Constant, other: Constant) -> bool:
    """Whether two are one, or the same proof of another module under the same name of its own."""
    return one is other or (
        one.name == other.name
        and all(
            getattr(one, each.name) is getattr(other, each.name)
            for each in fields(Constant)
            if each.name != "name"
        )
    )


def unit_name(environment: Environment, name: Name) -> Name:
    """Return the name of the unit that brings a constant, or should."""
    constant = environment.constant(name)
    if constant is None:
        return name
    match constant.kind:
        case "quot":
            return _QUOT[0]
        case "constructor":
            return unit_name(environment, constant.inductive) if constant.inductive != name else name
        case "inductive" | "recursor" if constant.all:
            return constant.all[0]
        case _:
            return name


def _unit(environment: Environment, name: Name, further: dict[Name, Unit]) -> Unit:
    """Return the unit of a name, and put those that it requires and no name finds into ``further``."""
    versions = environment.definitions(name)
    if not versions:
        return _impossible(name, "no compiled module defines it", is_library=False)
    own = [version for version in versions if not environment.is_library(version[0])]
    is_library = not own
    (_, constant), *others = own or versions
    if alien := _alien(environment, versions):
        return _impossible(name, f"it came with Lean, but {alien}, which it mentions, did not", is_library)
    if constant.safety != "safe":
        return _impossible(name, f"it is {constant.safety}, which no kernel accepts", is_library, constant)
    if not is_library and (name in _BUILT_IN or (name == "Nat" and not _is_nat(environment, constant))):
        fault = "the kernel takes it for the one that came with Lean, which it is not"
        return _impossible(name, fault, is_library, constant)
    match constant.kind:
        case "inductive":
            return _block(environment, constant, is_library)
        case "quot":
            return _quot(environment, name, is_library)
        case "constructor" | "recursor":
            return _impossible(name, "its inductive type does not have it", is_library, constant)
        case "axiom":
            hidden = environment.original_kind(name) != "axiom"
            if hidden and not is_library:
                return _hidden(name, constant)
            return _assume(environment, constant, is_library, is_assumed=hidden)
        case kind:
            terms = [constant.type, *([constant.value] if constant.value is not None else [])]
            # the exported files of Lean's own library leave private names dangling
            dangling = is_library and any(one not in environment for one in constants_in(terms))
            if dangling:
                return _assume(environment, constant, is_library, is_assumed=True)
            again = () if is_library else tuple(_prove_again(environment, *each) for each in others)
            further |= {each.name: each for each in again}
            return Unit(
                name=name,
                kind=kind,
                constants=(constant,),
                requires=(*(each.name for each in again), *_required(environment, name, terms)),
                is_library=is_library,
            )


def _prove_again(environment: Environment, module: Name, constant: Constant) -> Unit:
    """Return another module's proof of a theorem, under a name of its own, so that a kernel checks it too."""
    quoted = module.replace("»", "»»")
    other = replace(constant, name=f"{constant.name}.«as proved in {quoted}»")
    if constant.value is None:
        return _hidden(other.name, other)
    return Unit(
        name=other.name,
        kind="theorem",
        constants=(other,),
        requires=_required(environment, other.name, [constant.type, constant.value]),
        is_library=False,
    )


def _alien(environment: Environment, versions: Iterable[tuple[Name, Constant]]) -> Name | None:
    """Return what Lean's own library cannot know of and yet mentions, if anything."""
    for module, constant in versions:
        if environment.is_library(module):
            terms = [constant.type, *([constant.value] if constant.value is not None else [])]
            return next(filter(environment.is_own, constants_in(terms)), None)
    return None


def _is_nat(environment: Environment, constant: Constant) -> bool:
    """Whether a type called ``Nat`` is what number literals are literals of."""
    if (constant.constructors, constant.num_params) != (("Nat.zero", "Nat.succ"), 0):
        return False
    zero, succ = (environment.constant(name) for name in constant.constructors)
    nat = Const("Nat", ())
    return (
        zero is not None
        and succ is not None
        and is_same_expr(constant.type, Sort(LSucc(LZero())))
        and is_same_expr(zero.type, nat)
        and is_same_expr(succ.type, Pi("n", nat, nat, "default"))
    )


def _assume(environment: Environment, constant: Constant, is_library: bool, *, is_assumed: bool) -> Unit:
    return Unit(
        name=constant.name,
        kind="axiom",
        constants=(constant,),
        requires=_required(environment, constant.name, [constant.type]),
        is_library=is_library,
        is_assumed=is_assumed,
    )


def _block(environment: Environment, first: Constant, is_library: bool) -> Unit:
    name = first.name
    types = [environment.constant(other) for other in first.all]
    constructors = [environment.constant(other) for one in types if one for other in one.constructors]
    present = [one for one in (*types, *constructors) if one is not None]
    if (
        first.all[:1] != (name,)
        or len(present) != len(types) + len(constructors)
        or any(one.kind != "inductive" or one.all != first.all for one in present[: len(types)])
        or any(one.kind != "constructor" for one in present[len(types) :])
        or [one.inductive for one in present[len(types) :]]
        != [one.name for one in present[: len(types)] for _ in one.constructors]
        or any(one.safety != "safe" for one in present)
    ):
        return _impossible(name, "its mutual block is not whole in the compiled files", is_library, first)
    nested = (f"{name}.rec_{index}" for index in range(1, first.num_nested + 1))
    recursors = [environment.constant(other) for other in (*(f"{one}.rec" for one in first.all), *nested)]
    return Unit(
        name=name,
        kind="inductive",
        constants=(*present, *(one for one in recursors if one is not None and one.kind == "recursor")),
        requires=_required(environment, name, [one.type for one in present]),
        is_library=is_library,
    )


def _quot(environment: Environment, name: Name, is_library: bool) -> Unit:
    found = [environment.constant(one) for one in _QUOT]
    constants = tuple(one for one in found if one is not None and one.kind == "quot")
    if name != _QUOT[0] or len(constants) != len(_QUOT):
        return _impossible(name, "Lean's quotient is not whole in the compiled files", is_library)
    return Unit(name=name, kind="quot", constants=constants, requires=("Eq",), is_library=is_library)


def _hidden(name: Name, constant: Constant) -> Unit:
    return replace(_impossible(name, HIDDEN, False, constant), is_hidden=True)


def _impossible(name: Name, fault: str, is_library: bool, *constants: Constant) -> Unit:
    return Unit(name=name, kind="axiom", constants=constants, requires=(), is_library=is_library, fault=fault)


def _required(environment: Environment, name: Name, terms: Iterable[Expr]) -> tuple[Name, ...]:
    mentioned = sorted(constants_in(terms))
    found = dict.fromkeys(unit_name(environment, other) for other in mentioned)
    found.pop(name, None)
    return tuple(found)
