"""The sizes at which a graph is measured: names for those of a transformer block, or dimensions given."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lean_bridge.crosscheck.block import find_block
from lean_bridge.errors import BindingError
from lean_bridge.spelling import dimension
from pybind_models import DGraph

SIZES: Final[Mapping[str, Mapping[str, int]]] = {
    "tiny": {"n": 8, "d": 16, "H": 2, "D": 8, "F": 32},
    "small": {"n": 64, "d": 128, "H": 4, "D": 32, "F": 512},
    "medium": {"n": 256, "d": 512, "H": 8, "D": 64, "F": 2048},
    "large": {"n": 512, "d": 1024, "H": 16, "D": 64, "F": 4096},
}
"""By the roles of a block's dimensions: length, model width, heads, head width, width of the network."""


@dataclass(frozen=True)
class Size:
    """The dimensions of a graph, and what to call them."""

    label: str
    dims: Mapping[str, int]


def parse_sizes(texts: Sequence[str], model: DGraph) -> list[Size]:
    """Return the sizes in each of the texts: names, as ``tiny,small``, or dimensions, as ``n=8,dModel=16``.

    Raises: BindingError if a name is unknown, or is given for a graph that is no block; if a dimension is
    no number. Missing and unknown dimensions are found when the graph is bound.
    """
    return [size for text in texts for size in _parse(text, model)]


def _parse(text: str, model: DGraph) -> list[Size]:
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items:
        raise BindingError(f"sizes: expected {', '.join(SIZES)}, or {_wanted(model)}, found {text!r}")
    if any("=" in item for item in items):
        dims = [_dimension(item) for item in items]
        if twice := [name for name, count in Counter(name for name, _ in dims).items() if count > 1]:
            raise BindingError(f"sizes: {twice[0]} is given more than once in {text!r}; give one of them")
        return [Size(", ".join(items), dict(dims))]
    return [_named(item, model) for item in items]


def _dimension(item: str) -> tuple[str, int]:
    name, _, value = (part.strip() for part in item.partition("="))
    if not (name and value):
        raise BindingError(f"sizes: expected dimensions as in n=8,dModel=16, found {reprlib.repr(item)}")
    try:
        return name, dimension(value)
    except ValueError as error:
        raise BindingError(f"sizes: {name}: {error}") from None


def _named(name: str, model: DGraph) -> Size:
    if name not in SIZES:
        raise BindingError(f"sizes: no size {name!r}; expected {', '.join(SIZES)}, or {_wanted(model)}")
    block = find_block(model)
    if isinstance(block, str):
        raise BindingError(f"sizes: {name} is a size of transformer blocks; give {_wanted(model)} ({block})")
    return Size(name, block.sizes(SIZES[name]))


def _wanted(model: DGraph) -> str:
    return ",".join(f"{name}=…" for name in model.dims)
