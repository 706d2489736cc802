"""What JAX traced, as terms: each what one primitive makes of others, calls written out, each term once.

Some are written more simply where that is the same function of real numbers: a sum with 0, a test whether a
number is none.
"""

from __future__ import annotations

import math
import operator
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import jax
from jax import numpy as jnp
from jax.errors import InconclusiveDimensionOperation
from jax.extend.core import Literal

from lean_bridge.capture.source import near
from lean_bridge.capture.trace import Misfit, canonical
from pybind_models import Dim, Shape

_NOT_USERS: Final = tuple(str(Path(each).parent) + os.sep for each in (jax.__file__, __file__))
_CALLS: Final = frozenset(
    (
        "jit",
        "pjit",
        "closed_call",
        "core_call",
        "custom_jvp_call",
        "custom_vjp_call",
        "custom_vjp_call_jaxpr",
        "checkpoint",
        "remat",
        "remat2",
    )
)
"""What calls a function that was traced with it."""
_BODIES: Final = ("call_jaxpr", "fun_jaxpr", "jaxpr")
_SAME: Final = frozenset(("copy", "copy_p", "pvary", "name", "sharding_constraint"))
"""What gives back what it is given."""
_MOVES: Final = frozenset(("broadcast_in_dim", "reshape", "squeeze", "transpose"))
_POWER: Final = re.compile(r"(\w+)\^(\d+)")
LENGTH: Final = "dim_as_value"
"""The primitive that makes a number of a length."""
_COMPARED: Final = ("ge", "gt", "le", "lt")
_COUNTED: Final = ("add", "mul", "sub")
"""What makes lengths of lengths."""
_WHOLE_NUMBERS: Final[Any] = jnp.iinfo
_REAL_NUMBERS: Final[Any] = jnp.finfo
_LENGTHS: Final = ("float32", "float64", "int32", "int64")
"""The dtypes in which a length is one, whatever it is; as a float, rounded as all floats are."""
_LONGEST: Final = 2**31 - 1
"""The most that a length is taken for where it is not known."""
_QUOTIENTS: Final = ("div", "exp", "log", "pow", "rsqrt", "sqrt", "tanh")
"""What makes no whole numbers of whole numbers."""

Axes: TypeAlias = tuple[int | None, ...]
"""For each axis the one of a source that it is; ``None`` for those of length 1, and for repetition."""

FOLDED: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "add": operator.add,
    "add_any": operator.add,
    "and": operator.and_,
    "div": operator.truediv,
    "eq": operator.eq,
    "exp": math.exp,
    "ge": operator.ge,
    "gt": operator.gt,
    "integer_pow": operator.pow,
    "le": operator.le,
    "log": math.log,
    "lt": operator.lt,
    "max": max,
    "min": min,
    "mul": operator.mul,
    "ne": operator.ne,
    "neg": operator.neg,
    "or": operator.or_,
    "pow": operator.pow,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "sqrt": math.sqrt,
    "square": lambda x: x * x,
    "sub": operator.sub,
    "tanh": math.tanh,
}
"""What is computed where it is of numbers of the code alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """What a primitive makes of terms."""

    name: str
    args: tuple[Term, ...]
    params: Mapping[str, Any]
    lengths: tuple[Any, ...]
    """Those of its axes, as JAX has them."""
    dtype: str
    place: str
    dim: Callable[[Any], Dim]
    primitive: Any = None
    part: int = 0
    """Which of the primitive's results it is."""
    number: Any = None
    """The number that it is in all places, if it is one whatever the lengths."""
    length: Any = None
    """The length of JAX's that it is as a number, if it is one, or a sum or a product of such."""
    made: bool = False
    """Whether it is made of lengths and of numbers of the code alone."""

    @property
    def shape(self) -> Shape:
        """The lengths of its axes. Raises: Misfit where one is no polynomial."""
        return tuple(self.dim(each) for each in self.lengths)

    @property
    def is_real(self) -> bool:
        """Whether it has real numbers."""
        return "float" in self.dtype

    @property
    def count(self) -> Dim | None:
        """The number that it is, if that is a length; ``None`` for what is none."""
        with suppress(Misfit, ValueError):
            return None if self.length is None else self.dim(self.length)
        return None


