"""What runs through a function instead of arrays: values that know their shapes and write down each op.

Nothing is parsed: the function is called once, and every operator and every function of NumPy or of the
array API that it applies to a value becomes nodes. What is no certified op is written down too, with its
line, and the function goes on, so that all such lines are told at once. What needs a number, as an ``if``
does, ends it.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import mul
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from lean_bridge.capture.tidy import tidied
from lean_bridge.errors import NotCaptured
from pybind_models import (
    ArrayArgument,
    ArrayParam,
    Dim,
    DimParam,
    Entry,
    Node,
    Param,
    ScalarParam,
    Shape,
    ShapeParam,
)

_HERE: Final = str(Path(__file__).parent) + os.sep
_OPS: Final = "Proofs.Autograd.Op"
_NO_METHODS: Final = frozenset({"data", "device", "dtype", "flat", "imag", "itemsize", "real", "strides"})
"""What arrays have that is no function of them."""

Apply = Callable[["Trace", str, Sequence[Any], Mapping[str, Any]], "Value"]
"""From a trace, the name of a function, and what it is given to its result."""


def canonical(dim: Dim) -> Dim:
    """Return a length in the one way that captured graphs write it; Lean tells ``a*b`` from ``b*a``."""
    terms = []
    for monomial, count in dim.terms:
        factors = [Dim.variable(name) for name, power in monomial for _ in range(power)]
        terms.append(reduce(mul, factors if count == 1 and factors else [Dim.constant(count), *factors]))
    return reduce(lambda a, b: a + b, terms) if terms else Dim.constant(0)


def told(shape: Shape) -> str:
    """Return a shape as Python writes one, ``(n, d)``."""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def _place(frame: FrameType, line: int) -> str:
    """Return a line of the file at which a frame is, the file as seen from here if it lies below."""
    file = frame.f_code.co_filename
    below = os.path.relpath(file) if Path(file).is_absolute() else file
    return f"{file if below.startswith(os.pardir) else below}:{line}"


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


def caller() -> FrameType:
    """Return the frame of the function that is captured, or of one that it called."""
    frame = sys._getframe(1)
    while _is_ours(frame) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def raised_at(error: BaseException) -> str | None:
    """Return the file and the line of the captured function at which it came to an error."""
    found = [each for each in traceback.walk_tb(error.__traceback__) if not _is_ours(each[0])]
    return _place(*found[-1]) if found else None


class Misfit(Exception):
    """An op cannot be applied. ``shape`` is what it would have made, where that is known."""

    def __init__(self, message: str, shape: Shape | None = None) -> None:
        super().__init__(message)
        self.shape = shape


@dataclass
class Trace:
    """One run of a function: its entries so far, and what of it is not certified."""

    apply: Apply
    """What makes nodes of functions."""
    context: list[Entry] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _values: list[Value] = field(default_factory=list)
    """One for each entry."""
    _named: dict[int, str] = field(default_factory=dict)
    """Names of nodes, by their positions: those of the variables that held them first."""

    def enter(self, name: str, shape: Shape) -> Value:
        """Return the value of a further input."""
        self.context.append(Entry(name=name, shape=shape))
        return self._value(shape)

    def add(
        self, op: str, operands: Sequence[Value], shape: Shape, **params: Dim | Shape | Scalar | Data
    ) -> Value:
        """Return the value of a further node; of one of a value that could not be made, another such."""
        if any(operand.position is None for operand in operands):
            return Value(self, None, shape)
        made: dict[str, Param] = {
            binder: given.param
            if isinstance(given, Scalar | Data)
            else DimParam(value=given)
            if isinstance(given, Dim)
            else ShapeParam(value=given)
            for binder, given in params.items()
        }
        node = Node(
            name=f"{len(self._values)}",
            op=op,
            lean_op=f"{_OPS}.{op}",
            operands=tuple(operand.position for operand in operands if operand.position is not None),
            params=made,
            shape=shape,
        )
        self.nodes.append(node)
        return self._value(shape)

    def call(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Value:
        """Return what a function makes of arguments; where it is not certified, a value that says no more."""
        self.look_at_names()
        if is_any_unknown(args):
            return Value(self, None, None)
        try:
            return self.apply(self, name, args, kwargs)
        except Misfit as misfit:
            self.note(f"{name}: {misfit}")
            return Value(self, None, misfit.shape)

    def note(self, problem: str) -> None:
        """Write down what is wrong, with its line."""
        frame = caller()
        found = f"{_place(frame, frame.f_lineno)}: {problem}"
        if found not in self.problems:
            self.problems.append(found)

    def stop(self, problem: str) -> NoReturn:
        """End the run with all that is wrong. Raises: NotCaptured."""
        self.note(problem)
        self.finish()
        raise AssertionError

    def finish(self) -> None:
        """Raise NotCaptured if anything was wrong."""
        if self.problems:
            count = f"{len(self.problems)} places: " if len(self.problems) > 1 else ""
            raise NotCaptured(count + "; ".join(self.problems), self.problems)

    def look_at_names(self) -> None:
        """Give values the names of the first variables that hold them, where the function is now."""
        for name, held in caller().f_locals.items():
            if isinstance(held, Value) and held.trace is self and held.position is not None:
                self._named.setdefault(held.position, name)

    def named(self, returned: Sequence[Value]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """Return the nodes that are left, by their names, and the names of values that are returned.

        A node has the name of a variable, else of its op; a name that is taken gets a number.
        """
        out = [value.position for value in returned if value.position is not None]
        stands = tidied(self.context, self.nodes, {*out, *self._named})
        names = {at: entry.name for at, entry in enumerate(self.context)}
        places, taken = {at: at for at in names}, {*names.values()}
        nodes = []
        for at, node in stands.items():
            if isinstance(node, int):
                continue
            name = first = self._named.get(at, node.op)
            number = 1
            while name in taken:
                number += 1
                name = f"{first}_{number}"
            taken.add(name)
            names[at], places[at] = name, len(places)
            nodes.append(node.replaced(name=name, operands=tuple(places[each] for each in node.operands)))
        return tuple(nodes), tuple(names[at] for at in out)

    def _value(self, shape: Shape) -> Value:
        value = Value(self, len(self._values), shape)
        self._values.append(value)
        return value


def is_any_unknown(given: object) -> bool:
    """Return whether the shape of a value, or of one of several, is not known: of that something was told."""
    if isinstance(given, tuple | list):
        return any(map(is_any_unknown, given))
    return isinstance(given, Value) and given.known is None


class Size:
    """The length of an axis: a polynomial in the dimensions, which has no number yet."""

    def __init__(self, trace: Trace, dim: Dim) -> None:
        self.trace, self.dim = trace, canonical(dim)

    def __repr__(self) -> str:
        return str(self.dim)

    def __add__(self, other: object) -> Size:
        return Size(self.trace, self.dim + self._dim(other))

    def __mul__(self, other: object) -> Size:
        return Size(self.trace, self.dim * self._dim(other))

    __radd__, __rmul__ = __add__, __mul__
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if self.dim != self._dim(other):
            self.trace.stop(f"whether the length {self} is {other} is not known while it is captured")
        return True

    def _dim(self, other: object) -> Dim:
        if isinstance(other, Size):
            return other.dim
        if not isinstance(other, int) or other < 0:
            self.trace.stop(f"expected a length: a dimension, or an integer ≥ 0, found {other!r}")
        return Dim.constant(other)

    def _needs_number(self, *_: object) -> NoReturn:
        self.trace.stop(
            f"the length {self} is no number while the function is captured: the graph is for all of them, "
            "and Python may add and multiply them only; give one that is fixed as a number in the shape"
        )

    __bool__ = __int__ = __index__ = __float__ = __lt__ = __le__ = __gt__ = __ge__ = _needs_number
    __sub__ = __rsub__ = __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __mod__ = _needs_number
    __pow__ = __neg__ = _needs_number


class Traced:
    """What operators and functions are written down of: arrays and scalar parameters."""

    trace: Trace

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        return self.trace.call(name, args, kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Value:
        called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        return self.trace.call(called, args, kwargs)

    def __array_function__(self, function: Any, _types: object, args: Any, kwargs: Any) -> Value:
        home, name = function.__module__, function.__name__
        return self.trace.call(name if home in ("numpy", "numpy.linalg") else f"{home}.{name}", args, kwargs)

    def __array_namespace__(self, **_: object) -> Namespace:
        return Namespace(self.trace)

    def __array__(self, *_: object, **__: object) -> NoReturn:
        self._needs_number("an array of numbers is made of it")

    def _needs_number(self, why: str) -> NoReturn:
        self.trace.stop(
            f"{self!r}: {why}, and it has none while the function is captured; the graph is the same for all "
            "numbers, so no `if`, `while`, `for` or index may depend on them"
        )

    def __bool__(self) -> NoReturn:
        self._needs_number("Python branches on it")

    def __iter__(self) -> NoReturn:
        self._needs_number("Python iterates over it")

    def __len__(self) -> NoReturn:
        self._needs_number("Python asks for its length")

    def _as_number(self) -> NoReturn:
        self._needs_number("a Python number is made of it")

    __int__ = __float__ = __complex__ = __index__ = _as_number

    def _compared(self, _other: object) -> NoReturn:
        self._needs_number("it is compared")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _compared
    __hash__ = object.__hash__

    def __add__(self, other: object) -> Value:
        return self._call("add", self, other)

    def __radd__(self, other: object) -> Value:
        return self._call("add", other, self)

    def __sub__(self, other: object) -> Value:
        return self._call("subtract", self, other)

    def __rsub__(self, other: object) -> Value:
        return self._call("subtract", other, self)

    def __mul__(self, other: object) -> Value:
        return self._call("multiply", self, other)

    def __rmul__(self, other: object) -> Value:
        return self._call("multiply", other, self)

    def __truediv__(self, other: object) -> Value:
        return self._call("divide", self, other)

    def __rtruediv__(self, other: object) -> Value:
        return self._call("divide", other, self)

    def __matmul__(self, other: object) -> Value:
        return self._call("matmul", self, other)

    def __rmatmul__(self, other: object) -> Value:
        return self._call("matmul", other, self)

    def __floordiv__(self, other: object) -> Value:
        return self._call("floor_divide", self, other)

    def __rfloordiv__(self, other: object) -> Value:
        return self._call("floor_divide", other, self)

    def __mod__(self, other: object) -> Value:
        return self._call("remainder", self, other)

    def __rmod__(self, other: object) -> Value:
        return self._call("remainder", other, self)

    def __pow__(self, other: object) -> Value:
        return self._call("power", self, other)

    def __rpow__(self, other: object) -> Value:
        return self._call("power", other, self)

    def __and__(self, other: object) -> Value:
        return self._call("bitwise_and", self, other)

    def __or__(self, other: object) -> Value:
        return self._call("bitwise_or", self, other)

    def __xor__(self, other: object) -> Value:
        return self._call("bitwise_xor", self, other)

    def __invert__(self) -> Value:
        return self._call("bitwise_invert", self)

    def __neg__(self) -> Value:
        return self._call("negative", self)

    def __abs__(self) -> Value:
        return self._call("abs", self)


class Scalar(Traced):
    """A scalar parameter."""

    def __init__(self, trace: Trace, name: str) -> None:
        self.trace, self.name = trace, name

    def __repr__(self) -> str:
        return f"the scalar parameter {self.name}"

    @property
    def param(self) -> ScalarParam:
        """It, as an op takes it."""
        return ScalarParam(name=self.name)


class Shaped(Traced):
    """An array: what has a shape, and the methods of arrays."""

    known: Shape | None
    """The shape, where it is known."""

    @property
    def shape(self) -> tuple[Size, ...]:
        """The lengths of the axes, which add and multiply."""
        if self.known is None:
            self.trace.stop("the shape of what is not certified is not known")
        return tuple(Size(self.trace, dim) for dim in self.known)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> Size:
        """The number of coordinates."""
        return reduce(mul, self.shape, Size(self.trace, Dim.constant(1)))

    @property
    def T(self) -> Value:  # noqa: N802 - NumPy's name
        """The transpose, as NumPy has it."""
        return self._call("transpose", self)

    @property
    def mT(self) -> Value:  # noqa: N802
        """The transpose of the last two axes."""
        return self._call("matrix_transpose", self)

    def __getitem__(self, key: object) -> Any:
        return self._call("indexing", self, key)

    def __setitem__(self, key: object, value: object) -> None:
        self.trace.note("assignment to an element: arrays of a graph are never written to; make a new one")

    def __getattr__(self, name: str) -> Any:
        """Return a method of arrays: the function of that name, of this array first."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _NO_METHODS:
            self.trace.stop(
                f"{name} is not known while the function is captured: the graph is one for all of them"
            )
        return partial(self._call, name, self)


