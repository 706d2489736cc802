"""How a graph is looked at: at which dimensions, with which edges, in which parts, and what is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Final

from lean_bridge.ui.wording import counted, one_line
from pybind_models import DGraph, MapParam, Shape
from pybind_models.diff import Mark

MANY: Final = 16
"""Nodes from which on a graph is shown in its sublayers."""


SIGNS: Final[Mapping[Mark, tuple[str, str]]] = {
    "same": (" ", "dim"),
    "changed": ("~", "yellow"),
    "removed": ("-", "red"),
    "added": ("+", "green"),
}
"""What stands before an entry of two graphs by what is different about it, and its style."""

_BIAS: Final = "b"
"""What the ops that take a linear map call the bias that they add."""


@dataclass(frozen=True)
class Look:
    """What of a graph is shown beside its entries."""

    dims: Mapping[str, int] | None = None
    """Its dimensions, for the lengths of axes and the number of parameters."""
    backward: bool = False
    """Whether it is shown where cotangents go."""
    marks: Mapping[int, Mark] = field(default_factory=dict)
    """What is different at some positions."""

    def marked(self, position: int, text: str) -> str:
        """Return what is said of an entry, behind the sign of what is different about it."""
        sign = SIGNS[self.marks.get(position, "same")][0].strip()
        return f"{sign} {text}" if sign else text

    def sized(self, graph: DGraph) -> DGraph:
        """Return the graph with the shapes that are shown."""
        return graph if self.dims is None else graph.at(self.dims)

    def size_text(self, graph: DGraph) -> str:
        """Return how many inputs and nodes a graph has, and for what; at dimensions also its parameters.

        Parameters are the numbers of linear maps, biases, and all inputs but the first, which is what a layer
        is applied to.
        """
        size = f"{counted(len(graph.context), 'input')}, {counted(len(graph.nodes), 'node')}"
        if self.dims is None:
            arguments = ", ".join(graph.arguments)
            told = [f"{size}; for all {arguments}" if arguments else size]
        else:
            at = ", ".join(f"{name}={self.dims[name]}" for name in graph.dims)
            told = [*filter(None, (size, at and f"at {at}", parameters_text(graph, self.dims)))]
        if self.backward:
            told.append("dashed: where cotangents go")
        return one_line("; ".join(told))


def parameters_text(graph: DGraph, dims: Mapping[str, int]) -> str:
    """Return how many numbers the maps and the inputs are that no layer is applied to, and the saved."""
    first, *others = [numbers(entry.shape, dims) for entry in graph.context] or [0]
    others += _of_maps(graph, dims)
    saved = sum(numbers(node.shape, dims) for node in graph.nodes)
    named = f" beside {first:,} of {graph.context[0].name}" if graph.context else ""
    return f"{counted(sum(others), 'parameter')}{named}, {counted(saved, 'number')} saved"


def _of_maps(graph: DGraph, dims: Mapping[str, int]) -> list[int]:
    """Return how many numbers the linear maps and biases are, of those that act on positions for one of them.

    A map between shapes that differ in their last axis alone does that, and a bias is added at each position.
    """
    found: dict[str, int] = {}
    entries = graph.entries
    for node in graph.nodes:
        for binder, param in node.params.items():
            if not isinstance(param, MapParam):
                continue
            out, source = node.shape, entries[node.operands[0]].shape
            if binder == _BIAS:
                found[param.name] = numbers(out[-1:], dims)
            elif out[:-1] == source[:-1]:
                found[param.name] = numbers((*out[-1:], *source[-1:]), dims)
            else:
                found[param.name] = numbers((*out, *source), dims)
    return list(found.values())


def numbers(shape: Shape, dims: Mapping[str, int]) -> int:
    """Return how many numbers an array of a shape is."""
    return prod(dim.evaluate(dims) for dim in shape)


def readers(graph: DGraph) -> list[list[int]]:
    """Return for each entry the nodes that read it, in order: its cotangent is the sum of what they pull."""
    found: list[list[int]] = [[] for _ in graph.entries]
    for position, node in enumerate(graph.nodes, start=len(graph.context)):
        for operand in dict.fromkeys(node.operands):
            found[operand].append(position)
    return found


def sublayers(graph: DGraph) -> list[Sequence[int]]:
    """Return the parts of a graph of many nodes, as runs of positions; none of a graph that is one part.

    A part ends where everything after it reads, of all before, only its last node and inputs of its own: what
    ends the residual branch of a transformer block does.
    """
    if len(graph.nodes) < MANY:
        return []
    inputs, read = len(graph.context), readers(graph)
    last = [max(each, default=-1) for each in read]
    firsts = [min(each, default=-1) for each in read]
    parts: list[Sequence[int]] = []
    start = inputs
    for position in range(inputs, len(graph.entries)):
        open_inputs = any(
            first <= position < end for first, end in zip(firsts[:inputs], last[:inputs], strict=True)
        )
        open_nodes = any(end > position for end in last[inputs:position])
        if not (open_inputs or open_nodes) or position == len(graph.entries) - 1:
            parts.append(range(start, position + 1))
            start = position + 1
    parts = [part for part in parts if len(part) > 1]
    return parts if len(parts) > 1 else []
