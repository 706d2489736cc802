"""What is tried for the binders of a theorem: values one after another, and at once what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from lean_bridge.audit.proofs import conclusion, taken_and_concluded
from lean_bridge.extract.machine import Thunk
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Let,
    LZero,
    Name,
    Pi,
    Sort,
    parts,
    spine,
    written_binders,
)
from lean_bridge.olean.mentions import constants_in
from lean_bridge.witness.telescope import Binder, Telescope
from lean_bridge.witness.terms import REALS, conclusion_word, literals_in, quotation, root
from lean_bridge.witness.trial import Trial, Trials

_NUMBERS: Final = (2, 1, 3, 4, 5)
_MOST_NUMBERS: Final = 10
_LARGEST: Final = 10_000
_MOST_UNFOLDED: Final = 8

_SAME: Final = {"Eq": "rfl", "Iff": "Iff.rfl"}
"""How it is proved that something is what it is said to be."""

_RELATIONS: Final = ("fun x y => x < y", "fun x y => x = y", "fun x y => x ≤ y")
_FUNCTIONS: Final = {
    1: ("fun x => x", "fun x => x + 1"),
    2: ("fun x y => x + y", "fun x _ => x", "fun _ y => y", "fun x y => x * y"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One binder to be met, by the first of some terms after which the rest can be met; or by tactics."""

    at: int
    terms: tuple[str, ...] = ()
    unfolded: tuple[Name, ...] = ()
    """The library's own propositions that stand in the way of tactics."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen at once."""

    types: Mapping[int, Name]
    """Types by their binders, of which the library's own classes have instances; and these."""
    values: tuple[Mapping[int, str], ...] = ()
    """Values by their binders, by all of which no hypothesis fails that can be evaluated."""
    nearest: Mapping[int, str] = field(default_factory=dict)
    """Values by which the most is met, where nothing meets all."""
    defined: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """Binders that are what a hypothesis says, each with the binder of that and the proof of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order binders are met that are neither types nor their classes."""

    steps: tuple[Step, ...]
    choices: tuple[Choice, ...] = ()
    """What to choose, the most likely first."""
    is_of_reals: bool = False
    """Whether the theorem is about the real numbers, of which Lean decides nothing on their face."""
    types: int | None = None
    """How many types are to be chosen, once that was looked at."""


@dataclass(frozen=True, slots=True)
class Order:
    """In which order the binders of a theorem are tried."""

    types: frozenset[int]
    """The binders that are types."""
    steps: tuple[Step, ...]
    trials: tuple[Trial, ...]
    """What is tried in each step."""
    literals: tuple[int | str, ...]
    """The numbers and texts that the theorem speaks of."""


def plan_of(environment: Environment, constant: Constant, telescope: Telescope) -> Plan:
    """Return what is to be tried for the binders of a theorem, as read from what it says."""
    order, binders = order_of(environment, constant, telescope), telescope.binders
    choices: list[Choice] = []
    for chosen in (*_instances(environment, written_binders(constant.type), order.types), {}):
        given = {at: "Nat" for at in order.types if not binders[at].depth} | dict(chosen)
        constants = {at: Thunk(Const(name, ()), None) for at, name in given.items()}
        tried = Trials(environment, constant.type, order.trials, constants, order.literals)
        found = tried.found()
        choices.append(Choice(chosen, found, {} if found else tried.nearest))
    if defined := _defined(written_binders(constant.type), order):
        said = {*defined, *(at for at, _ in defined.values())}
        trials = [each for each in order.trials if each.at not in said]
        found = Trials(environment, constant.type, trials, {}, order.literals).found()
        choices.insert(0, Choice({}, found, defined=defined))
    is_of_reals = REALS in constants_in([constant.type])
    return Plan(order.steps, tuple(choices), is_of_reals, len(order.types))


def _defined(written: list[Pi], order: Order) -> Mapping[int, tuple[int, str]]:
    """Return what hypotheses say that binders are, as ``∀ x, f x = …`` does, or ``↔``, if … is without f."""
    values = {each.at for each in order.trials if each.is_value}
    found: dict[int, tuple[int, str]] = {}
    for at, binder in enumerate(written):
        depth, claim = taken_and_concluded(binder.type)
        head, arguments = spine(claim)
        if not isinstance(head, Const) or head.name not in _SAME:
            continue
        one, other = arguments[-2:]
        for subject, said in ((one, other), (other, one)):
            what, of = spine(subject)
            if not isinstance(what, BVar) or what.index < depth or not _are_apart(of, depth):
                continue
            place = at - 1 - (what.index - depth)
            if place in values and place not in found and what.index not in _free(said, 0):
                found[place] = at, f"(fun {'_ ' * depth}=> {_SAME[head.name]})" if depth else _SAME[head.name]
                break
    return found


def _are_apart(arguments: list[Expr], depth: int) -> bool:
    """Whether arguments are variables of those that are bound last, each another."""
    found = [each.index for each in arguments if isinstance(each, BVar) and each.index < depth]
    return len(found) == len(arguments) == len({*found})


