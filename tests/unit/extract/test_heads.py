"""The table of upstream's heads against the primitives that stand for them."""

from __future__ import annotations

import pytest

from lean_bridge.executor.rules.constants import CONSTANTS
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.extract.heads import HEADS, INPUTS, Head

PARAMETERS = ("scalar", "map", "vector", "shift")
RUN = [head for head in HEADS.values() if head.op is not None]


@pytest.mark.parametrize("head", RUN, ids=lambda head: head.name)
def test_a_head_takes_and_makes_what_its_primitive_does(head: Head) -> None:
    primitive = PRIMITIVES[head.op or ""]
    packed = [each for each in head.arguments if each.kind == "record"]
    taken = [*head.arguments, *(INPUTS.arguments if packed else ())]
    assert sum(each.kind == "operand" for each in taken) == primitive.arity
    given = [each.name for each in head.arguments if each.kind in PARAMETERS]
    assert [*given, *head.fixed] == list(primitive.params)
    assert set(head.fixed.values()) <= set(CONSTANTS)


@pytest.mark.parametrize("head", [*HEADS.values(), INPUTS], ids=lambda head: head.name)
def test_shapes_are_of_what_stands_before_them(head: Head) -> None:
    known: set[str] = set()
    contexts: set[str] = set()
    for argument in head.arguments:
        assert set(argument.axes) <= known
        assert set(argument.source) <= (contexts if argument.kind == "node" else known)
        known |= {argument.name} if argument.kind in ("dim", "shape", "axes") else set()
        contexts |= {argument.name} if argument.kind == "context" else set()
    assert set(head.axes or ()) <= known
    assert set(head.contexts) <= contexts
    assert (head.axes is None) == (head is INPUTS)


def test_no_head_of_upstreams_is_missing() -> None:
    nodes = {
        *("add", "affine", "broadcastCol", "broadcastRow", "elemwise", "gelu", "inv", "linear", "matmul"),
        *("mul", "rowMean", "scale", "sqrtClamp", "sub", "Batched.matmul", "Batched.softmaxLast"),
        *("ShapeOps.reshape", "ShapeOps.swapFirstTwo3d", "ShapeOps.transpose3dLastTwo"),
    }
    others = ("LayerNorm.wholeNode", "DGraph.weakenNodeMiddle", "DGraph.castNodeContext")
    expected = {*(f"TapeNodes.{end}" for end in nodes), *others}
    assert {name.removeprefix("Proofs.Autograd.") for name in HEADS} == expected
