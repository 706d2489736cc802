"""What another framework brings to a case, and what all of them are given."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lean_bridge.bench.case import Case, network_weights
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


def sizes_of(case: Case, block: Block) -> dict[str, int]:
    """Return the dimensions by their roles in the block."""
    return {role: case.bound.dims[name] for role, name in block.dims.items()}


def fixed_weights(case: Case, block: Block) -> dict[str, Array]:
    """Return the weights of a network that has them fixed."""
    return network_weights(block, sizes_of(case, block), case.dtype)
