"""A Python function as the graph that it computes, and as itself."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, TypeAlias

from lean_bridge.capture.ops import apply
from lean_bridge.capture.source import Captured, plain_name
from lean_bridge.capture.trace import Data, Scalar, Trace, Value, canonical, raised_at
from lean_bridge.errors import LeanBridgeError, NotCaptured
from lean_bridge.names import PLAIN, listed
from pybind_models import ArrayArgument, DGraph, Dim, Shape

Length: TypeAlias = str | int
"""A number, or a polynomial in dimensions, such as ``"heads*width"``."""


@dataclass(frozen=True, slots=True)
class DeclaredData:
    """What a parameter is that has no gradient: whole numbers below a length, or truth values."""

    lengths: tuple[Length, ...]
    bounds: tuple[Length, ...] = ()
    """What whole numbers are below; of truth values there is none."""


def integers(*lengths: Length, below: Length) -> DeclaredData:
    """Declare a parameter as whole numbers from 0 to less than a bound: ``ids=integers("n", below="v")``.

    ``lengths`` are those of its axes. They choose, as token ids and targets do, and get no gradient.
    """
    return DeclaredData(lengths, (below,))


def booleans(*lengths: Length) -> DeclaredData:
    """Declare a parameter as truth values, by the lengths of its axes: ``mask=booleans("m", "n")``."""
    return DeclaredData(lengths)


Declared: TypeAlias = Sequence[Length] | type[float] | DeclaredData
"""What a parameter is: an array, by the lengths of its axes; ``float`` for a scalar parameter; or data."""


def graph(**parameters: Declared) -> Callable[[Callable[..., Any]], CapturedGraph]:
    """Return what makes a function a captured graph: ``@graph(x=("n", "d"), W=("h", "d"), c=float)``.

    Every parameter of the function is declared: an array by the lengths of its axes, each a number or a
    polynomial in dimensions, such as ``"heads*width"``; a scalar, which gets no gradient, as ``float``; token
    ids, targets and masks as :func:`integers` and :func:`booleans`. What is declared besides goes to
    ``**weights``, if the function takes such. It is called once, when the graph is first asked for.
    Raises: NotCaptured for a parameter that is not declared, or of no such shape.
    """

    def made(function: Callable[..., Any]) -> CapturedGraph:
        return CapturedGraph(function, parameters)

    return made


class CapturedGraph(Captured):
    """A function, which can be called as before, and the graph of certified ops that it computes.

    Nobody has judged that graph: its standing says so until ``lean-bridge certify`` has.
    """

    def __init__(self, function: Callable[..., Any], parameters: Mapping[str, Declared]) -> None:
        code = function.__code__
        self.function = function
        self.file = code.co_filename
        self.place = f"{self.file}:{code.co_firstlineno}"
        functools.update_wrapper(self, function)
        taken = inspect.signature(function).parameters
        named = [each for each in taken if taken[each].kind is not inspect.Parameter.VAR_KEYWORD]
        if unlike := [each for each in named if each not in parameters]:
            self._refuse(f"expected a shape, or float, of every parameter, found none of {listed(unlike, 8)}")
        more = [each for each in parameters if each not in named]
        if more and len(named) == len(taken):
            self._refuse(f"expected shapes of parameters alone; {listed(more, 8)} is none")
        names = [*named, *more]
        self.shapes: dict[str, Shape] = {}
        """Those of the arrays, by the names of the parameters, in order."""
        self.arrays: dict[str, ArrayArgument] = {}
        """Those parameters that are whole numbers or truth values, in order."""
        self.scalars: tuple[str, ...] = tuple(name for name in names if parameters[name] is float)
        for name in named:
            if taken[name].kind not in (
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                inspect.Parameter.KEYWORD_ONLY,
            ):
                self._refuse(f"expected parameters with a name, found *{name}")
        for name in names:
            declared = parameters[name]
            if isinstance(declared, DeclaredData):
                below = next(iter(self._shape(name, declared.bounds)), None)
                shape = self._shape(name, declared.lengths)
                self.arrays[name] = ArrayArgument(name=name, shape=shape, below=below)
            elif declared is not float:
                self.shapes[name] = self._shape(name, declared)
        for name in (*self.dims, *self.scalars, *self.arrays):
            if not re.fullmatch(PLAIN, name):
                self._refuse(f"expected names that Lean has too, found {name!r}")
        if twice := set(self.dims) & {*self.scalars, *self.arrays}:
            self._refuse(f"{listed(twice)}: a dimension and a parameter; give one another name")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function itself returns."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<CapturedGraph {self.function.__qualname__} of {self.place}: not judged>"

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions, in the order in which shapes name them: of arrays, then of data."""
        shapes = [*self.shapes.values()]
        shapes += [(*each.shape, *filter(None, (each.below,))) for each in self.arrays.values()]
        return tuple(
            dict.fromkeys(name for shape in shapes for dim in shape for name in re.findall(PLAIN, str(dim)))
        )

    @property
    def model(self) -> DGraph:
        """The graph. Raises: NotCaptured with all that is no certified op, each with its file and line."""
        return self._traced[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the entries that the function returns, in order. Raises: as ``model``."""
        return self._traced[1]

    @cached_property
    def _traced(self) -> tuple[DGraph, tuple[str, ...]]:
        trace = Trace(apply)
        given: dict[str, Any] = {name: Scalar(trace, name) for name in self.scalars}
        given |= {name: trace.enter(name, shape) for name, shape in self.shapes.items()}
        given |= {name: Data(trace, declared) for name, declared in self.arrays.items()}
        try:
            returned = self.function(**given)
        except LeanBridgeError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own, or a library's
            said = " ".join(f"{type(error).__name__} while it is captured: {error}".split())
            trace.problems.append(f"{raised_at(error) or self.place}: raises {said}")
            returned = ()
        values = returned if isinstance(returned, tuple | list) else (returned,)
        for value in values:
            if not isinstance(value, Value) or value.trace is not trace:
                found = (
                    "one of another capture"
                    if isinstance(value, Value)
                    else repr(value)
                    if isinstance(value, Data)
                    else type(value).__name__
                )
                trace.problems.append(f"{self.place}: expected to return values, found {found}")
        trace.finish()
        if not trace.nodes:
            self._refuse("expected at least one op, found none")
        nodes, outputs = trace.named(values)
        model = DGraph(
            lean_name=self.lean_name,
            dims=self.dims,
            scalars=self.scalars,
            arrays=tuple(self.arrays.values()),
            context=tuple(trace.context),
            nodes=nodes,
        )
        return model, outputs

    @property
    def lean_name(self) -> str:
        """What the graph is called: the function's name as Lean's are written, ``mlpLoss``."""
        name = plain_name(self.function.__name__)
        if name is None:
            self._refuse(f"expected a function with a name that Lean has too, found {self.function.__name__}")
        return name

    def _shape(self, name: str, declared: object) -> Shape:
        if isinstance(declared, str) or not isinstance(declared, Sequence):
            self._refuse(
                f'{name}: expected lengths such as ("n", "d"), float, integers or booleans, '
                f"found {declared!r}"
            )
        try:
            return tuple(canonical(_length(each)) for each in declared)
        except ValueError as error:
            self._refuse(f"{name}: {error}")

    def _refuse(self, why: str) -> NoReturn:
        raise NotCaptured(f"{self.place}: {self.function.__qualname__}: {why}")


def _length(given: object) -> Dim:
    if isinstance(given, int) and not isinstance(given, bool):
        return Dim.constant(given)
    if isinstance(given, str):
        return Dim.parse(given)
    raise ValueError(f"expected a length as a text or a number, found {given!r}")
