"""Functions of JAX drawn at random: what is captured of them has JAX's values and all its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax
import numpy as np
import pytest
from jax import lax, nn
from jax import numpy as jnp

from lean_bridge.capture.jax_trace import from_jax
from lean_bridge.executor.rules.table import PRIMITIVES

ROWS, WIDTH = 3, 4
"""Of every value: what changes the shape is followed by what changes it back."""


def _centred(a: Any) -> Any:
    return a - a.mean(axis=-1, keepdims=True)


OPS: Final[tuple[Callable[[Any, Any], Any], ...]] = (
    lambda a, _: jnp.tanh(a),
    lambda a, _: nn.silu(a),
    lambda a, _: nn.softplus(a),
    lambda a, _: nn.log_sigmoid(a),
    lambda a, _: nn.log_softmax(a, axis=0),
    lambda a, _: nn.softmax(a, axis=-1),
    lambda a, _: a - nn.logsumexp(a, axis=1, keepdims=True),
    lambda a, _: nn.gelu(a),
    lambda a, b: _centred(a) * lax.rsqrt(a.var(axis=-1, keepdims=True) + 1e-2) * b[0] + b[1],
    lambda a, b: a / jnp.sqrt(jnp.mean(a * a, axis=-1, keepdims=True) + 1e-2) * b[0],
    lambda a, _: a[:, 2:] @ a[:, :2].T @ a,
    lambda a, _: jnp.concatenate([-a[:, 2:], a[:, :2]], axis=-1),
    lambda a, b: jnp.concatenate([a, b])[-ROWS:],
    lambda a, b: jnp.stack([a, b], axis=1).sum(axis=1),
    lambda a, b: jnp.stack([a, b], axis=-1).reshape(ROWS, -1)[:, 2:6],
    lambda a, _: jnp.broadcast_to(a[1], a.shape) * 0.5,
    lambda a, b: a[:, :1] * b,
    lambda a, _: jnp.repeat(jnp.multiply(*jnp.split(a, 2, axis=-1)), 2, axis=1),
    lambda a, _: jnp.concatenate(jnp.split(a, [1], axis=1)[::-1], axis=1),
    lambda a, b: jnp.einsum("nd,nd->n", a, b)[:, None] + b,
    lambda a, b: jnp.einsum("nd,md,mk->nk", a, b, b) / 4,
    lambda a, b: a * b,
    lambda a, b: 2.5 - a + b,
    lambda a, _: a.reshape(ROWS, 2, 2).swapaxes(1, 2).reshape(ROWS, WIDTH),
    lambda a, b: jax.vmap(lambda row, other: nn.softmax(row) * other)(a, b),
    lambda a, b: a[jnp.array([2, 0, 2])] + b.mean(axis=0),
    lambda a, b: nn.softmax(jnp.where(jnp.tri(ROWS, dtype=bool), a @ b.T, -jnp.inf)) @ a,
    lambda a, _: jax.grad(lambda each: jnp.sum(jnp.tanh(each) ** 2))(a),
)


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 300))]
)
def test_what_is_captured_of_a_random_function_is_the_function(seed: int) -> None:
    """Six random ops, each of values before it, among layers."""
    rng = np.random.default_rng(seed)
    steps = [[int(rng.integers(each)) for each in (len(OPS), k, k)] for k in range(1, 7)]

    def drawn(params: Any, x: Any) -> Any:
        made = [x @ params["first"]["W"] + params["first"]["b"]]
        for op, a, b in steps:
            made.append(OPS[op](made[a], made[b]))
        return made[-1] @ params["last"], made[-2]

    first = {"W": np.zeros((2, WIDTH), np.float32), "b": np.zeros(WIDTH, np.float32)}
    params = {"first": first, "last": np.zeros((WIDTH, WIDTH), np.float32)}
    captured = from_jax(drawn, params, np.zeros((ROWS, 2), np.float32))
    found = {node.op for node in captured.model.nodes if PRIMITIVES[node.op].domain.theorem}
    assert found <= {"layerNorm", "rmsNorm", "maskedSoftmax"}
