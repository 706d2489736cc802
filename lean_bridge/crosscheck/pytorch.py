"""Self-attention graphs against ``torch.nn.MultiheadAttention``: the output and every gradient.

The permuting head split must agree for every number of heads. The bare reshape must agree for one head,
where the two splits are the same function, and must differ for more, where it is another function: it is
not PyTorch's attention.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lean_bridge.crosscheck.attention import Attention, find_attention
from lean_bridge.crosscheck.points import SEED, draw_arrays
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.primitive import Primitive
from lean_bridge.executor.scalars import Array
from pybind_models import CheckResult, DGraph

if TYPE_CHECKING:
    from torch import Tensor

NAME: Final = "PyTorch MultiheadAttention"
N: Final = 5
D_MODEL: Final = 8
HEADS: Final = (1, 2, 4)
TOLERANCE: Final = 1e-12
"""What is promised; values are of order 1 and sums at most 8 long, so rounding leaves about 1e-15."""
DIFFERENT: Final = 1e-3
"""Nine digits above what rounding may do: another function."""


def check_pytorch(model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    """Return whether a self-attention graph agrees with PyTorch, and differs where its split must."""
    attention = find_attention(model)
    if isinstance(attention, str):
        return CheckResult(name=NAME, outcome="not run", detail=attention)
    try:
        import torch
    except ImportError:
        detail = "PyTorch is not installed; pip install 'lean-bridge[torch]'"
        return CheckResult(name=NAME, outcome="not run", detail=detail)
    graph = ExecutableGraph(model, primitives)
    with _quiet_torch():
        errors = {heads: _deviation(graph, attention, heads) for heads in HEADS}
    same = [heads for heads in HEADS if attention.split == "permuting" or heads == 1]
    other = [heads for heads in HEADS if heads not in same]
    error = float(np.max([errors[heads] for heads in same]))
    differ = all(errors[heads].output > DIFFERENT for heads in other)
    counts = ", ".join(map(str, same))
    detail = f"output and all gradients of torch {torch.__version__} at H = {counts}"
    if other:
        found = ", ".join(f"{errors[heads].output:.2g} at H = {heads}" for heads in other)
        detail += f"; the bare-reshape split {'differs' if differ else 'should differ'} from PyTorch: {found}"
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= TOLERANCE and differ else "failed",
        detail=detail,
        error=error,
        tolerance=TOLERANCE,
    )


class Deviation(NamedTuple):
    """The largest deviations from PyTorch at one number of heads."""

    output: float
    gradients: float


def _deviation(graph: ExecutableGraph, attention: Attention, heads: int) -> Deviation:
    """Return the deviations at a random point and a random seed on the output."""
    rng = np.random.default_rng(SEED + heads)
    head_dim = D_MODEL // heads
    scale = 1 / math.sqrt(head_dim)
    bound = graph.bind(**attention.sizes(n=N, d_model=D_MODEL, heads=heads, head_dim=head_dim))
    program = bound.compile(**{attention.scale: scale})
    inputs = draw_arrays(program.context, rng)
    target = attention.output if attention.residual is None else attention.residual
    (seed,) = draw_arrays([program.entries[target]], rng)
    ours = [program.forward(inputs)[target], *program.vjp(inputs, {program.entries[target].name: seed})]
    theirs = _reference(inputs, seed, heads, with_residual=attention.residual is not None)
    output, *gradients = (float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))
    return Deviation(output, float(np.max(gradients)))


def _reference(inputs: list[Array], seed: Array, heads: int, *, with_residual: bool) -> list[Array]:
    """Return PyTorch's output and its gradients for ``x, Wq, Wk, Wv, Wo``, by its own differentiation."""
    import torch

    x, wq, wk, wv, wo = (torch.from_numpy(array.copy()).requires_grad_() for array in inputs)
    layer = torch.nn.MultiheadAttention(D_MODEL, heads, bias=False, batch_first=True, dtype=torch.float64)
    weights: dict[str, Tensor] = {
        "in_proj_weight": torch.cat([wq.T, wk.T, wv.T]),
        "out_proj.weight": wo.T,
    }
    batch = x.unsqueeze(0)
    output, _ = torch.func.functional_call(layer, weights, (batch, batch, batch), {"need_weights": False})
    output = output[0] + x if with_residual else output[0]
    gradients = torch.autograd.grad(output, (x, wq, wk, wv, wo), torch.from_numpy(seed))
    return [tensor.detach().numpy() for tensor in (output, *gradients)]


@contextmanager
def _quiet_torch() -> Iterator[None]:
    """One thread, and the caller's thread count and random state afterwards."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):  # a layer draws initial weights
            yield
    finally:
        torch.set_num_threads(threads)
