"""Recorded values of the attention output and the residual, in each of the two head splits.

The values are those of a separate NumPy transcription of upstream's encoder graph (``wadkisson/TorchLean``
at commit ``c2be276a``, ``EncoderBlock``), whose gradients were checked against PyTorch's; there they are
entries 22 and 23. Recorded to ten decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lean_bridge.crosscheck.attention import find_attention
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.primitive import Primitive, Shape
from lean_bridge.executor.scalars import Array
from pybind_models import CheckResult, DGraph

NAME: Final = "golden vectors"
TOLERANCE: Final = 1e-9
"""Ten decimals leave 5e-11 of a row's values; the sum of twelve of them may be 6e-10 off."""


@dataclass(frozen=True)
class Golden:
    """What one head split gives at the golden point."""

    output_row: tuple[float, ...]
    """Row 0 of the attention output."""
    output_sum: float
    """The sum of its absolute values."""
    residual_row: tuple[float, ...]
    """Row 0 of the residual."""


GOLDEN: Final[Mapping[str, Golden]] = {
    "bare reshape": Golden(
        output_row=(0.0294815599, 0.0246421588, 0.0678764804, -0.0213721896),
        output_sum=0.4316770425,
        residual_row=(0.2294815599, -0.1753578412, 0.5678764804, 0.0786278104),
    ),
    "permuting": Golden(
        output_row=(0.0004100823, -0.0048420695, -0.0333697813, 0.0129559457),
        output_sum=0.1544999283,
        residual_row=(0.2004100823, -0.2048420695, 0.4666302187, 0.1129559457),
    ),
}


def golden_input(k: int, shape: Shape) -> Array:
    """Return context entry ``k``: ``(((7·(k+1)·(q+1) + 3k) mod 11) − 5)/10`` at flat row-major index q."""
    q = np.arange(np.prod(shape, dtype=int))
    return (((7 * (k + 1) * (q + 1) + 3 * k) % 11 - 5) / 10).reshape(shape)


def check_golden(model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    """Return whether a self-attention graph gives the recorded values.

    They are at n = 3, dModel = 4, two heads of width 2, c = 0.5, with context entries ``golden_input``.
    """
    attention = find_attention(model)
    if isinstance(attention, str):
        return CheckResult(name=NAME, outcome="not run", detail=attention)
    bound = ExecutableGraph(model, primitives).bind(**attention.sizes(n=3, d_model=4, heads=2, head_dim=2))
    program = bound.compile(**{attention.scale: 0.5})
    values = program.forward([golden_input(k, entry.shape) for k, entry in enumerate(program.context)])
    recorded = GOLDEN[attention.split]
    output = values[attention.output]
    deviations = [*(output[0] - recorded.output_row), np.abs(output).sum() - recorded.output_sum]
    if attention.residual is not None:
        deviations += [*(values[attention.residual][0] - recorded.residual_row)]
    error = float(np.abs(deviations).max())
    compared = "attention output" + ("" if attention.residual is None else " and residual")
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= TOLERANCE else "failed",
        detail=f"{compared} against {len(deviations)} recorded values of the {attention.split} head split",
        error=error,
        tolerance=TOLERANCE,
    )