@dataclass(slots=True)
class Terms:
    """The terms of one trace, each once, in order."""

    where: str
    dims: Sequence[str]
    """The dimensions, by the names that JAX has for them."""
    every: list[Term] = field(default_factory=list)
    _known: dict[object, Term] = field(default_factory=dict)

    def dim(self, length: Any) -> Dim:
        """Return a length of JAX's as a polynomial. Raises: Misfit where it is none."""
        text = _POWER.sub(lambda found: "*".join([found[1]] * int(found[2])), str(length))
        with suppress(ValueError):
            dim = canonical(Dim.parse(text))
            if dim.names <= {*self.dims}:
                return dim
        expected = "expected lengths that are polynomials in the dimensions"
        raise Misfit(f"{expected}, found {length}; nearest: an argument of that length")

    def argument(self, name: str, aval: Any) -> Term:
        """Return the term of an argument."""
        return self._kept(
            Term(name, (), {}, tuple(aval.shape), str(aval.dtype), f"{self.where}: {name}", self.dim),
            ("argument", name),
        )

    def of_call(self, closed: Any, given: Sequence[Term]) -> list[Term]:
        """Return the terms of what a traced function returns, called with terms."""
        traced = getattr(closed, "jaxpr", closed)
        constants = map(self._constant, getattr(closed, "consts", ()))
        held = dict(zip(traced.constvars, constants, strict=True))
        held |= dict(zip(traced.invars, given, strict=True))
        for eqn in traced.eqns:
            args = tuple(self._read(held, each) for each in eqn.invars)
            body = _body(eqn, len(args))
            made = self._made(eqn, args) if body is None else self.of_call(body, args)
            held.update(zip(eqn.outvars, made, strict=True))
        return [self._read(held, each) for each in traced.outvars]

    def _read(self, held: Mapping[Any, Term], var: Any) -> Term:
        if not isinstance(var, Literal):
            return held[var]
        aval: Any = var.aval
        return self._constant(var.val, str(aval.dtype))

    def _constant(self, value: Any, dtype: str = "") -> Term:
        shape = tuple(getattr(value, "shape", ()))
        dtype = dtype or str(value.dtype)
        if not shape and dtype.startswith(("float", "int", "uint", "bool")):
            return self._number(_as_number(value, dtype), (), dtype)
        term = Term(
            "constant",
            (),
            {"value": value},
            shape,
            dtype,
            self.where,
            self.dim,
            made=True,
        )
        return self._kept(term, ("constant", id(value)))

    def _number(self, number: Any, lengths: tuple[Any, ...], dtype: str) -> Term:
        term = Term(
            "number",
            (),
            {},
            lengths,
            dtype,
            self.where,
            self.dim,
            number=number,
            length=int(number) if not lengths and math.isfinite(number) and int(number) == number else None,
            made=True,
        )
        return self._kept(term, ("number", repr(number), str(lengths), dtype))

    def _made(self, eqn: Any, args: tuple[Term, ...]) -> Iterator[Term]:
        params, name, place = dict(eqn.params), eqn.primitive.name, self._place(eqn)
        for part, var in enumerate(eqn.outvars):
            lengths, dtype = tuple(getattr(var.aval, "shape", ())), str(getattr(var.aval, "dtype", ""))
            simple = self._simpler(name, args, params, lengths, dtype)
            if simple is not None:
                yield simple
                continue
            is_between = name != "select_n" or args[0].dtype == "bool"
            term = Term(
                name if is_between else "select_n by whole numbers",
                args,
                params,
                lengths,
                dtype,
                place,
                self.dim,
                primitive=eqn.primitive,
                part=part,
                length=_length(name, args, params, dtype),
                made=all(each.made for each in args) and "callback" not in name,
            )
            keys = tuple((each, _key(given)) for each, given in params.items())
            yield self._kept(term, (name, tuple(map(id, args)), keys, part))

    def _kept(self, term: Term, key: object) -> Term:
        if key not in self._known:
            self._known[key] = term
            self.every.append(term)
        return self._known[key]

    def _place(self, eqn: Any) -> str:
        """Return the innermost line of an equation's trace that is no line of JAX's."""
        for frame in getattr(eqn.source_info.traceback, "frames", ()):
            if is_users(frame.file_name):
                return f"{near(frame.file_name)}:{frame.line_num}"
        return self.where

    def _simpler(
        self, name: str, args: tuple[Term, ...], params: Mapping[str, Any], lengths: Any, dtype: str
    ) -> Term | None:
        """Return a term that is the same function of real numbers, if there is a simpler one."""
        numbers = [each.number for each in args]
        if args and None not in numbers:
            found = _folded(name, numbers, params, dtype)
            if found is not None:
                return self._number(found, lengths, dtype)
        first = args[0] if args else None
        is_like = first is not None and first.dtype == dtype and _alike(first.lengths, lengths)
        if is_like and (name in _SAME or name == "convert_element_type" or _moves_nothing(name, params)):
            return first
        if name == "stop_gradient" and first is not None and first.made:
            return first
        if name in ("ne", "eq") and args[0] is args[1]:
            return self._number(name == "eq", lengths, dtype)
        if name in _COMPARED and not lengths and None not in (args[0].length, args[1].length):
            with suppress(Exception):  # JAX's, where it is not so of all lengths, which are 1 or more
                return self._number(bool(FOLDED[name](args[0].length, args[1].length)), lengths, dtype)
        if name == "select_n" and isinstance(args[0].number, bool):
            return self._fitting(args[1 + args[0].number], lengths)
        return self._without(name, args, lengths)

    def _without(self, name: str, args: tuple[Term, ...], lengths: Any) -> Term | None:
        """Return one operand where the other changes nothing."""
        neutral = _NEUTRAL.get(name, {})
        for at, other in neutral.items():
            if len(args) == 2 and args[at].number == other and not isinstance(args[at].number, bool):
                return self._fitting(args[1 - at], lengths)
        return None

    def _fitting(self, term: Term, lengths: Any) -> Term | None:
        return term if _alike(term.lengths, lengths) else None


