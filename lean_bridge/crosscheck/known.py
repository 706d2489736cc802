"""Recognises graphs that are compared as wholes, by names and shapes of their entries.

What their ops compute is not looked at: that is what the checks are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add, mul
from typing import Any, Final, NamedTuple

import numpy as np

from lean_bridge.crosscheck.points import draw_arrays
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.executor.rules.program import Program
from pybind_models import DGraph, Dim


@dataclass(frozen=True)
class Known:
    """A graph of which it is known elsewhere what it shall compute."""

    entries: Mapping[str, str]
    """Names in order, and axes by their roles."""
    inputs: int
    """How many of the entries come from outside."""
    scalars: Mapping[str, float] = field(default_factory=dict)
    """What it is compared at."""
    arrays: Mapping[str, str] = field(default_factory=dict)
    """Its arguments that are whole numbers: the roles of their axes, then that of what they are below; and
    those that are truth values: the roles of their axes."""
    composed: Mapping[str, str] = field(default_factory=dict)
    """Roles of axes whose lengths are sums of products of others': ``w`` of ``H*D``."""


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

CROSS_ENTROPY: Final = Known(
    {"logits": "nv", "log_probs": "nv", "log_likelihoods": "n", "log_likelihood": "", "loss": ""},
    inputs=1,
    arrays={"targets": "nv"},
)
"""Cross-entropy of n samples and v classes, from logits."""

MEAN_SQUARED_ERROR: Final = Known(
    {"y": "no", "target": "no", "error": "no", "squares": "no", "loss": ""}, inputs=2
)
"""The mean squared error of n samples of o numbers."""

_PARTS: Final = ("negative", "if_one", "if_zero", "one_part", "zero_less", "zero_part", "losses")

BINARY_CROSS_ENTROPY: Final = Known(
    {"logits": "no", "target": "no", **dict.fromkeys(_PARTS, "no"), "loss": ""},
    inputs=2,
)
"""Binary cross-entropy of n samples of o numbers, from logits."""

HUBER: Final = Known(
    {"y": "no", "target": "no", "error": "no", "losses": "no", "loss": ""}, inputs=2, scalars={"δ": 0.5}
)
"""The loss of Huber of n samples of o numbers."""


def _parameters(attended: str) -> dict[str, str]:
    """Return weights and biases of attention to what has so many features."""
    made = {"q": "d", "k": attended, "v": attended}
    named = {f"{kind}{each}": f"w{of}" if kind == "W" else "w" for each, of in made.items() for kind in "Wb"}
    return {**named, "Wo": "dw", "bo": "d"}


GPT_BLOCK: Final = Known(
    {
        "x": "nd",
        **dict.fromkeys(("γ₁", "β₁"), "d"),
        **_parameters("d"),
        **dict.fromkeys(("γ₂", "β₂"), "d"),
        "W1": "Fd",
        "b1": "F",
        "W2": "dF",
        "b2": "d",
        "norm1": "nd",
        "Qbig": "nw",
        "Qheads": "HnD",
        "Kbig": "nw",
        "Kheads": "HnD",
        "Kt": "HDn",
        "Vbig": "nw",
        "Vheads": "HnD",
        **dict.fromkeys(("scores", "scaled", "probs"), "Hnn"),
        "headOut": "HnD",
        "swapped": "nHD",
        "concat": "nw",
        **dict.fromkeys(("attention", "attnResidual", "norm2"), "nd"),
        **dict.fromkeys(("pre", "act"), "nF"),
        **dict.fromkeys(("proj", "ffnResidual"), "nd"),
    },
    inputs=17,
    scalars={"κ": GELU_KAPPA, "c": 0.5, "ε₁": 1e-5, "ε₂": 1e-3},
    arrays={"mask": "nn"},
    composed={"w": "H*D"},
)
"""The block of GPT-2: n tokens of d features, H heads of width D, F hidden features."""

LLAMA_BLOCK: Final = Known(
    {
        "x": "nd",
        "γ₁": "d",
        "Wq": "dw",
        **dict.fromkeys(("Wk", "Wv"), "du"),
        **dict.fromkeys(("cos", "sin"), "ne"),
        "Wo": "wd",
        "γ₂": "d",
        **dict.fromkeys(("Wgate", "Wup"), "dF"),
        "Wdown": "Fd",
        "norm1": "nd",
        "Qbig": "nw",
        **dict.fromkeys(("Qheads", "Qturned"), "HnD"),
        "Kbig": "nu",
        **dict.fromkeys(("Kheads", "Kturned"), "KnD"),
        "Kt": "KDn",
        "Vbig": "nu",
        "Vheads": "KnD",
        "Qgroups": "KmD",
        **dict.fromkeys(("scores", "scaled"), "Kmn"),
        **dict.fromkeys(("scaledHeads", "probs"), "KGnn"),
        "probsGroups": "Kmn",
        "groupOut": "KmD",
        "headOut": "HnD",
        "swapped": "nHD",
        "concat": "nw",
        **dict.fromkeys(("attention", "attnResidual", "norm2"), "nd"),
        **dict.fromkeys(("gate", "act", "up", "gated"), "nF"),
        **dict.fromkeys(("down", "ffnResidual"), "nd"),
    },
    inputs=12,
    scalars={"c": 0.5, "ε₁": 1e-5, "ε₂": 1e-3},
    arrays={"mask": "nn"},
    composed={"H": "K*G", "D": "e+e", "w": "H*D", "u": "K*D", "m": "G*n"},
)
"""The block of Llama: n tokens of d features, K heads of keys and values for G of queries each, all of width
2e, F hidden features."""