class Data(Shaped):
    """An array of whole numbers or of truth values: a parameter, along which nothing is differentiated.

    ``known`` is the shape that it was given since, as by ``targets[:, None]``.
    """

    def __init__(self, trace: Trace, declared: ArrayArgument, known: Shape | None = None) -> None:
        self.trace, self.declared = trace, declared
        self.known: Shape = declared.shape if known is None else known

    def __repr__(self) -> str:
        return self.declared.text

    @property
    def param(self) -> ArrayParam:
        """It, as an op takes it."""
        return ArrayParam(name=self.declared.name)


class Value(Shaped):
    """An entry of the graph; ``position`` is ``None`` for what could not be made."""

    def __init__(self, trace: Trace, position: int | None, shape: Shape | None) -> None:
        self.trace, self.position, self.known = trace, position, shape

    def __repr__(self) -> str:
        return f"a value of shape {told(self.known)}" if self.known is not None else "a value"

    def _written_to(self, sign: str, name: str, other: object) -> Value:
        # a view of it, or the same array by another name, has the new numbers too, and here would not
        self.trace.note(
            f"{sign}=: arrays of a graph are never written to; make a new one, as in x = x {sign} y"
        )
        return self._call(name, self, other)

    def __iadd__(self, other: object) -> Value:
        return self._written_to("+", "add", other)

    def __isub__(self, other: object) -> Value:
        return self._written_to("-", "subtract", other)

    def __imul__(self, other: object) -> Value:
        return self._written_to("*", "multiply", other)

    def __itruediv__(self, other: object) -> Value:
        return self._written_to("/", "divide", other)

    def __imatmul__(self, other: object) -> Value:
        return self._written_to("@", "matmul", other)

    def __ipow__(self, other: object) -> Value:
        return self._written_to("**", "power", other)


class Namespace:
    """The functions of the array API, of values."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._trace.call(name, args, kwargs)
