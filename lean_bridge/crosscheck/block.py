"""Recognises a post-norm transformer block, or some of its parts, by names and shapes of a graph's entries.

A block is attention with its residual sum, normalisation, feed-forward network with its residual sum, and
normalisation. What the ops of a part compute is not looked at: that is what the checks are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.linear_map import LinearMap
from pybind_models import ConstantParam, DGraph, Dim, MapParam, ScalarParam, Shape

WEIGHTS: Final = ("Wq", "Wk", "Wv", "Wo")
HEADS: Final = ("Qheads", "Kheads", "Vheads")
NETWORK: Final = ("W1", "b1", "W2", "b2")
NORMS: Final[Mapping[str, tuple[str, str]]] = {
    "norm1": ("γ₁", "β₁"),
    "norm2": ("γ₂", "β₂"),
    "norm": ("γ", "β"),
    "y": ("γ", "β"),
}
"""What a normalisation's result may be called, and what its parameters are then."""

Split: TypeAlias = Literal["permuting", "bare reshape"]
SPLITS: Final[Mapping[str, Split]] = {"splitHeads": "permuting", "reshape": "bare reshape"}
"""The ops that split heads. ``permuting`` is PyTorch's; ``bare reshape`` mixes tokens and heads."""

Part: TypeAlias = Literal["attention", "residual", "norm1", "feed-forward", "norm2"]
"""A part by its result: the attention output, that plus ``x``, normalisations, the second residual sum."""


SCALARS: Final[Mapping[Part, str]] = {"attention": "c", "norm1": "ε₁", "feed-forward": "κ", "norm2": "ε₂"}
"""The scalar of a part; the first letter is the binder of its op."""


