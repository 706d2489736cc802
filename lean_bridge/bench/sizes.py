"""The sizes at which a graph is measured: names for those of what is known, or dimensions given."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lean_bridge.bench.case import find_counterpart
from lean_bridge.errors import BindingError
from lean_bridge.spelling import dimension
from pybind_models import DGraph


def _by_role(
    *, n: int, d: int, shared: int, groups: int, width: int, inner: int, classes: int
) -> dict[str, int]:
    """Return every length by the roles that dimensions have in blocks and other graphs that are known."""
    of_heads = {"H": shared * groups, "K": shared, "G": groups, "D": width, "e": width // 2}
    others = {**dict.fromkeys("ns", n), **dict.fromkeys("diok", d), **dict.fromkeys("Fh", inner)}
    return {**others, **of_heads, "v": classes}


SIZES: Final[Mapping[str, Mapping[str, int]]] = {
    "tiny": _by_role(n=8, d=16, shared=1, groups=2, width=8, inner=32, classes=64),
    "small": _by_role(n=64, d=128, shared=2, groups=2, width=32, inner=512, classes=1024),
    "medium": _by_role(n=256, d=512, shared=2, groups=4, width=64, inner=2048, classes=8192),
    "large": _by_role(n=512, d=1024, shared=4, groups=4, width=64, inner=4096, classes=16384),
}
"""By role: length and model width, both of what is attended to, too; heads of keys and values, queries for
each, width of a head, width of the network, classes."""


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
    found = find_counterpart(model)
    if isinstance(found, str):
        expected = "transformer blocks and of other graphs that PyTorch has"
        raise BindingError(f"sizes: {name} is a size of {expected}; give {_wanted(model)} ({found})")
    return Size(name, found.sizes(SIZES[name]))


def _wanted(model: DGraph) -> str:
    return ",".join(f"{name}=…" for name in model.dims)
