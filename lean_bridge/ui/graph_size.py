"""How large a graph is: its entries, and at given dimensions its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from lean_bridge.ui.wording import counted, one_line
from pybind_models import DGraph, Shape


def size_text_of(graph: DGraph, dims: Mapping[str, int] | None = None) -> str:
    """Return how many inputs and nodes a graph has, and for what; at dimensions also its parameters.

    Parameters are the numbers of all inputs but the first, which is what a layer is applied to.
    """
    size = f"{counted(len(graph.context), 'input')}, {counted(len(graph.nodes), 'node')}"
    if dims is None:
        arguments = ", ".join((*graph.dims, *graph.scalars, *graph.maps))
        return one_line(f"{size}; for all {arguments}" if arguments else size)
    at = ", ".join(f"{name}={dims[name]}" for name in graph.dims)
    return one_line("; ".join(filter(None, (size, at and f"at {at}", parameters_text(graph, dims)))))


def parameters_text(graph: DGraph, dims: Mapping[str, int]) -> str:
    """Return how many numbers the inputs are that are no layer's own input, and all saved tensors."""
    first, *others = [numbers(entry.shape, dims) for entry in graph.context] or [0]
    saved = sum(numbers(node.shape, dims) for node in graph.nodes)
    named = f" beside {first:,} of {graph.context[0].name}" if graph.context else ""
    return f"{counted(sum(others), 'parameter')}{named}, {counted(saved, 'number')} saved"


def numbers(shape: Shape, dims: Mapping[str, int]) -> int:
    """Return how many numbers an array of a shape is."""
    return prod(dim.evaluate(dims) for dim in shape)