_NEUTRAL: Final[Mapping[str, Mapping[int, float]]] = {
    "add": {0: 0, 1: 0},
    "add_any": {0: 0, 1: 0},
    "sub": {1: 0},
    "mul": {0: 1, 1: 1},
    "div": {1: 1},
    "max": {0: -math.inf, 1: -math.inf},
    "min": {0: math.inf, 1: math.inf},
}
"""By the place of an operand, the number with which an op gives back the other one."""


def is_users(file: str) -> bool:
    """Whether a file is none of JAX's, and none of these."""
    return not file.startswith(_NOT_USERS)


def compose(outer: Axes, inner: Axes) -> Axes:
    """Return the axes of what ``inner`` reads, for those that ``outer`` reads of it."""
    return tuple(None if each is None or not inner else inner[each] for each in outer)


def rooted(term: Term) -> tuple[Term, Axes]:
    """Return what a term has the numbers of, as moves and repetitions leave it, and which axes are which."""
    axes: Axes = tuple(None if length == 1 else at for at, length in enumerate(term.lengths))
    while term.name in _MOVES and (inner := _axes_read(term)) is not None:
        axes, term = compose(axes, inner), term.args[0]
    return term, axes


def axes_of(term: Term) -> tuple[int, ...]:
    """Return the axes along which a term reduces what it is made of."""
    return tuple(sorted(map(int, term.params["axes"])))


def kept_axes(lengths: Sequence[Any], reduced: Sequence[int]) -> Axes:
    """Return which axes of what was reduced along some are which, where it is repeated along these again."""
    kept = [at for at in range(len(lengths)) if at not in reduced]
    return tuple(kept.index(at) if at in kept and length != 1 else None for at, length in enumerate(lengths))


def _axes_read(term: Term) -> Axes | None:
    source = term.args[0]
    if term.name == "transpose":
        axes: list[int | None] = list(term.params["permutation"])
    elif term.name == "broadcast_in_dim":
        axes = [None] * len(term.lengths)
        for at, axis in enumerate(term.params["broadcast_dimensions"]):
            axes[axis] = at
    else:
        if term.params.get("dimensions") is not None and term.name == "reshape":
            return None
        before = [at for at, length in enumerate(source.lengths) if length != 1]
        after = [at for at, length in enumerate(term.lengths) if length != 1]
        if not _alike([source.lengths[at] for at in before], [term.lengths[at] for at in after]):
            return None
        axes = [None] * len(term.lengths)
        for at, axis in zip(before, after, strict=True):
            axes[axis] = at
    return tuple(None if each is None or source.lengths[each] == 1 else each for each in axes)