@dataclass(frozen=True)
class Block:
    """The roles that a graph's entries and arguments play in a block."""

    parts: Mapping[Part, int]
    """The positions of the parts' results."""
    dims: Mapping[str, str]
    """The graph's dimensions for n (length of the sequence), d, H (heads), D (width of a head) and F."""
    scalars: Mapping[str, str]
    """Its scalars for c (of the scores), ε₁, κ and ε₂."""
    norms: Mapping[Part, tuple[str, str]]
    """The inputs that are γ and β of each normalisation."""
    maps: tuple[str, ...]
    """Its arguments for W1, b1, W2, b2, where these are no inputs."""
    split: Split | None
    """How attention splits heads."""

    @property
    def is_whole(self) -> bool:
        """Whether no part is missing: an encoder block."""
        return len(self.parts) == 5

    def sizes(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Return the graph's dimension arguments for sizes by role."""
        return {name: sizes[role] for role, name in self.dims.items()}

    def arguments(self, scalars: Mapping[str, float], weights: Mapping[str, Array], n: int) -> dict[str, Any]:
        """Return the graph's scalar and map arguments for scalars by role, and the network's weights.

        ``weights`` are ``W1, b1, W2, b2`` as in ``torch.nn.Linear``; a graph that has them fixed applies them
        at each of n positions, or to its one token.
        """
        given: dict[str, Any] = {name: scalars[role] for role, name in self.scalars.items()}
        positions = n if "n" in self.dims else 1
        for role, name in zip(NETWORK, self.maps, strict=False):
            weight = weights[role]
            is_matrix = weight.ndim == 2
            given[name] = (LinearMap.positionwise if is_matrix else np.tile)(weight, positions)
        return given


def find_block(model: DGraph) -> Block | str:
    """Return the roles, or why the graph is not taken for a block.

    Attention is where the inputs ``Wq, Wk, Wv, Wo`` are, with ``Qheads, Kheads, Vheads``, split by one op,
    and ``out``; a network is where ``pre`` and ``proj`` are; their residual sums are ``residual`` and, after
    attention, ``ffnResidual``. All shapes must be those of a block in different dimensions, and the last
    entry must be the result of a part.
    """
    shapes = {entry.name: entry.shape for entry in model.entries}
    attends, feeds = "Wq" in shapes, "proj" in shapes
    total = "ffnResidual" if attends else "residual"
    needed = ["x", *attends * (*WEIGHTS, *HEADS, "out"), *feeds * ("pre", total)]
    missing = [name for name in needed if name not in shapes]
    if missing:
        return f"no transformer block: no entry is named {', '.join(missing)}"
    rank = len(shapes["x"])
    heads_fit = not attends or (rank, len(shapes["Qheads"])) == (2, 3)
    if rank not in (1, 2) or not heads_fit or (feeds and len(shapes["pre"]) != rank):
        return "no transformer block: unexpected ranks of x, Qheads or pre"
    roles: dict[str, Dim] = dict(zip(("d", "n"), reversed(shapes["x"]), strict=False))
    roles |= {"H": shapes["Qheads"][0], "D": shapes["Qheads"][2]} if attends else {}
    roles |= {"F": shapes["pre"][-1]} if feeds else {}
    known = _known_shapes(shapes["x"], roles)
    wrong = [name for name, shape in shapes.items() if known.get(name, shape) != shape]
    wrong += [entry.name for entry in model.context if entry.name not in known]
    if wrong or sorted(map(str, roles.values())) != sorted(model.dims):
        return f"no transformer block: unexpected dimensions of {', '.join(wrong) or 'its entries'}"
    splits = {node.op for node in model.nodes if node.name in HEADS}
    if len(splits) > 1 or not splits <= SPLITS.keys():
        return f"no transformer block: heads are split by {', '.join(sorted(splits))}"
    parts, norms = _parts(list(shapes), attends=attends, total=total if feeds else None)
    if len(shapes) - 1 not in parts.values():
        return f"no transformer block: the last entry, {list(shapes)[-1]}, is the result of no part"
    params = [item for node in model.nodes for item in node.params.items()]
    scalars = [(binder, param) for binder, param in params if isinstance(param, ScalarParam | ConstantParam)]
    maps = tuple(param.name for _, param in params if isinstance(param, MapParam))
    used = [SCALARS[part] for part in parts if part in SCALARS]
    if [binder for binder, _ in scalars] != [role[0] for role in used]:
        return f"no transformer block: expected the scalars {', '.join(used)}"
    if len(maps) not in (0, feeds * len(NETWORK)):
        return f"no transformer block: unexpected fixed maps {', '.join(maps)}"
    context = {entry.name for entry in model.context}
    inputs = ["x", *attends * WEIGHTS, *chain(*norms.values()), *(feeds and not maps) * NETWORK]
    absent = [name for name in inputs if name not in context]
    if absent:
        return f"no transformer block: no input is named {', '.join(absent)}"
    return Block(
        parts=parts,
        dims={role: str(dim) for role, dim in roles.items()},
        scalars={
            role: param.name
            for role, (_, param) in zip(used, scalars, strict=True)
            if isinstance(param, ScalarParam)
        },
        norms=norms,
        maps=maps,
        split=SPLITS[splits.pop()] if splits else None,
    )


def _known_shapes(x: Shape, roles: Mapping[str, Dim]) -> dict[str, Shape]:
    """Return the shapes of a block's entries, by every name that they may have."""
    known = dict.fromkeys(("x", "out", "residual", "proj", "ffnResidual", *NORMS), x)
    known |= {name: x[-1:] for parameters in NORMS.values() for name in parameters}
    if "H" in roles:
        n, d, width = roles["n"], roles["d"], roles["H"] * roles["D"]
        known |= dict.fromkeys(WEIGHTS[:3], (d, width)) | {"Wo": (width, d)}
        known |= dict.fromkeys(HEADS, (roles["H"], n, roles["D"]))
    if "F" in roles:
        d, width = roles["d"], roles["F"]
        known |= {"pre": (*x[:-1], width), "W1": (width, d), "b1": (width,), "W2": (d, width), "b2": (d,)}
    return known


def _parts(
    names: list[str], *, attends: bool, total: str | None
) -> tuple[dict[Part, int], dict[Part, tuple[str, str]]]:
    """Return the position of each part's result in order, and the parameters of the normalisations.

    ``total`` is the name of the second residual sum: what is normalised after it is so by the second
    normalisation.
    """
    parts: dict[Part, int] = {}
    norms: dict[Part, tuple[str, str]] = {}
    for position, name in enumerate(names):
        if attends and name in ("out", "residual"):
            parts["attention" if name == "out" else "residual"] = position
        elif name == total:
            parts["feed-forward"] = position
        elif name in NORMS:
            part: Part = "norm2" if "feed-forward" in parts else "norm1"
            parts[part], norms[part] = position, NORMS[name]
    return parts, norms
