"""Graphs from graphs, as ``Graph.append``, ``weakenContext``, ``rename`` and ``feed`` make them in Lean.

Operands are renumbered and ops are left alone. What is made here has no standing, however certified its parts
are: nobody read it from a library, and nobody asked Lean whether it is what some declaration denotes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import TypeVar

from lean_bridge.errors import GraphError
from pybind_models import DGraph, Entry, Node

_T = TypeVar("_T")


def append(first: DGraph, second: DGraph) -> DGraph:
    """Return the graph that runs the first graph, then the second on inputs and saved tensors of the first.

    What both take under one name is the same. Lean: ``Proofs.Autograd.Graph.append``.
    Raises: GraphError if the second graph's context is not the first one's ``Γ ++ ss``.
    """
    if second.context != first.entries:
        raise GraphError(
            f"{second.lean_name}: expected the entries of {first.lean_name} as context, to run after it; "
            f"found {', '.join(entry.name for entry in second.context)}"
        )
    return first.replaced(
        dims=_union(first.dims, second.dims),
        scalars=_union(first.scalars, second.scalars),
        maps=_union(first.maps, second.maps),
        arrays=_union(first.arrays, second.arrays),
        nodes=first.nodes + second.nodes,
    )


def weaken_context(graph: DGraph, extra: Sequence[Entry]) -> DGraph:
    """Return the graph with further inputs, which no node reads. Lean: ``Graph.weakenContext``."""
    inputs = len(graph.context)
    nodes = _renumbered(graph.nodes, lambda i: i if i < inputs else i + len(extra))
    return graph.replaced(context=(*graph.context, *extra), nodes=nodes)


def rename(graph: DGraph, context: Sequence[Entry], places: Sequence[int], prefix: str) -> DGraph:
    """Return the graph over another context, with input number i read at ``places[i]``.

    The names of its saved tensors get the prefix, which keeps them apart. Lean: ``Graph.rename``.
    Raises: GraphError if an input would be read from an entry of another shape, or a name be used twice.
    """
    for entry, place in zip(graph.context, places, strict=True):
        if entry.shape != context[place].shape:
            raise GraphError(
                f"{graph.lean_name}: input {entry.name} cannot be read from {context[place].name}, "
                "which has another shape"
            )
    inputs = len(graph.context)
    nodes = _renumbered(graph.nodes, lambda i: places[i] if i < inputs else len(context) + i - inputs)
    named = tuple(node.replaced(name=f"{prefix}{node.name}") for node in nodes)
    twice = {entry.name for entry in context} & {node.name for node in named}
    if twice:
        raise GraphError(f"{graph.lean_name}: entry names must be unique, found twice: {', '.join(twice)}")
    return graph.replaced(context=tuple(context), nodes=named)


def feed(below: DGraph, graph: DGraph, prefix: str) -> DGraph:
    """Return the graph that runs the first graph, then the second on its last saved tensor as first input.

    The second graph's other inputs become further inputs, after those of the first. The names of all that it
    adds get the prefix. Lean: ``Graph.feed``.
    Raises: GraphError if that tensor has another shape than the first input, or a name be used twice.
    """
    own = [Entry(name=f"{prefix}{entry.name}", shape=entry.shape) for entry in graph.context[1:]]
    wider = weaken_context(below, own)
    last, start = len(wider.entries) - 1, len(below.context)
    places = (last, *range(start, start + len(own)))
    return append(wider, rename(graph, wider.entries, places, prefix))


def stack(graph: DGraph, layers: int) -> DGraph:
    """Return ``layers`` copies of a graph on top of one another, by :func:`feed`.

    Layer k > 1 has its own inputs but the first, named ``k.name`` as its saved tensors are; layer 1 keeps its
    names. Dimensions, scalars and maps are shared.
    Raises: GraphError if the last entry has not the shape of the first input, or there is no layer.
    """
    if layers < 1:
        raise GraphError(f"{graph.lean_name}: expected at least one layer, found {layers}")
    return reduce(lambda below, layer: feed(below, graph, f"{layer}."), range(2, layers + 1), graph)


def needed_by_last(graph: DGraph) -> DGraph:
    """Return the graph without the nodes on which its last entry does not depend; inputs stay."""
    first = len(graph.context)
    needed = {len(graph.entries) - 1}
    for position, node in reversed(list(enumerate(graph.nodes, start=first))):
        if position in needed:
            needed |= set(node.operands)
    kept = [position for position in range(len(graph.entries)) if position < first or position in needed]
    new = {old: position for position, old in enumerate(kept)}
    nodes = [graph.nodes[old - first] for old in kept[first:]]
    return graph.replaced(nodes=_renumbered(nodes, new.__getitem__))


def _renumbered(nodes: Iterable[Node], number: Callable[[int], int]) -> tuple[Node, ...]:
    """Return the nodes with every operand's position replaced."""
    return tuple(node.replaced(operands=tuple(map(number, node.operands))) for node in nodes)


def _union(first: tuple[_T, ...], second: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(first + second))
