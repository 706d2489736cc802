"""What another framework brings to a case, and what all of them are given."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lean_bridge.bench.case import Case, Counterpart, network_weights
from lean_bridge.crosscheck.block import Block
from lean_bridge.executor.arrays.scalars import Array

Named: TypeAlias = Mapping[str, Array]


@dataclass(frozen=True)
class Reference:
    """A framework's call, and its results by entry name: values, tangents or cotangents as the case asks."""

    run: Callable[[], Any]
    results: Callable[[Any], Named]
    """From what ``run`` returns."""


def begun(run: Callable[[], Any]) -> Callable[[], Any]:
    """Return a call in PyTorch's forward mode after the first, which warns of what PyTorch itself calls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        run()
    return run


def sizes_of(case: Case, counterpart: Counterpart) -> dict[str, int]:
    """Return the dimensions by the roles that they play."""
    return {role: case.bound.dims[name] for role, name in counterpart.dims.items()}


def layers(case: Case) -> Iterator[dict[str, str]]:
    """Yield, for each layer from the lowest, the input of the stack for each of the graph but the first."""
    names = [entry.name for entry in case.model.context][1:]
    count = len(names) // case.layers
    for layer in range(case.layers):
        yield dict(zip(names[:count], names[layer * count : (layer + 1) * count], strict=True))


def stacked(case: Case, compute: Callable[[Mapping[str, Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """Return the whole stack as a function of its inputs, in the order of the context, from one layer."""
    names, each_layer = [entry.name for entry in case.model.context], list(layers(case))

    def output(inputs: Sequence[Any]) -> Any:
        given = dict(zip(names, inputs, strict=True))
        first = given[names[0]]
        for layer in each_layer:
            first = compute({names[0]: first} | {name: given[entry] for name, entry in layer.items()})
        return first

    return output


def heads_of(case: Case, counterpart: Counterpart) -> int:
    """Return the number of heads; 1 where there is no attention."""
    return sizes_of(case, counterpart).get("H", 1)


def scalars_of(case: Case, block: Block) -> dict[str, float]:
    """Return the scalars by their roles in the block."""
    return {role: case.arguments[name] for role, name in block.scalars.items()}


def fixed_weights(case: Case, block: Block) -> dict[str, Array]:
    """Return the weights of a network that has them fixed."""
    return network_weights(block, sizes_of(case, block), case.dtype)
