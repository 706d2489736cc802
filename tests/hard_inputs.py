"""Inputs at which floats lose digits, if anywhere; and how many digits of what is computed are right."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.enclosures import digits_right
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import DGraph, Dim, Shape
from tests.unit.executor.graphs import attention, encoder, graph, node

Drawn: TypeAlias = Callable[[np.random.Generator, Any], list[Array]]

ROWS, COLUMNS = 4, 6
SHAPE: Final[Shape] = (Dim.constant(ROWS), Dim.constant(COLUMNS))
ROW: Final[Shape] = SHAPE[1:]
HEADS: Final[Shape] = (Dim.constant(1), *SHAPE)
SIZES: Final = {"n": 4, "dModel": 6, "numHeads": 2, "headDim": 3, "dFF": 5}
SCALARS: Final = {"c": 0.5, "κ": GELU_KAPPA, "ε": 1e-5, "ε₁": 1e-5, "ε₂": 1e-5}

NORM: Final = graph(
    {"x": SHAPE, "γ": ROW, "β": ROW},
    node("y", "layerNorm", (0, 1, 2), SHAPE, m=SHAPE[0], n=SHAPE[1], ε="ε"),
    scalars=("ε",),
)
SOFTMAX: Final = graph(
    {"x": HEADS}, node("y", "softmaxLast", (0,), HEADS, h=HEADS[0], m=SHAPE[0], n=SHAPE[1])
)
GELU: Final = graph({"x": SHAPE}, node("y", "gelu", (0,), SHAPE, κ="κ"), scalars=("κ",))
SIGMOID: Final = graph({"x": SHAPE}, node("y", "sigmoid", (0,), SHAPE, s=SHAPE))
SOFTPLUS: Final = graph({"x": SHAPE}, node("y", "softplus", (0,), SHAPE, s=SHAPE))
TANH: Final = graph({"x": SHAPE}, node("y", "tanh", (0,), SHAPE, s=SHAPE))
SILU: Final = graph({"x": SHAPE}, node("y", "silu", (0,), SHAPE, s=SHAPE))
RESIDUAL: Final = graph(
    {"x": SHAPE, "f": SHAPE},
    node("s", "add", (0, 1), SHAPE, s=SHAPE),
    node("y", "sub", (2, 0), SHAPE, s=SHAPE),
)


@dataclass(frozen=True)
class Hard:
    """Inputs of a graph, and perhaps a seed, at which something is hard."""

    what: str
    model: DGraph
    inputs: Drawn
    seed: Drawn | None = None
    scalars: tuple[tuple[str, float], ...] = ()

    def digits(self, dtype: Any) -> tuple[float, float]:
        """Return how many digits are right of the output and of the gradients."""
        bound = ExecutableGraph(self.model).bind(**{name: SIZES[name] for name in self.model.dims})
        arguments = SCALARS | dict(self.scalars)
        program = bound.compile(**{name: arguments[name] for name in self.model.scalars})
        rng, name = np.random.default_rng(1), program.entries[-1].name
        inputs = [array.astype(dtype) for array in self.inputs(rng, dtype)]
        inputs += [rng.uniform(0.5, 1.5, each.shape).astype(dtype) for each in program.context[len(inputs) :]]
        (seed,) = self.seed(rng, dtype) if self.seed else [rng.uniform(-1, 1, program.entries[-1].shape)]
        values = program.forward(inputs, [name], bounds=True)
        pulled = program.vjp(inputs, {name: np.asarray(seed).astype(dtype)}, bounds=True)
        return right(*values), right(*pulled)


def right(results: Sequence[Array], radii: Sequence[Array]) -> float:
    """Return the fewest digits that are right of the largest number of an array that has one but 0."""
    told = [digits_right(*pair) for pair in zip(radii, results, strict=True) if pair[1].any()]
    for radius, result in zip(radii, results, strict=True):
        assert result.any() or radius.max() < np.finfo(result.dtype).eps, "what is called 0 is about 0"
    return min(told, default=-math.log10(float(np.finfo(results[0].dtype).eps) / 2))


def _large(dtype: Any) -> float:
    return 1e8 if dtype is np.float64 else 1e4


def _smallest(dtype: Any) -> float:
    return 100 * float(np.finfo(dtype).smallest_subnormal)


def _normal(scale: float = 1.0, offset: float = 0.0, shape: Shape = SHAPE) -> Drawn:
    sizes = tuple(int(str(dim)) for dim in shape)
    return lambda rng, _dtype: [offset + scale * rng.standard_normal(sizes)]


HARD: Final = (
    Hard(
        "normalisation of rows whose mean is large beside their variance",
        NORM,
        lambda rng, dtype: [_large(dtype) + rng.standard_normal((ROWS, COLUMNS))],
    ),
    Hard(
        "normalisation of rows of one large number, whose variance is 0",
        NORM,
        lambda _rng, dtype: [np.full((ROWS, COLUMNS), _large(dtype) / 3)],
    ),
    Hard("normalisation of rows near 0", NORM, _normal(1e-25)),
    Hard(
        "normalisation of subnormal numbers",
        NORM,
        lambda rng, dtype: [_smallest(dtype) * rng.standard_normal((ROWS, COLUMNS))],
    ),
    Hard("softmax of logits of 1e4", SOFTMAX, _normal(1e4, shape=HEADS)),
    Hard("softmax of logits about 1e4 that differ by 1", SOFTMAX, _normal(1.0, 1e4, HEADS)),
    Hard("softmax of logits that are nearly equal", SOFTMAX, _normal(1e-6, shape=HEADS)),
    Hard("softmax of which one number is nearly 1", SOFTMAX, _normal(5.0, 0.0, HEADS)),
    Hard(
        "softmax pulled back along seeds that are nearly equal",
        SOFTMAX,
        _normal(shape=HEADS),
        lambda rng, dtype: [_large(dtype) + rng.standard_normal((1, ROWS, COLUMNS))],
    ),
    Hard(
        "softmax of which one number is all but 1, pulled back",
        SOFTMAX,
        lambda rng, _dtype: [20.0 * np.eye(ROWS, COLUMNS) + rng.standard_normal((1, ROWS, COLUMNS))],
    ),
    Hard(
        "softmax of logits near the largest float",
        SOFTMAX,
        lambda rng, dtype: [float(np.finfo(dtype).max) / 8 * rng.uniform(-1, 1, (1, ROWS, COLUMNS))],
    ),
    Hard("GELU of numbers near 0", GELU, _normal(1e-20)),
    Hard("GELU of large numbers", GELU, _normal(1e4)),
    Hard("GELU of numbers about −4 alone", GELU, _normal(0.1, -4.0)),
    Hard("the logistic function of numbers about −12 alone", SIGMOID, _normal(0.1, -12.0)),
    Hard("the logistic function of numbers about 12 alone", SIGMOID, _normal(0.1, 12.0)),
    Hard("tanh of numbers about 12 alone", TANH, _normal(0.1, 12.0)),
    Hard("softplus of numbers about 700", SOFTPLUS, _normal(1.0, 700.0)),
    Hard(
        "softplus of numbers near the largest float",
        SOFTPLUS,
        lambda rng, dtype: [float(np.finfo(dtype).max) / 8 * rng.uniform(0.5, 1, (ROWS, COLUMNS))],
    ),
    Hard("SiLU of numbers about −12 alone", SILU, _normal(0.1, -12.0)),
    Hard(
        "a residual sum (x + f) − x with x a thousand times as large",
        RESIDUAL,
        lambda rng, _dtype: [
            1e3 * rng.standard_normal((ROWS, COLUMNS)),
            rng.standard_normal((ROWS, COLUMNS)),
        ],
    ),
    Hard("attention with scores of 1e3", attention(), _normal(), scalars=(("c", 1e3),)),
    Hard(
        "an encoder block on tokens with a large common part",
        encoder(fixed=False),
        lambda rng, _dtype: [1e2 + rng.standard_normal((ROWS, COLUMNS))],
    ),
)


def table(rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Return digits as a table: the output and the gradients, in float64 and in float32."""
    head = [
        "| input | output, f64 | gradients, f64 | output, f32 | gradients, f32 |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(f"| {what} | {' | '.join(map(str, told))} |" for what, told in rows)])


def measured() -> list[tuple[str, tuple[float, ...]]]:
    """Return the digits of each, as the table has them."""
    kinds = (np.float64, np.float32)
    return [(each.what, tuple(d for kind in kinds for d in each.digits(kind))) for each in HARD]


if __name__ == "__main__":
    said = [(what, [max(0, math.floor(digits - 0.5)) for digits in told]) for what, told in measured()]
    print(table(said))  # noqa: T201