def order_of(environment: Environment, constant: Constant, telescope: Telescope) -> Order:
    """Return in which order the binders of a theorem are to be tried that are neither types nor classes.

    A hypothesis is met as soon as all has a value that it speaks of, so that few values are tried in vain.
    """
    written = written_binders(constant.type)
    needs = [_needs(at, binder.type) for at, binder in enumerate(written)]
    needs += [frozenset(range(at)) for at in range(len(written), len(telescope.binders))]
    binders = telescope.binders
    types = {at for at, binder in enumerate(binders) if binder.is_family and not _is_predicate(at, written)}
    met = set(types)
    for at, binder in enumerate(binders):
        if binder.info == "instImplicit" and needs[at] <= met:
            met.add(at)
    asserts = {
        at for at in range(len(binders)) if at not in met and _asserts(environment, at, binders, written)
    }
    constrained = frozenset[int]().union(*(needs[at] for at in asserts))
    vocabulary = _Terms(environment, constant)
    steps: list[Step] = []
    left = [at for at in range(len(binders)) if at not in met]
    while left:
        ready = next((at for at in left if at in asserts and needs[at] <= met), None)
        at = next((at for at in left if at not in asserts), left[0]) if ready is None else ready
        terms = () if at in asserts else vocabulary.of(binders[at], several=at in constrained)
        steps.append(Step(at, terms, vocabulary.unfolded(written[at].type) if at < len(written) else ()))
        left.remove(at)
        met.add(at)
    trials = tuple(Trial(step.at, bool(step.terms), step.at not in constrained) for step in steps)
    return Order(frozenset(types), tuple(steps), trials, vocabulary.literals)


def _needs(at: int, type_: Expr) -> frozenset[int]:
    """Return the earlier binders that a type speaks of."""
    return frozenset(at - 1 - index for index in _free(type_, 0))


def _free(expr: Expr, depth: int) -> Iterator[int]:
    match expr:
        case BVar(index):
            if index >= depth:
                yield index - depth
        case Lam(_, type_, body) | Pi(_, type_, body):
            yield from _free(type_, depth)
            yield from _free(body, depth + 1)
        case Let(_, type_, value, body):
            yield from _free(type_, depth)
            yield from _free(value, depth)
            yield from _free(body, depth + 1)
        case _:
            for part in parts(expr):
                yield from _free(part, depth)


def _is_predicate(at: int, written: list[Pi]) -> bool:
    """Whether a binder is a proposition, or a function to these."""
    if at >= len(written):
        return False
    type_ = conclusion(written[at].type)
    return isinstance(type_, Sort) and isinstance(type_.level, LZero)


def _asserts(environment: Environment, at: int, binders: tuple[Binder, ...], written: list[Pi]) -> bool:
    """Whether a binder is met by tactics: a proof, or an instance of a class."""
    if binders[at].info == "instImplicit":
        return True
    if at < len(written):
        depth, type_ = taken_and_concluded(written[at].type)
        head, _ = spine(type_)
        if isinstance(head, BVar):
            # a hypothesis is of one of the predicates among the binders; anything else of these is a value
            return _is_predicate(at - 1 - (head.index - depth), written) if head.index >= depth else False
    head_ = binders[at].head
    constant = environment.constant(head_) if head_ is not None else None
    if constant is None:
        return not binders[at].is_family and not binders[at].is_evident
    sort = conclusion(constant.type)
    return isinstance(sort, Sort) and isinstance(sort.level, LZero)