def _alike(lengths: Sequence[Any], others: Sequence[Any]) -> bool:
    return len(lengths) == len(others) and all(a == b for a, b in zip(lengths, others, strict=True))


def _moves_nothing(name: str, params: Mapping[str, Any]) -> bool:
    """Whether a move to the shape that there was moves nothing."""
    if name == "reshape" and params.get("dimensions") is not None:
        return False
    if name == "transpose":
        return list(params["permutation"]) == sorted(params["permutation"])
    return name in _MOVES


def _body(eqn: Any, count: int) -> Any:
    """Return what an equation calls, if that is one function of what it is given."""
    if eqn.primitive.name not in _CALLS:
        return None
    found = next((eqn.params[each] for each in _BODIES if each in eqn.params), None)
    traced = getattr(found, "jaxpr", found)
    return found if traced is not None and len(traced.invars) == count else None


def _folded(name: str, numbers: Sequence[Any], params: Mapping[str, Any], dtype: str) -> Any:
    """Return what a primitive makes of numbers; ``None`` where it is not known."""
    if name in _MOVES or name in _SAME or name in ("slice", "stop_gradient"):
        return numbers[0]
    if name == "not" and dtype == "bool":
        return not numbers[0]
    is_quotient = name in _QUOTIENTS and not dtype.startswith("float")
    if name not in {*FOLDED, "convert_element_type"} or is_quotient:
        return None
    more = (params["y"],) if name == "integer_pow" else ()
    with suppress(ArithmeticError, ValueError, TypeError):
        return _rounded(
            numbers[0] if name == "convert_element_type" else FOLDED[name](*numbers, *more), dtype
        )
    return None


def _rounded(number: Any, dtype: str) -> Any:
    """Return a number as a dtype has it, where whole numbers go around; ``None`` where none of it is near."""
    if dtype == "bool":
        return bool(number)
    if not dtype.startswith(("int", "uint")):
        with warnings.catch_warnings(action="ignore"):  # what is too large is infinite
            return float(jnp.dtype(dtype).type(number))
    least, most = _bounds(dtype)
    if isinstance(number, float):
        return int(number) if least <= number <= most else None
    return (int(number) - least) % (most - least + 1) + least


def _bounds(dtype: str) -> tuple[int, int]:
    info: Any = _WHOLE_NUMBERS(dtype)
    return int(info.min), int(info.max)


def keeps_below(dtype: str, length: Any) -> bool:
    """Whether a dtype has all whole numbers below a length, which is less than 2³¹ if nobody knows it."""
    try:
        most = int(length) - 1
    except InconclusiveDimensionOperation:
        most = _LONGEST
    if dtype.startswith(("int", "uint")):
        return most <= _bounds(dtype)[1]
    return most <= (2 ** (_REAL_NUMBERS(dtype).nmant + 1) if "float" in dtype else 1)


def _length(name: str, args: Sequence[Term], params: Mapping[str, Any], dtype: str) -> Any:
    """Return the length that a primitive makes a number of, or of such numbers; ``None`` if it makes none.

    A dtype that has not all of them, or none below 0, makes others of some.
    """
    if dtype not in _LENGTHS:
        return None
    if name == LENGTH:
        return params["dim"]
    lengths = [each.length for each in args]
    if name in _COUNTED and None not in lengths:
        return FOLDED[name](*lengths)
    return lengths[0] if name in ("convert_element_type", "broadcast_in_dim") else None


def _key(given: Any) -> object:
    """Return what is equal to that of another, where both are the same to a primitive."""
    try:
        hash(given)
    except TypeError:
        return tuple(map(_key, given)) if type(given) in (list, tuple) else id(given)
    return given


def _as_number(value: Any, dtype: str) -> Any:
    if dtype == "bool":
        return bool(value)
    return float(value) if dtype.startswith(("float", "bfloat")) else int(value)
