"""What every source gives: a graph, and what it was captured from as a function of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.names import PLAIN
from pybind_models import DGraph

_PYTHON_S: Final = re.compile(r"_+([^_])")


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
