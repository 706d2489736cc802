"""Values of a type, small ones first, each as Lean is to read it and as it is evaluated here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice, product, zip_longest
from typing import Final

from lean_bridge.extract.machine import Machine, Thunk, Value, VLit, VPi, VSort, VStuck, variable
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    FVar,
    Lam,
    Let,
    Level,
    Lit,
    Name,
)
from lean_bridge.olean.levels import level_text
from lean_bridge.witness.empty import Families, is_prop
from lean_bridge.witness.terms import quotation, root
from lean_bridge.witness.value import (
    ANY,
    ANYTHING,
    ARITHMETIC,
    SOME,
    UNSURE,
    Term,
    applied,
    binary,
    constant,
    fraction,
    integer,
    letter,
    listed,
    natural,
    operation,
    place_of,
    related,
)

_FIRST: Final = (2, 1, 3, 4, 5)
_WITHIN: Final = (1, 2, 3, 0, 4, 5)
"""Natural numbers within something else, where 0 is one of many."""
_UP_TO: Final = 64
_LARGEST: Final = 100_000
_CHARACTERS: Final = "aAb1 zZ0_"
_DEEPEST: Final = 3
_WIDTHS: Final = (1, 20, 16, 8, 4, 3, 2, 2)
"""How many values of a field are tried, by how many there are besides, and how deep it lies."""
_THIN: Final = (200, 40)
"""How many values are tried of the one field that there is, outside and deep within."""
_MOST: Final = 256
"""How many values one constructor makes of several fields."""
_FEW: Final = 6
_FIRST_ONES: Final = 12
_LONGEST: Final = 12


class Values:
    """The values of types, with what a statement's text has for its numbers and texts among the first.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(
        self,
        machine: Machine,
        families: Families,
        literals: Iterable[int | str],
        truth: Callable[[Value], bool | None],
        same: Callable[[Thunk, Thunk], bool | None],
        is_there: Callable[[Value], bool],
    ) -> None:
        self._is_there = is_there
        self._machine = machine
        self._same = same
        self._taken = 0
        self._families = families
        self._truth = truth
        self._literals = tuple(literals)
        self.are_of_statement = False
        """Whether values were looked at since this was last denied that would be others by another text."""
        self._known: dict[str, Sequence[Term]] = {}

    @cached_property
    def _sayings(self) -> tuple[list[str], list[int]]:
        texts = [each for each in self._literals if isinstance(each, str)]
        numbers = (each for each in self._literals if isinstance(each, int) and each <= _LARGEST)
        return texts, sorted(numbers)

    @property
    def _texts(self) -> list[str]:
        self.are_of_statement = True
        return self._sayings[0]

    @property
    def _said(self) -> list[int]:
        self.are_of_statement = True
        return self._sayings[1]

    @cached_property
    def _numbers(self) -> list[int]:
        return [*dict.fromkeys(self._naturals())]

    def _naturals(self) -> Iterator[int]:
        said = [each for each in self._said if each]
        yield from (near for each in said for near in (each, each + 1, each - 1))
        yield from range(6, 16)
        pairs = [(one, other) for one in said for other in said]
        for one, other in pairs:
            yield from (one * other, one + other, one - other, one // other)
        yield from range(16, _UP_TO)
        yield from (each + near for each in said for near in range(2, 20))
        yield from (each * times for each in said for times in range(2, 20))

    def naturals(self, first: Sequence[int]) -> Iterator[int]:
        """Yield natural numbers."""
        yield from first
        self.are_of_statement = True
        yield from (each for each in self._numbers if each > 0 and each not in first)

    def of(self, type_: Value, depth: int = 0) -> Iterator[Term]:
        """Yield values of a type; of one that is not known, none."""
        match type_:
            case VPi():
                yield from self._functions(type_, depth)
            case VSort() if is_prop(type_):
                yield from (constant("True"), constant("False"))
            case VStuck("Nat", ()):
                yield from map(natural, self.naturals(_WITHIN if depth else _FIRST))
            case VStuck("Int", ()):
                yield from self._integers()
            case VStuck("Rat", ()):
                yield from self._fractions()
            case VStuck("Char", ()):
                yield from map(letter, self._characters())
            case VStuck("String", ()):
                yield from (Term(quotation(each), Lit(each)) for each in self._strings())
            case VStuck("List", (of,)):
                yield from self._lists(self._machine.force(of), depth)
            case VStuck("Array", (of,)):
                for each in self._lists(self._machine.force(of), depth):
                    yield Term(f"(List.toArray {each.text})", applied("Array.mk", FVar("type"), each.expr))
            case VStuck():
                yield from self._made(type_, depth)

    def first(self, type_: Value) -> Sequence[Term]:
        """Return the first values of a type; none of one that is not known."""
        key = self.key(type_)
        if key is None:
            return [*islice(self.of(type_), _FIRST_ONES)]
        if key not in self._known:
            self._known[key] = [*islice(self.of(type_), _FIRST_ONES)]
        self.are_of_statement = True  # they may have been made earlier
        return self._known[key]

    def key(self, type_: Value) -> str | None:
        """Return what a type is called by, if it is the same wherever it is called so."""
        match type_:
            case VLit(value):
                return repr(value)
            case VStuck(head, args, False, levels):
                inner = [self.key(self._machine.force(each)) for each in args]
                at = ".{" + ", ".join(map(level_text, levels)) + "}" if levels else ""
                return None if None in inner else f"({' '.join((head + at, *map(str, inner)))})"
        return None

    def written(self, value: Value) -> Term | None:
        """Return a value as it is written, if it is made of numbers, texts and constructors alone."""
        match value:
            case VLit(int(number)):
                return natural(number)
            case VLit(str(text)):
                return Term(quotation(text), Lit(text))
            case VStuck(head, args, False, levels):
                made = self._families.constant(value, "constructor")
                if made is None or len(args) != made.num_params + made.num_fields:
                    return None
                kinds, _ = self._families.telescope(made, args, levels)
                term = Term(f"@{root(head)}", Const(head, levels))
                for at, (kind, each) in enumerate(zip(kinds, args, strict=True)):
                    if at < made.num_params:
                        field: Term | None = Term("_", FVar("type"))
                    elif not self._families.is_data(kind):
                        field = Term("(by shown)", FVar("proof"))
                    else:
                        field = self.written(self._machine.force(each))
                    if field is None:
                        return None
                    term = Term(f"{term.text} {field.text}", App(term.expr, field.expr))
                return Term(f"({term.text})", term.expr)
        return None

    def _integers(self) -> Iterator[Term]:
        for number in self.naturals((2, 1, 3, 4, 5)):
            yield from (integer(number), integer(-number))
            if number == 1:
                yield integer(0)

    def _fractions(self) -> Iterator[Term]:
        yield from (fraction(each, 1) for each in (2, 1, -1, 3, 0))
        yield from (fraction(1, each) for each in (2, 3))
        for number in islice(self.naturals(_FIRST), 20):
            yield from (fraction(number, 1), fraction(-number, 1), fraction(1, number))
            yield from (fraction(number, below) for below in (2, 3, 4))
            yield from (fraction(2 * number + 1, 2), fraction(2 * number - 1, 2), fraction(-1, number))

    def _characters(self) -> Iterator[str]:
        said = [chr(each) for each in self._said if 32 <= each < 0xD800]
        near = [chr(ord(each) + 1) for each in said]
        yield from dict.fromkeys(("a", *"".join(self._texts), *said, *_CHARACTERS, *near))
        yield from map(chr, range(33, 127))

    def _strings(self) -> Iterator[str]:
        said = self._texts
        yield from dict.fromkeys(chain(("a",), said, self._pieces(), self._of_lengths(), ("",)))

    def _pieces(self) -> Iterator[str]:
        said = self._texts[:_FEW]
        for text in said:
            yield from (text[:at] for at in range(1, min(len(text), _LONGEST)))
            yield from (text[at:] for at in range(1, min(len(text), _LONGEST)))
        yield from (one + other for one in said for other in said)
        yield from (text + "a" for text in said)
        yield from ("a" + text for text in said)

    def _of_lengths(self) -> Iterator[str]:
        letters = [*dict.fromkeys(self._characters())][:3]
        for length in self.naturals((2, 3, 4, 1, 5)):
            if length < 1000:
                yield ("abcdefghijklmnopqrstuvwxyz" * (length // 26 + 1))[:length]
                yield from (letter * length for letter in letters)
        yield from ("A", "1", "12", "a b", " ", "abba", "aba")

    def _lists(self, of: Value, depth: int) -> Iterator[Term]:
        several = [*islice(self.of(of, depth + 1), 24)]
        if not several:
            yield listed([])
            return
        lengths = [*dict.fromkeys((3, 2, 1, 4, 5, *(each for each in self._said if 0 < each <= _LONGEST)))]
        if depth:
            lengths = [2, 1, 3]
        for length in lengths:
            yield listed([several[at % len(several)] for at in range(length)])
        yield listed([])
        for length in lengths:
            yield listed([several[0]] * length)
        for length in lengths:
            yield listed([several[at % len(several)] for at in reversed(range(length))])
        yield from (listed([each]) for each in several)
        for each, length in product(several[:_LONGEST], lengths):
            yield from (listed([each, *several[: length - 1]]), listed([*several[: length - 1], each]))
        yield from (listed(each) for each in _in_turn(several[:14], 2))
        yield from (listed([*each]) for each in product(several[:4], repeat=3))

    def _made(self, type_: VStuck, depth: int) -> Iterator[Term]:
        """Yield what the constructors of a type make, in turn."""
        family = self._families.constant(type_, "inductive")
        if family is None or depth > _DEEPEST or not self._families.is_data(type_):
            return
        made = [islice(self._made_by(name, family, type_, depth), _MOST) for name in family.constructors]
        for several in zip_longest(*made):
            yield from (each for each in several if each is not None)

    def _made_by(self, name: Name, family: Constant, type_: VStuck, depth: int) -> Iterator[Term]:
        constructor = self._families.declaration(name)
        if constructor is None:
            return
        params = type_.args[: constructor.num_params]
        built: Expr = Const(name, type_.levels)
        kind = self._machine.type_of(constructor, type_.levels)
        for param in params:
            assert isinstance(kind, VPi)
            kind, built = self._machine.instantiate(kind, param), App(built, FVar("type"))
        text = " ".join((f"@{root(name)}", *("_" for _ in params)))
        fields = self._fields_of(kind)
        is_thin = fields == 1 and not family.is_recursive
        inner, width = (
            (max(depth, 1), _THIN[depth > 1]) if is_thin else (depth + 1, _WIDTHS[min(fields, 4) + depth])
        )
        for each in self._filled(kind, Term(text, built), type_, width, inner):
            yield Term(f"({each.text})", each.expr)

    def _fields_of(self, kind: Value) -> int:
        """Return how many of the fields of a constructor are more than proofs."""
        number = 0
        while isinstance(kind, VPi):
            number += self._families.is_data(self._machine.force(kind.domain))
            kind = self._machine.instantiate(kind, variable("field"))
        return number

    def _filled(self, kind: Value, so_far: Term, wanted: VStuck, width: int, depth: int) -> Iterator[Term]:
        """Yield a constructor applied to all that it still takes."""
        if not isinstance(kind, VPi):
            differ = self._differ(kind, wanted) if isinstance(kind, VStuck) else True
            if differ is None:
                yield Term(so_far.text, Let("unsure", ANYTHING, UNSURE, so_far.expr, False))
            elif not differ:
                yield so_far
            return
        taken = self._machine.force(kind.domain)
        if not self._families.is_data(taken):
            holds = self._truth(taken)
            proof = FVar("proof") if holds else UNSURE
            fields: Iterable[Term] = [] if holds is False else [Term("(by shown)", proof)]
        else:
            fields = self._of_field(taken, depth, width)
        for field in fields:
            more = Term(f"{so_far.text} {field.text}", App(so_far.expr, field.expr))
            yield from self._filled(self._machine.instantiate(kind, field.thunk), more, wanted, width, depth)

    def _of_field(self, taken: Value, depth: int, width: int) -> Iterator[Term]:
        """Yield values of a field, and what is there in any case if none of them is known to be."""
        is_any = is_sure = False
        for each in islice(self.of(taken, depth), width):
            is_any, is_sure = True, is_sure or each.is_sure
            yield each
        if not is_sure and depth <= _DEEPEST and self._is_there(taken):
            yield SOME
        elif not is_any and depth <= _DEEPEST and self._families.why_empty(taken) is None:
            yield replace(ANY, text="(by meet 2)")

    def _differ(self, made: VStuck, wanted: VStuck) -> bool | None:
        """Return whether what is made is of another type than what is wanted, or ``None`` if it may be."""
        if made.head != wanted.head or len(made.args) != len(wanted.args):
            return True
        alike = [self._same(*each) for each in zip(made.args, wanted.args, strict=True)]
        return None if None in alike and False not in alike else False in alike

    def _functions(self, type_: Value, depth: int) -> Iterator[Term]:
        kinds: list[Value] = []
        while isinstance(type_, VPi):
            kinds.append(self._machine.force(type_.domain))
            self._taken += 1  # what is taken elsewhere is something else
            type_ = self._machine.instantiate(type_, variable(f"taken {self._taken}"))
        if len(kinds) > _DEEPEST or depth > 2:
            return
        names = [f"x{at}" for at in range(1, len(kinds) + 1)]
        arguments = [Term(name, BVar(len(kinds) - at)) for at, name in enumerate(names, 1)]
        for body in self._bodies(kinds, arguments, type_, depth):
            expr = body.expr
            for name in names:
                expr = Lam(name, ANYTHING, expr, "default")
            yield Term(f"(fun {' '.join(names)} => {body.text})", expr)

    def _bodies(
        self, kinds: Sequence[Value], arguments: Sequence[Term], result: Value, depth: int
    ) -> Iterator[Term]:
        same = [each for kind, each in zip(kinds, arguments, strict=True) if _alike(kind, result)]
        if _head(result) == "Nat":
            same += (place_of(each) for kind, each in zip(kinds, arguments, strict=True) if _is_fin(kind))
        first = "Nat" if _is_fin(kinds[0]) else _head(kinds[0])
        number = place_of(arguments[0]) if _is_fin(kinds[0]) else arguments[0]
        if isinstance(result, VSort):
            if is_prop(result):
                alike = [
                    each
                    for kind, each in zip(kinds, arguments, strict=True)
                    if _word(kind) == _word(kinds[0])
                ]
                yield from self._propositions(kinds[0], alike, depth)
            return
        if _head(result) in ARITHMETIC and same:
            yield from self._sums(_head(result) or "", same)
        else:
            yield from same
        if _head(result) == "Bool" and first == "Nat":
            for at in islice(self.naturals(_WITHIN), 12):
                for name in ("Nat.beq", "Nat.ble"):
                    yield binary(name, f"{name} {{}} {{}}", number, natural(at))
                    yield binary(name, f"{name} {{}} {{}}", natural(at), number)
        constants = [*islice(self.of(result, depth + 1), 24)]
        yield from constants
        yield from self._by_cases(kinds, arguments, constants[:8])
        if first == "Nat":
            for at in islice(self.naturals((0, 1, 2)), _FEW):
                for one, other in _in_turn(constants[:_FEW], 2):
                    is_it = binary("Nat.beq", "Nat.beq {} {}", number, natural(at))
                    yield Term(
                        f"cond ({is_it.text}) {one.text} {other.text}",
                        applied("cond", FVar("type"), is_it.expr, one.expr, other.expr),
                    )

    def _sums(self, type_: Name, of: Sequence[Term]) -> Iterator[Term]:
        """Yield what may be calculated of some arguments."""
        number = natural if type_ == "Nat" else integer
        add, times, less = (operation(*each) for each in ARITHMETIC[type_])
        one, *others = of
        numbers = [number(each) for each in islice(self.naturals((1, 2, 3)), 10)]
        if others:
            two = others[0]
            yield from (add(one, two), *of, times(one, two), add(two, one), less(one, two))
            yield from (add(add(one, two), each) for each in numbers)
            yield from (add(one, times(each, two)) for each in numbers)
            yield from (add(times(each, one), two) for each in numbers)
            return
        yield from (one, add(one, numbers[0]), times(numbers[1], one), add(one, numbers[1]))
        yield from (add(times(numbers[1], one), numbers[0]), times(one, one), number(0))
        if type_ == "Int":
            yield times(integer(-1), one)
        yield less(one, numbers[0])
        yield from numbers
        yield from (times(each, one) for each in numbers)
        yield from (add(one, each) for each in numbers)
        yield from (add(times(each, one), other) for each, other in product(numbers[:7], repeat=2))
        if type_ == "Int":
            yield from (add(times(integer(-1), one), each) for each in numbers)
            yield from (times(integer(-1), times(each, one)) for each in numbers)
        yield from (less(one, each) for each in numbers)
        if type_ == "Nat":
            for name, sign in (("Nat.mod", "%"), ("Nat.div", "/")):
                yield from (binary(name, f"({{}} {sign} {{}})", one, each) for each in numbers[1:])
            yield from (binary("Nat.pow", "({} ^ {})", each, one) for each in numbers[1:])
            yield times(one, times(one, one))

    def _propositions(self, kind: Value, of: Sequence[Term], depth: int) -> Iterator[Term]:
        yield constant("True")
        type_ = _head(kind)
        if len(of) > 1:
            relations = ("<", "=", "≤", "≠", ">", "≥")
            yield from (found for each in relations if (found := related(each, type_, of[0], of[1])))
        else:
            values = [*islice(self.of(kind, depth + 1), 12)]
            for relation in ("=", "≠", "≤", "<", "≥", ">"):
                yield from (found for each in values if (found := related(relation, type_, of[0], each)))
            if type_ == "Nat":
                for below, rest in ((2, 0), (2, 1), *((each, 0) for each in self._said if each > 1)):
                    left = binary("Nat.mod", "{} % {}", of[0], natural(below))
                    found = related("=", type_, left, natural(rest))
                    yield from () if found is None else (found,)
        yield constant("False")

    def _by_cases(
        self, kinds: Sequence[Value], arguments: Sequence[Term], values: Sequence[Term]
    ) -> Iterator[Term]:
        """Yield functions of something that is one of few."""
        family = self._families.constant(kinds[0], "inductive")
        if family is None or not 1 < len(family.constructors) <= 4:
            return
        made = [self._families.declaration(name) for name in family.constructors]
        if any(each is None or each.num_fields for each in made) or not self._families.is_data(kinds[0]):
            return
        for each in islice(_in_turn(values, len(made)), _MOST):
            exacts = "; ".join(f"exact {value.text}" for value in each)
            yield Term(
                f"by cases {arguments[0].text}; {exacts}",
                applied(
                    f"{family.name}.rec", FVar("motive"), *(value.expr for value in each), arguments[0].expr
                ),
            )


def _in_turn(terms: Sequence[Term], repeat: int) -> list[tuple[Term, ...]]:
    """Return terms several at once, the first of each first."""
    places = sorted(product(range(len(terms)), repeat=repeat), key=sum)
    return [tuple(terms[at] for at in each) for each in places]


def _head(type_: Value) -> Name | None:
    return type_.head if isinstance(type_, VStuck) and not type_.args else None


def _word(type_: Value) -> tuple[Name, tuple[Level, ...]] | None:
    """Return the word that a type is, with the universe levels that it is at."""
    return (type_.head, type_.levels) if isinstance(type_, VStuck) and not type_.args else None


def _is_fin(type_: Value) -> bool:
    return isinstance(type_, VStuck) and type_.head == "Fin" and not type_.is_variable


def _alike(one: Value, other: Value) -> bool:
    return _word(one) == _word(other) is not None
