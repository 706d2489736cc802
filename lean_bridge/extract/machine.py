"""Weak-head evaluation of Lean terms: a lazy environment machine over compiled declarations.

Reductions are the kernel's: β, δ (definitions), ζ, ι (recursors, with literals, K and structure η),
projections, and arithmetic on natural-number literals. Universe levels do not influence them; what is stuck
has them, in their forms, as what is said of types may depend on them.
Deliberate differences from the kernel:

- Declarations in ``held`` never unfold, so that their applications can be read off.
- Arithmetic on symbolic natural numbers stays as it is (``Nat.mul n d``), where the kernel would unfold it to
  a stuck recursor.
- Terms are assumed to be well-typed, which Lean's kernel has checked; nothing is checked again here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add, mul
from typing import Protocol, TypeAlias

from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.extract.depth import Depth
from lean_bridge.olean.expr import (
    App,
    BinderInfo,
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Let,
    Level,
    Lit,
    MData,
    Name,
    Pi,
    Proj,
    Sort,
)
from lean_bridge.olean.levels import normal

FUEL = 2_000_000
"""Reduction steps before giving up; the graphs of this library take a few thousand."""


@dataclass(slots=True, eq=False)
class Thunk:
    """A term in its environment, or its value once somebody asked for it."""

    expr: Expr | None
    env: Env
    value: Value | None = None


@dataclass(slots=True, eq=False)
class Universes:
    """What the universe parameters of a declaration stand for, in its type and in its value."""

    of: Mapping[Name, Level]
    known: dict[tuple[Level, ...], tuple[Level, ...]] = field(default_factory=dict)
    """The levels that were asked for, and their forms."""


Env: TypeAlias = tuple[Thunk, "Env"] | Universes | None
"""The values of the bound variables, innermost first, and below them those of the universe parameters."""


@dataclass(slots=True, eq=False)
class VStuck:
    """A constant, free variable or projection applied to arguments, with nothing left to reduce."""

    head: Name
    args: tuple[Thunk, ...]
    is_variable: bool = False
    levels: tuple[Level, ...] = ()
    """Of a constant, each in its form."""


@dataclass(slots=True, eq=False)
class VProj:
    """A projection of a value that is no constructor application."""

    struct: Name
    index: int
    of: Value
    args: tuple[Thunk, ...]


@dataclass(slots=True, eq=False)
class VLam:
    """A function."""

    body: Expr
    env: Env


@dataclass(slots=True, eq=False)
class VPi:
    """A function type."""

    name: Name
    domain: Thunk
    body: Expr
    env: Env
    info: BinderInfo


@dataclass(slots=True, eq=False)
class VSort:
    """A universe."""

    level: Level
    """In its form."""


@dataclass(slots=True, eq=False)
class VLit:
    """A natural number or a string."""

    value: int | str


@dataclass(slots=True)
class _Redex:
    """A constant that has not been looked at yet; never leaves the machine."""

    name: Name
    levels: tuple[Level, ...] = ()


Value: TypeAlias = VStuck | VProj | VLam | VPi | VSort | VLit


def _truncated_sub(a: int, b: int) -> int:
    return max(a - b, 0)


def _div(a: int, b: int) -> int:
    return a // b if b else 0


def _mod(a: int, b: int) -> int:
    return a % b if b else a


_ARITHMETIC: dict[Name, Callable[[int, int], int]] = {
    "Nat.add": add,
    "Nat.mul": mul,
    "Nat.sub": _truncated_sub,
    "Nat.div": _div,
    "Nat.mod": _mod,
}
_COMPARISON: dict[Name, Callable[[int, int], bool]] = {"Nat.beq": int.__eq__, "Nat.ble": int.__le__}


def variable(name: Name) -> Thunk:
    """Return a free variable as an argument."""
    return Thunk(None, None, VStuck(name, (), is_variable=True))


def universes(constant: Constant, levels: Sequence[Level]) -> Universes | None:
    """Return what the universe parameters of a constant stand for, where it is at some levels.

    ``None`` if there is nothing to say: then they stand for themselves.
    """
    of = {name: normal(level) for name, level in zip(constant.level_params, levels, strict=False)}
    return Universes(of) if of else None


class Declarations(Protocol):
    """Where the machine looks constants up; ``lean_bridge.olean.environment.Environment`` is one."""

    def constant(self, name: Name) -> Constant | None:
        """Return a constant, or ``None`` if it is not defined."""


class Machine:
    """Evaluates terms over one set of declarations.

    Raises: OutOfFuel after ``fuel`` steps or too deep a nesting; UnsupportedTerm where a term mentions a
    constant that no loaded module defines.
    """

    def __init__(
        self, environment: Declarations, *, held: Callable[[Constant], bool], fuel: int = FUEL
    ) -> None:
        self._environment = environment
        self._held = held
        self._fuel = fuel
        self._constants: dict[Name, Constant] = {}
        self._unfolded: dict[tuple[Name, tuple[Level, ...]], Value] = {}
        self._universes: dict[tuple[Name, tuple[Level, ...]], Universes | None] = {}
        self._as_written = Universes({})
        self._inside = False

    def evaluate(self, expr: Expr, env: Env = None) -> Value:
        """Return the weak-head normal form of a term."""
        if self._inside:
            return self._eval(expr, env)
        self._inside = True
        try:
            with Depth():
                return self._eval(expr, env)
        except RecursionError:
            raise OutOfFuel(
                "evaluation nests too deeply: make the numbers and lists smaller that recursion goes over; "
                "a graph has to be closed, with nothing left to be chosen"
            ) from None
        finally:
            self._inside = False

    def force(self, thunk: Thunk) -> Value:
        """Return the weak-head normal form of an argument."""
        if thunk.value is None:
            assert thunk.expr is not None
            thunk.value = self.evaluate(thunk.expr, thunk.env)
            thunk.expr = thunk.env = None
        return thunk.value

    def instantiate(self, pi: VPi, arg: Thunk) -> Value:
        """Return the type of a function's result on an argument."""
        return self.evaluate(pi.body, (arg, pi.env))

    def type_of(self, constant: Constant, levels: tuple[Level, ...] = ()) -> Value:
        """Return the type of a constant at levels; its parameters stand for themselves if there are none."""
        return self.evaluate(constant.type, self._at(constant, levels))

    def apply(self, value: Value, args: tuple[Thunk, ...]) -> Value:
        """Return a function's value on arguments."""
        return self._run(value, args)

    def _eval(self, expr: Expr, env: Env) -> Value:
        head, args = self._enter(expr, env, ())  # a call with * would take room on the machine's stack
        return self._run(head, args)

    def _run(self, value: Value | _Redex, args: tuple[Thunk, ...]) -> Value:
        """Reduce a head and its arguments until nothing is left to reduce."""
        while True:
            if isinstance(value, _Redex):
                step = self._step(value.name, value.levels, args)
                if step is None:
                    return VStuck(value.name, args, levels=value.levels)
                value, args = step
            elif not args:
                return value
            elif isinstance(value, VLam):
                value, args = self._enter(value.body, (args[0], value.env), args[1:])
            elif isinstance(value, VStuck) and value.is_variable:
                return VStuck(value.head, value.args + args, is_variable=True)
            elif isinstance(value, VStuck):
                args, value = value.args + args, _Redex(value.head, value.levels)
            elif isinstance(value, VProj):
                return VProj(value.struct, value.index, value.of, value.args + args)
            else:
                raise UnsupportedTerm(f"expected a function, found {describe(value)}")

    def _enter(
        self, expr: Expr, env: Env, args: tuple[Thunk, ...]
    ) -> tuple[Value | _Redex, tuple[Thunk, ...]]:
        """Return the head of a term and the arguments it is applied to."""
        self._spend()
        while True:  # most of all time passes here: in the order of how often each is met
            if isinstance(expr, App):
                spine = []
                while isinstance(expr, App):
                    spine.append(self._delay(expr.arg, env))
                    expr = expr.fn
                args = (*reversed(spine), *args)
            elif isinstance(expr, Const):
                return _Redex(expr.name, self._forms(expr.levels, env) if expr.levels else ()), args
            elif isinstance(expr, BVar):
                return self.force(_lookup(env, expr.index)), args
            elif isinstance(expr, Lam):
                if not args:
                    return VLam(expr.body, env), args
                env, args, expr = (args[0], env), args[1:], expr.body
            elif isinstance(expr, Pi):
                return VPi(expr.name, self._delay(expr.type, env), expr.body, env, expr.info), args
            elif isinstance(expr, MData):
                expr = expr.expr
            elif isinstance(expr, Let):
                env = (self._delay(expr.value, env), env)
                expr = expr.body
            elif isinstance(expr, Proj):
                return self._project(expr.struct, expr.index, self._eval(expr.expr, env)), args
            elif isinstance(expr, Lit):
                return VLit(expr.value), args
            elif isinstance(expr, Sort):
                return VSort(self._forms((expr.level,), env)[0]), args
            else:
                return VStuck(expr.name, (), is_variable=True), args

    def _forms(self, levels: tuple[Level, ...], env: Env) -> tuple[Level, ...]:
        while type(env) is tuple:
            env = env[1]
        given = env if isinstance(env, Universes) else self._as_written
        found = given.known.get(levels)
        if found is None:
            found = given.known[levels] = tuple(normal(level, given.of) for level in levels)
        return found

    def _at(self, constant: Constant, levels: tuple[Level, ...]) -> Universes | None:
        """Return what :func:`universes` does, the same object for the same levels."""
        if not levels:
            return None
        key = constant.name, levels
        if key not in self._universes:
            self._universes[key] = universes(constant, levels)
        return self._universes[key]

    def _delay(self, expr: Expr, env: Env) -> Thunk:
        if isinstance(expr, BVar):
            return _lookup(env, expr.index)
        if isinstance(expr, Lit):
            return Thunk(None, None, VLit(expr.value))
        return Thunk(expr, env)

    def _spend(self) -> None:
        self._fuel -= 1
        if self._fuel < 0:
            raise OutOfFuel(f"it does not evaluate within {FUEL:,} steps")

    def _constant(self, name: Name) -> Constant:
        constant = self._constants.get(name)
        if constant is None:
            constant = self._environment.constant(name)
            if constant is None:
                raise UnsupportedTerm(f"{name} is mentioned, but no loaded module defines it")
            self._constants[name] = constant
        return constant

    def _step(
        self, name: Name, levels: tuple[Level, ...], args: tuple[Thunk, ...]
    ) -> tuple[Value, tuple[Thunk, ...]] | None:
        """Return what an application of a constant reduces to, as head and arguments; ``None`` if stuck."""
        self._spend()
        if name in _ARITHMETIC or name in _COMPARISON:
            return self._arithmetic(name, args)
        constant = self._constant(name)
        match constant.kind:
            case "definition" if not self._held(constant):
                return self._unfold(constant, levels), args
            case "recursor":
                return self._recurse(constant, levels, args)
            case "constructor" if name == "Nat.zero":
                return VLit(0), args
            case "constructor" if name == "Nat.succ" and args:
                before = self.force(args[0])
                if isinstance(before, VLit) and isinstance(before.value, int):
                    return VLit(before.value + 1), args[1:]
            case "quot" if constant.quot_kind == "lift" and len(args) > 5:
                of = self.force(args[5])
                if isinstance(of, VStuck) and of.head == "Quot.mk":
                    return self.force(args[3]), (of.args[2], *args[6:])
        return None

    def _unfold(self, constant: Constant, levels: tuple[Level, ...]) -> Value:
        assert constant.value is not None, constant.name
        key = constant.name, levels
        value = self._unfolded.get(key)
        if value is None:
            value = self._unfolded[key] = self._eval(constant.value, self._at(constant, levels))
        return value

    def _arithmetic(self, name: Name, args: tuple[Thunk, ...]) -> tuple[Value, tuple[Thunk, ...]] | None:
        if len(args) != 2:
            return None
        left, right = self.force(args[0]), self.force(args[1])
        if not (isinstance(left, VLit) and isinstance(right, VLit)):
            return None
        a, b = left.value, right.value
        assert isinstance(a, int)
        assert isinstance(b, int)
        if name in _ARITHMETIC:
            return VLit(_ARITHMETIC[name](a, b)), ()
        return VStuck("Bool.true" if _COMPARISON[name](a, b) else "Bool.false", ()), ()

    def _project(self, struct: Name, index: int, value: Value) -> Value:
        if isinstance(value, VStuck) and not value.is_variable:
            head = self._constant(value.head)
            if head.kind == "constructor":
                return self.force(value.args[head.num_params + index])
        return VProj(struct, index, value, ())

    def _recurse(
        self, recursor: Constant, levels: tuple[Level, ...], args: tuple[Thunk, ...]
    ) -> tuple[Value, tuple[Thunk, ...]] | None:
        """Return a recursor's value by the rule of its major premise's constructor, if that can be seen."""
        first_index = recursor.num_params + recursor.num_motives + recursor.num_minors
        at = first_index + recursor.num_indices
        if len(args) <= at:
            return None
        major = self.force(args[at])
        shared = args[:first_index]
        fields: tuple[Thunk, ...] | None = None
        if isinstance(major, VLit) and isinstance(major.value, int):
            name = "Nat.succ" if major.value else "Nat.zero"
            fields = (Thunk(None, None, VLit(major.value - 1)),) if major.value else ()
        elif (
            isinstance(major, VStuck)
            and not major.is_variable
            and self._constant(major.head).kind == "constructor"
        ):
            name = major.head
            fields = major.args[self._constant(name).num_params :]
        elif recursor.k:
            name = recursor.rules[0].constructor
            agree = self._indices_agree(name, levels, args[: recursor.num_params], args[first_index:at])
            fields = () if agree else None
        elif (
            len(recursor.rules) == 1
            and not recursor.num_indices
            and self._is_structure(recursor.rules[0].constructor)
        ):
            name = recursor.rules[0].constructor
            struct = self._constant(name).inductive
            fields = tuple(
                Thunk(None, None, VProj(struct, index, major, ()))
                for index in range(recursor.rules[0].num_fields)
            )
        if fields is None:
            return None
        rule = next(rule for rule in recursor.rules if rule.constructor == name)
        return self._eval(rule.rhs, self._at(recursor, levels)), shared + fields + args[at + 1 :]

    def _is_structure(self, constructor: Name) -> bool:
        inductive = self._constant(self._constant(constructor).inductive)
        return not inductive.is_recursive and len(inductive.constructors) == 1

    def _indices_agree(
        self,
        constructor: Name,
        levels: tuple[Level, ...],
        params: tuple[Thunk, ...],
        indices: tuple[Thunk, ...],
    ) -> bool:
        """Whether a field-less constructor has exactly these indices, so that K-like reduction applies.

        Its levels are the last ones of the recursor, which may have one besides for what it gives.
        """
        made = self._constant(constructor)
        own = levels[len(levels) - len(made.level_params) :] if levels else ()
        value = self._eval(made.type, self._at(made, own))
        for param in params:
            assert isinstance(value, VPi)
            value = self.instantiate(value, param)
        assert isinstance(value, VStuck)
        return self._are_same(value.args[len(params) :], indices)

    def _is_same(self, left: Thunk, right: Thunk) -> bool:
        """Whether two arguments have equal normal forms; ``False`` may also mean that it cannot be told."""
        if left is right:
            return True
        match self.force(left), self.force(right):
            case VLit(a), VLit(b):
                return a == b
            case VStuck(head, args, is_variable, levels), VStuck(other, others, others_variable, at):
                same_head = (head, is_variable, levels) == (other, others_variable, at)
                return same_head and len(args) == len(others) and self._are_same(args, others)
        return False

    def _are_same(self, some: tuple[Thunk, ...], others: tuple[Thunk, ...]) -> bool:
        for one, other in zip(some, others, strict=False):  # noqa: SIM110 - `all` takes room on the stack
            if not self._is_same(one, other):
                return False
        return True


def _lookup(env: Env, index: int) -> Thunk:
    while type(env) is tuple:
        if index == 0:
            return env[0]
        env, index = env[1], index - 1
    raise UnsupportedTerm("a bound variable has no binder")


def describe(value: Value) -> str:
    """Return a short name for a value, for messages."""
    match value:
        case VStuck(head, args):
            return f"{head} applied to {len(args)} arguments" if args else head
        case VProj(struct, index, of, _):
            return f"field {index} of {struct} of {describe(of)}"
        case VLam():
            return "a function"
        case VPi():
            return "a function type"
        case VSort():
            return "a universe"
        case VLit(literal):
            return repr(literal)
