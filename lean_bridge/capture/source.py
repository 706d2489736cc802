"""What every source gives: a graph, and what it was captured from as a function of arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from lean_bridge.errors import NotCaptured
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.names import PLAIN
from pybind_models import DGraph

_PYTHON_S: Final = re.compile(r"_+([^_])")
_CAPITALS: Final = re.compile(r"^[A-Z]+(?![a-z])|^[A-Z]")


class Captured:
    """The graph of what somebody wrote. Nobody has judged it: its standing says so."""

    file: str
    """The file in which it is written."""
    function: Callable[..., Any]
    """What it was captured from, which returns its values at NumPy's arrays, by the names of the inputs."""
    constants: Mapping[str, float] = MappingProxyType({})
    """The values of scalar parameters that are numbers in what was captured."""
    made: tuple[str, ...] = ()
    """The parameters that are masks or whole numbers which it makes itself; ``data`` has what they are."""

    def data(self, /, **sizes: int) -> Mapping[str, Any]:
        """Return what the parameters ``made`` are at sizes, by name, as NumPy's arrays."""
        del sizes
        return {}

    @property
    def model(self) -> DGraph:
        """The graph. Raises: NotCaptured with all that is no certified op, each with its place."""
        raise NotImplementedError

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the entries that are returned, in order. Raises: as ``model``."""
        raise NotImplementedError

    def bind(self, /, **dims: int) -> BoundGraph:
        """Return the graph at dimensions, ready to run. Raises: as ``model`` and ``ExecutableGraph.bind``."""
        return ExecutableGraph(self.model).bind(**dims)


def plain_name(name: str) -> str | None:
    """Return a name of Python's as Lean's are written, ``mlpLoss``; ``None`` where Lean has none like it."""
    plain = _PYTHON_S.sub(lambda match: match[1].upper(), name.strip("_"))
    return plain if re.fullmatch(PLAIN, plain) else None


def lean_name_of(title: str) -> str:
    """Return what the graph of something with a name is called. Raises: NotCaptured where Lean has none."""
    is_text = isinstance(title, str)  # as nobody need have said
    name = plain_name(_CAPITALS.sub(lambda found: found[0].lower(), title)) if is_text else None
    if name is None:
        raise NotCaptured(f"{title}: expected a name that Lean has too; give another as name=…")
    return name


def near(file: str) -> str:
    """Return a file as it is seen from here, if it lies below."""
    below = os.path.relpath(file)
    return file if below.startswith(os.pardir) else below


def said_by(error: BaseException) -> str:
    """Return what an error of a library or of somebody's code says, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]


def told_lengths(lengths: Mapping[str, int]) -> str:
    """Return lengths as what is told of some ends with them."""
    return "".join(f", {name} = {length}" for name, length in lengths.items())


def checked_axes(
    dynamic: Mapping[str, Mapping[int, str]] | None, title: str
) -> Mapping[str, Mapping[int, str]]:
    """Return the axes that vary, or raise NotCaptured where that is not what was given."""
    expected = f'{title}: expected the names of axes by argument and axis, as {{"x": {{0: "n"}}}}, found'
    if not isinstance(dynamic, Mapping | None):
        raise NotCaptured(f"{expected} {dynamic!r}")
    for arg, axes in (dynamic or {}).items():
        if not isinstance(axes, Mapping) or not all(type(axis) is int for axis in axes):
            raise NotCaptured(f"{expected} {axes!r} for {arg}")
        for each in axes.values():
            if not isinstance(each, str) or not re.fullmatch(PLAIN, each):
                raise NotCaptured(f"{title}: expected names of dimensions that Lean has too, found {each!r}")
    return dynamic or {}