CROSS_ATTENTION: Final = Known(
    {
        "x": "nd",
        "memory": "sk",
        **_parameters("k"),
        "Qbig": "nw",
        "Qheads": "HnD",
        "Kbig": "sw",
        "Kheads": "HsD",
        "Vbig": "sw",
        "Vheads": "HsD",
        "Kt": "HDs",
        **dict.fromkeys(("scores", "scaled", "probs"), "Hns"),
        "headOut": "HnD",
        "swapped": "nHD",
        "concat": "nw",
        "attention": "nd",
    },
    inputs=10,
    scalars={"c": 0.5},
    arrays={"mask": "ns"},
    composed={"w": "H*D"},
)
"""Attention of n tokens of d features to s others of k features, in H heads of width D."""

KNOWN_SIZES: Final = {"n": 5, "i": 4, "h": 6, "o": 3, "v": 7, "d": 8, "F": 16, "s": 7, "k": 6} | {
    **dict.fromkeys("HGe", 2),
    "D": 4,
    "K": 1,
}
"""By roles: where nobody asks for others."""

KNOWN: Final = (
    PERCEPTRON,
    RMS_NORM,
    CROSS_ENTROPY,
    MEAN_SQUARED_ERROR,
    BINARY_CROSS_ENTROPY,
    HUBER,
    GPT_BLOCK,
    LLAMA_BLOCK,
    CROSS_ATTENTION,
)


class Found(NamedTuple):
    """A graph that is known, and the name of its dimension for each role."""

    known: Known
    dims: Mapping[str, str]

    def sizes(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Return the graph's dimension arguments for sizes by role."""
        return {name: sizes[role] for role, name in self.dims.items()}

    def program(self, bound: BoundGraph, arrays: Mapping[str, Array]) -> Program:
        """Return its program with arguments that are arrays, and the scalars that it is compared at."""
        return bound.interpret(**self.known.scalars, **arrays)


class Drawn(NamedTuple):
    """A known graph at random numbers."""

    program: Program
    inputs: Mapping[str, Array]
    arguments: Mapping[str, Array]
    seed: Array
    """Of the last entry."""


def draw_known(
    graph: ExecutableGraph,
    found: Found,
    dims: Mapping[str, int],
    rng: np.random.Generator,
    dtype: Any = float,
) -> Drawn:
    """Return a known graph at dimensions, at numbers uniform in [-1, 1] and arguments that fit."""
    bound = graph.bind(**dims)
    arguments = bound.draw_arrays(rng)
    program = found.program(bound, arguments)
    drawn = [array.astype(dtype) for array in draw_arrays(program.context, rng)]
    inputs = {entry.name: array for entry, array in zip(program.context, drawn, strict=True)}
    (seed,) = draw_arrays(program.entries[-1:], rng)
    return Drawn(program, inputs, arguments, seed.astype(dtype))


def find_known(model: DGraph) -> Found | None:
    """Return which known graph a graph is by its names and shapes, or ``None`` if it is none."""
    found = ((known, _roles(model, known)) for known in KNOWN)
    return next((Found(known, roles) for known, roles in found if roles is not None), None)


def _roles(model: DGraph, known: Known) -> Mapping[str, str] | None:
    names = tuple(entry.name for entry in model.entries)
    if names != tuple(known.entries) or len(model.context) != known.inputs:
        return None
    if {array.name for array in model.arrays} != set(known.arrays):
        return None
    shapes = [entry.shape for entry in model.entries]
    shapes += [(*array.shape, array.below) if array.below else array.shape for array in model.arrays]
    expected = [*known.entries.values(), *(known.arrays[array.name] for array in model.arrays)]
    roles: dict[str, Dim] = {}
    for shape, axes in zip(shapes, expected, strict=True):
        if len(shape) != len(axes):
            return None
        for role, dim in zip(axes, shape, strict=True):
            if roles.setdefault(role, dim) != dim:
                return None
    if any(roles[role] != _composed(of, roles) for role, of in known.composed.items()):
        return None
    named = {role: str(dim) for role, dim in roles.items() if role not in known.composed}
    fits = sorted(named.values()) == sorted(model.dims) and set(model.scalars) == set(known.scalars)
    return named if fits and not model.maps else None


def _composed(text: str, roles: Mapping[str, Dim]) -> Dim:
    """Return a sum of products of roles."""
    products = (reduce(mul, (roles[role] for role in product.split("*"))) for product in text.split("+"))
    return reduce(add, products)
