"""Recognises graphs that are compared as wholes, by names and shapes of their entries.

What their ops compute is not looked at: that is what the checks are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.program import Program
from pybind_models import DGraph


@dataclass(frozen=True)
class Known:
    """A graph of which it is known elsewhere what it shall compute."""

    entries: Mapping[str, str]
    """Names in order, and axes by their roles."""
    inputs: int
    """How many of the entries come from outside."""
    scalars: Mapping[str, float] = field(default_factory=dict)
    """What it is compared at."""


PERCEPTRON: Final = Known(
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
    },
    inputs=6,
)
"""A perceptron with its mean squared error: n samples, i features, h hidden ones, o of the output."""

RMS_NORM: Final = Known(
    {
        "x": "ni",
        "γ": "i",
        "squares": "ni",
        "mean_square": "n",
        "mean_square_eps": "n",
        "rms": "n",
        "inv_rms": "n",
        "inv_rms_b": "ni",
        "normalized": "ni",
        "gamma_b": "ni",
        "y": "ni",
    },
    inputs=2,
    scalars={"ε": 1e-3},
)
"""Root mean square normalisation of n rows of i numbers."""

KNOWN: Final = (PERCEPTRON, RMS_NORM)


class Found(NamedTuple):
    """A graph that is known, and the name of its dimension for each role."""

    known: Known
    roles: Mapping[str, str]

    def program(self, graph: ExecutableGraph, sizes: Mapping[str, int]) -> Program:
        """Return the graph's program at sizes by roles."""
        bound = graph.bind(**{name: sizes[role] for role, name in self.roles.items()})
        return bound.interpret(**self.known.scalars)


def find_known(model: DGraph) -> Found | None:
    """Return which known graph a graph is by its names and shapes, or ``None`` if it is none."""
    found = ((known, _roles(model, known)) for known in KNOWN)
    return next((Found(known, roles) for known, roles in found if roles is not None), None)


def _roles(model: DGraph, known: Known) -> Mapping[str, str] | None:
    names = tuple(entry.name for entry in model.entries)
    if names != tuple(known.entries) or len(model.context) != known.inputs:
        return None
    roles: dict[str, str] = {}
    for entry, axes in zip(model.entries, known.entries.values(), strict=True):
        if len(entry.shape) != len(axes):
            return None
        for role, dim in zip(axes, entry.shape, strict=True):
            if roles.setdefault(role, str(dim)) != str(dim):
                return None
    fits = sorted(roles.values()) == sorted(model.dims) and set(model.scalars) == set(known.scalars)
    return roles if fits and not model.maps else None
