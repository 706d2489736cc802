"""Recognises a multilayer perceptron with its mean squared error, by names and shapes of a graph's entries.

What its ops compute is not looked at: that is what the checks are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pybind_models import DGraph

ENTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "x": "ni",
        "W1": "hi",
        "b1": "h",
        "W2": "oh",
        "b2": "o",
        "target": "no",
        "pre": "nh",
        "act": "nh",
        "out": "no",
        "error": "no",
        "squares": "no",
        "loss": "",
    }
)
"""Names in order, and axes by their roles: n samples, i features, h hidden ones, o of the output."""


def find_perceptron(model: DGraph) -> Mapping[str, str] | None:
    """Return the graph's dimension for each role, or ``None`` if it is no such perceptron."""
    if tuple(entry.name for entry in model.entries) != tuple(ENTRIES) or len(model.context) != 6:
        return None
    roles: dict[str, str] = {}
    for entry, axes in zip(model.entries, ENTRIES.values(), strict=True):
        if len(entry.shape) != len(axes):
            return None
        for role, dim in zip(axes, entry.shape, strict=True):
            if roles.setdefault(role, str(dim)) != str(dim):
                return None
    return roles if sorted(roles.values()) == sorted(model.dims) and not model.scalars else None