class _Terms:
    """The terms that may be meant by what a theorem says of its binders."""

    def __init__(self, environment: Environment, constant: Constant) -> None:
        self._environment = environment
        mentioned = constants_in([constant.type])
        self._own = sorted(name for name in mentioned if environment.is_own(name))
        said = [constant.type]
        for name in self.unfolded(constant.type):
            definition = environment.constant(name)
            said += [definition.value] if definition is not None and definition.value is not None else []
        self.literals = tuple(dict.fromkeys(value for expr in said for value in literals_in(expr)))
        numbers = sorted(value for value in self.literals if isinstance(value, int) and value <= _LARGEST)
        self._strings = [value for value in self.literals if isinstance(value, str)]
        near = [near for each in numbers for near in (each, each + 1, each - 1) if near > 0]
        self._numbers = [*dict.fromkeys((*_NUMBERS, *near))][:_MOST_NUMBERS]

    def of(self, binder: Binder, *, several: bool) -> tuple[str, ...]:
        """Return terms for a binder, the most likely first; one, where nothing is asked of it."""
        return tuple(dict.fromkeys(self._found(binder))) if several else ("by meet 2",)

    def unfolded(self, type_: Expr) -> tuple[Name, ...]:
        """Return the library's own definitions behind a statement, propositions first, outermost first."""
        found: dict[Name, bool] = {}
        pending = [type_]
        while pending and len(found) < _MOST_UNFOLDED:
            for name in sorted(constants_in([pending.pop(0)])):
                constant = self._environment.constant(name) if self._environment.is_own(name) else None
                if constant is None or constant.kind != "definition" or name in found:
                    continue
                sort = conclusion(constant.type)
                found[name] = not (isinstance(sort, Sort) and isinstance(sort.level, LZero))
                pending += [constant.value] if constant.value is not None else []
        return tuple(sorted(found, key=lambda each: found[each]))

    def _found(self, binder: Binder) -> Iterator[str]:
        if binder.is_family:
            yield from self._predicates(binder.depth)
            return
        if binder.is_nat:
            yield from map(str, self._numbers)
            return
        if binder.depth:
            yield from self._functions(binder)
        elif binder.head is None:
            yield from map(str, self._numbers)
        else:
            yield from self._values(binder.head or "")
        yield "by meet 2"
        for name in self._own:
            if conclusion_word_of(self._environment, name) == binder.head and binder.head is not None:
                yield root(name)
                yield f"by apply {root(name)} <;> meet 2"
        yield "by meet 0"

    def _predicates(self, depth: int) -> Iterator[str]:
        ignored = "fun " + "_ " * depth + "=> " if depth else ""
        yield f"{ignored}True"
        if depth == 1:
            yield "fun x => x = 1"
        if depth == 2:
            yield from _RELATIONS
        yield f"{ignored}False"

    def _functions(self, binder: Binder) -> Iterator[str]:
        yield from _FUNCTIONS.get(binder.depth, ())
        ignored = "fun " + "_ " * binder.depth + "=> "
        if binder.head == "Bool":
            yield from (f"{ignored}true", f"{ignored}false")
        else:
            yield from (f"{ignored}2", f"{ignored}0")

    def _values(self, head: Name) -> Iterator[str]:
        small = self._numbers
        match head:
            case "Int" | "Rat":
                yield from (str(each) for number in small for each in (number, f"-{number}"))
                yield "0"
            case "Bool":
                yield from ("true", "false")
            case "Char":
                yield from ("'a'", *(f"Char.ofNat {number}" for number in small))
            case "String":
                yield from ('"a"', *map(quotation, self._strings), '""')
            case "List" | "Array":
                mark = "#" if head == "Array" else ""
                yield f"{mark}[by meet 1, by meet 2, by meet 3]"
                yield from (f"{mark}[{number}]" for number in small)
                yield f"{mark}[]"
            case "Option":
                yield from (*(f"some {number}" for number in small), "some (by meet 2)", "none")
            case "Fin":
                yield from (f"⟨{number}, by settle1⟩" for number in (0, 1, 2))
            case _:
                yield from self._made(head)

    def _made(self, head: Name) -> Iterator[str]:
        """Yield what the constructors of a type make."""
        constant = self._environment.constant(head)
        names = constant.constructors if constant is not None else ()
        if len(names) == 1:
            yield from ("⟨1, 2⟩", "⟨2, 1⟩", "⟨1, 2, by settle1⟩", "⟨1, 2, 3⟩")
            yield from (f"⟨{number}, by settle1⟩" for number in self._numbers)
        for name in names:
            yield from (root(name), f"by apply {root(name)} <;> meet 2")


def conclusion_word_of(environment: Environment, name: Name) -> Name | None:
    """Return the constant at the head of the type of what a constant, applied to all it takes, is."""
    constant = environment.constant(name)
    return conclusion_word(constant.type) if constant is not None and constant.kind == "definition" else None


def _instances(
    environment: Environment, written: list[Pi], types: frozenset[int]
) -> Iterable[Mapping[int, Name]]:
    """Return for which types the library's instances meet the library's classes, all of them at once."""
    choices: list[list[Mapping[int, Name]]] = []
    for at, binder in enumerate(written):
        depth, type_ = taken_and_concluded(binder.type)
        head, arguments = spine(type_)
        if binder.info != "instImplicit" or depth or not isinstance(head, Const):
            continue
        if not environment.is_own(head.name):
            continue
        asked = [at - 1 - each.index if isinstance(each, BVar) else None for each in arguments]
        found = [
            {place: term for place, term in zip(asked, terms, strict=False) if place in types and term}
            | ({at: name} if is_constant else {})
            for name, is_constant, terms in _instantiated(environment, head.name)
        ]
        choices.append([each for each in found if each.keys() & types] or [{}])
    for several in product(*choices):
        together: dict[int, Name] = {}
        for each in several:
            together |= each
        if together:
            yield together


def _instantiated(environment: Environment, class_: Name) -> Iterator[tuple[Name, bool, list[Name | None]]]:
    """Yield each instance of a class, whether it takes nothing, and what it is for, where constant."""
    for module in environment.modules:
        if environment.is_library(module):
            continue
        for name in sorted(environment.module(module).instances):
            constant = environment.constant(name)
            if constant is not None and conclusion_word(constant.type) == class_:
                type_ = conclusion(constant.type)
                _, arguments = spine(type_)
                of = [each.name if isinstance(each, Const) else None for each in arguments]
                yield name, not written_binders(constant.type), of
