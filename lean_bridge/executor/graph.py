"""From an extracted graph to a program: look up the primitives, bind the dimensions, fix the scalars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any

from lean_bridge.errors import BindingError, GraphError, ShapeError, UnsupportedOp
from lean_bridge.executor.arrays import BoundEntry
from lean_bridge.executor.primitive import Primitive, Setting, text_of
from lean_bridge.executor.program import Program, Step
from lean_bridge.executor.scalars import REALS, Scalars
from lean_bridge.executor.table import PRIMITIVES
from pybind_models import DGraph, MapParam, Node, ScalarParam


class ExecutableGraph:
    """A graph of ops that the executor has.

    Raises: UnsupportedOp naming the first op that ``primitives`` lacks; GraphError if a node has the wrong
    number of operands, or lacks a scalar of its op.
    """

    def __init__(self, model: DGraph, primitives: Mapping[str, Primitive] = PRIMITIVES) -> None:
        self.model = model
        self.primitives = tuple(
            _primitive(model, position, node, primitives)
            for position, node in enumerate(model.nodes, start=len(model.context))
        )
        """One per node."""

    def nodes(self) -> Iterator[tuple[int, Node, Primitive]]:
        """Yield each node with its position in ``Γ ++ ss`` and its primitive."""
        for offset, (node, primitive) in enumerate(zip(self.model.nodes, self.primitives, strict=True)):
            yield len(self.model.context) + offset, node, primitive

    def bind(self, /, **dims: int) -> BoundGraph:
        """Return the graph at the given values of the declaration's dimension arguments.

        Raises: BindingError if a dimension is missing, unknown, negative or no integer; ShapeError if an op's
        shape rule disagrees with a certified shape.
        """
        _check_names(self.model, "dimension", self.model.dims, dims)
        for name, value in dims.items():
            if not isinstance(value, Integral) or value < 0:
                label = f"{self.model.lean_name}: dimension {name}"
                raise BindingError(f"{label}: expected an integer ≥ 0, found {value!r}")
        return BoundGraph(self, dims)


class BoundGraph:
    """A graph at concrete dimensions, where every op's shape rule gives the certified shape."""

    def __init__(self, graph: ExecutableGraph, dims: Mapping[str, int]) -> None:
        self.graph = graph
        self.dims = {name: int(value) for name, value in dims.items()}
        self.entries = tuple(
            BoundEntry(entry.name, tuple(dim.evaluate(self.dims) for dim in entry.shape))
            for entry in graph.model.entries
        )
        """The entries of ``Γ ++ ss``."""
        for position, node, primitive in graph.nodes():
            label = f"{_label(graph.model, position)}: {node.op}"
            certified = self.entries[position].shape
            try:
                shape = primitive.shape_rule(tuple(self.entries[i].shape for i in node.operands), certified)
            except ShapeError as error:
                raise ShapeError(f"{label}: {error}") from None
            if shape != certified:
                raise ShapeError(f"{label} makes shape {text_of(shape)}, certified is {text_of(certified)}")

    def compile(self, kind: Scalars = REALS, /, **scalars: Any) -> Program:
        """Return a program with the given values of the declaration's scalar arguments.

        ``kind`` is the field to compute in.

        Raises: BindingError if a scalar is missing, unknown or not of the field.
        """
        model = self.graph.model
        _check_names(model, "scalar", model.scalars, scalars)
        values = {}
        for name, value in scalars.items():
            try:
                values[name] = kind.check_scalar(value)
            except ValueError as error:
                raise BindingError(f"{model.lean_name}: scalar {name}: {error}") from None
        steps = []
        for position, node, primitive in self.graph.nodes():
            params = {binder: values[name] for binder, name in _arguments(node).items()}
            setting = Setting(self.entries[position].shape, params, kind)
            steps.append(Step(_label(model, position), position, node.operands, primitive, setting))
        return Program(self.entries, steps, kind)


def _primitive(model: DGraph, position: int, node: Node, primitives: Mapping[str, Primitive]) -> Primitive:
    label = _label(model, position)
    primitive = primitives.get(node.op)
    if primitive is None or primitive.lean_name != node.lean_op:
        known = ", ".join(sorted(primitives))
        raise UnsupportedOp(node.op, f"{label}: no primitive for op {node.lean_op}; the executor has {known}")
    if len(node.operands) != primitive.arity:
        raise GraphError(f"{label}: {node.op} takes {primitive.arity} operands, found {len(node.operands)}")
    arguments = _arguments(node)
    if tuple(arguments) != primitive.params:
        takes, found = ", ".join(primitive.params) or "none", ", ".join(arguments) or "none"
        raise GraphError(f"{label}: {node.op} takes the parameters {takes}, found {found}")
    for binder, name in arguments.items():
        if name not in model.scalars:
            raise GraphError(
                f"{label}: parameter {binder} is {name}, which is no scalar argument of the graph"
            )
    return primitive


def _arguments(node: Node) -> dict[str, str]:
    """Return, for each parameter of a node that is no size, the declaration's argument it stands for."""
    return {
        binder: param.name
        for binder, param in node.params.items()
        if isinstance(param, ScalarParam | MapParam)
    }


def _label(model: DGraph, position: int) -> str:
    return f"{model.lean_name}: node {position} ({model.entries[position].name})"


def _check_names(model: DGraph, kind: str, expected: tuple[str, ...], given: Iterable[str]) -> None:
    """Raise BindingError unless exactly the expected names are given."""
    names = set(given)
    takes = f"it takes {', '.join(expected)}" if expected else "it takes none"
    for name in expected:
        if name not in names:
            raise BindingError(f"{model.lean_name}: {kind} {name} is missing; {takes}")
    for name in sorted(names - set(expected)):
        raise BindingError(f"{model.lean_name}: {kind} {name} is unknown; {takes}")
