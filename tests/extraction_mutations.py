"""Errors that an extractor could make, each planted in a real graph, which stays well-formed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pybind_models import DGraph, Dim, DimParam, Node, Param, ScalarParam, Shape, ShapeParam

Mutate: TypeAlias = Callable[[DGraph], DGraph]


def position(graph: DGraph, name: str) -> int:
    """Return where an entry stands in ``Γ ++ ss``."""
    return [entry.name for entry in graph.entries].index(name)


def node(graph: DGraph, name: str) -> Node:
    """Return a node by name."""
    return graph.nodes[position(graph, name) - len(graph.context)]


def with_nodes(graph: DGraph, *nodes: Node) -> DGraph:
    """Return the graph with other nodes; they are validated."""
    return DGraph.model_validate({**dict(graph), "nodes": nodes})


def altered(graph: DGraph, name: str, **changes: object) -> DGraph:
    """Return the graph with some fields of one node changed."""
    changed = Node.model_validate({**dict(node(graph, name)), **changes})
    return with_nodes(graph, *(changed if each.name == name else each for each in graph.nodes))


def swap_operands(name: str) -> Mutate:
    """Read the first two operands in the wrong order."""

    def mutate(graph: DGraph) -> DGraph:
        first, second, *rest = node(graph, name).operands
        return altered(graph, name, operands=(second, first, *rest))

    return mutate


def read(name: str, *operands: str) -> Mutate:
    """Read other entries."""
    return lambda graph: altered(graph, name, operands=tuple(position(graph, each) for each in operands))


def take_op(name: str, op: str, params: Mapping[str, Param] | None = None) -> Mutate:
    """Take another op for a node's, with the same arguments unless others are given."""
    changes = {"op": op, "lean_op": f"Proofs.Autograd.Op.{op}"}
    return lambda graph: altered(graph, name, **changes, params=params or node(graph, name).params)


def give(name: str, binder: str, value: Param) -> Mutate:
    """Give an op another argument."""
    return lambda graph: altered(graph, name, params={**node(graph, name).params, binder: value})


def drop(name: str) -> Mutate:
    """Leave a node out; who reads it reads its operand, which has the same shape."""

    def mutate(graph: DGraph) -> DGraph:
        gone = position(graph, name)
        (instead,) = node(graph, name).operands
        moved = [each - (each > gone) for each in range(len(graph.entries))]
        moved[gone] = instead
        return renumbered(graph, [each for each in graph.nodes if each.name != name], moved)

    return mutate


def exchange(first: str, second: str) -> Mutate:
    """Exchange two nodes; who reads them follows."""

    def mutate(graph: DGraph) -> DGraph:
        moved = list(range(len(graph.entries)))
        a, b = position(graph, first), position(graph, second)
        moved[a], moved[b] = b, a
        nodes = [graph.nodes[at - len(graph.context)] for at in moved[len(graph.context) :]]
        return renumbered(graph, nodes, moved)

    return mutate


def repeat(name: str) -> Mutate:
    """Add a node a second time, at the end."""
    return lambda graph: with_nodes(graph, *graph.nodes, node(graph, name).replaced(name=f"{name}Again"))


def spell(old: str, new: str) -> Mutate:
    """Spell a dimension otherwise everywhere, with the same value."""
    return lambda graph: DGraph.model_validate_json(graph.model_dump_json().replace(old, new))


def renumbered(graph: DGraph, nodes: list[Node], moved: list[int]) -> DGraph:
    """Return the graph of these nodes, reading entries where they have moved to."""
    return with_nodes(
        graph,
        *(each.replaced(operands=tuple(moved[operand] for operand in each.operands)) for each in nodes),
    )


def dim(text: str) -> DimParam:
    """Return a dimension as an argument."""
    return DimParam(value=Dim.parse(text))


def shape(text: str) -> Shape:
    """Return a shape whose axis lengths are separated by blanks."""
    return tuple(map(Dim.parse, text.split()))


BIG, HEADS = shape("n numHeads*headDim"), shape("numHeads n headDim")
SPLIT = {"n": dim("n"), "H": dim("numHeads"), "D": dim("headDim")}
RESHAPE = {"s₁": ShapeParam(value=BIG), "s₂": ShapeParam(value=HEADS)}

MUTATIONS: Mapping[str, tuple[str, Mutate]] = {
    "mhaPostNormBareReshapeGraph": ("operands of a sum swapped", swap_operands("residual")),
    "layerNormGraph": ("operands of a difference swapped", swap_operands("centered")),
    "seqFfnResidualDGraph": ("a difference taken for a sum", take_op("residual", "sub")),
    "mhaResidualDGraph": ("a reshape taken for a head split", take_op("Qheads", "reshape", RESHAPE)),
    "mhaBareReshapeDGraph": ("a head split taken for a reshape", take_op("Kheads", "splitHeads", SPLIT)),
    "mhaDGraph": ("a node dropped", drop("scaled")),
    "positionwiseFfnResidualDGraph": ("a node repeated", repeat("act")),
    "postNormGraph": ("two nodes exchanged", exchange("normalized", "gamma_b")),
    "encoderBlockGraph": ("another scalar of the same kind", give("norm2", "ε", ScalarParam(name="ε₁"))),
    "seqFfnPostNormGraph": ("another scalar of another kind", give("act", "κ", ScalarParam(name="ε"))),
    "mhaPostNormGraph": ("a weight used twice", read("Kbig", "x", "Wq")),
    "encoderAfterNorm1Graph": ("gain and shift exchanged", read("norm1", "residual", "β₁", "γ₁")),
    "encoderFfnResidualGraph": ("another layer's gain", read("norm1", "residual", "γ₂", "β₁")),
    "positionwiseEncoderBlockGraph": ("a residual from too early", read("ffnResidual", "residual", "proj")),
    "positionwiseEncoderBlockBareReshapeGraph": ("a node passed over", read("probs", "scores")),
    "mhaResidualBareReshapeDGraph": ("a wrong inner length", give("Qbig", "n", dim("n"))),
    "encoderMhaResidualDGraph": (
        "a wrong certified shape",
        lambda graph: altered(graph, "scores", shape=shape("numHeads seqLen headDim")),
    ),
    "mlpMseDGraph": ("a sum taken for a mean", take_op("loss", "sum")),
    "rmsNormGraph": ("a sum along an axis taken for a mean", take_op("mean_square", "sumAxis")),
    "crossAttentionGraph": ("keys taken for values", read("Vbig", "memory", "Wk", "bk")),
    "llamaBlockGraph": ("sines taken for cosines", read("Kturned", "Kheads", "sin", "cos")),
    "encoderBlockBareReshapeGraph": (
        "the factors of a product swapped",
        spell("numHeads*headDim", "headDim*numHeads"),
    ),
}
"""By the last component of a graph's name: what is wrong, and how to plant it."""
