"""What there is instead of functions that no graph is made of: one table, for every source.

An op that is certified at some points only is found in the executor's table, which says at which; the rest
is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lean_bridge.executor.rules.table import PRIMITIVES

AT_POINTS: Final[Mapping[str, tuple[str, str]]] = {
    "div": ("div", "multiplication by a scalar parameter, or a number, that is the inverse"),
    "divide": ("div", "multiplication by a scalar parameter, or a number, that is the inverse"),
    "log": ("log", "log_softmax, logsumexp or softplus, where it is one of these"),
    "reciprocal": ("inv", "none, in a capture"),
    "rsqrt": ("sqrtClamp", "none, in a capture"),
    "sqrt": ("sqrtClamp", "none, in a capture"),
}
"""Ops that are certified at points alone, by functions, and which functions are certified everywhere."""

_TANH_FORM: Final = "gelu in its tanh form, which is another function"
_FLOW: Final = "none, for a graph has no control flow; Python's own, over what is known, is traced"
_MASK: Final = "masked_softmax, or multiplication by an input that is the mask"
_DROPOUT: Final = "call .eval() first, or multiply by an input that is the mask"
_ALONG: Final = "mean, sum or logsumexp, over all axes or along some"

INSTEAD: Final[Mapping[str, str]] = {
    "amax": _ALONG,
    "amin": _ALONG,
    "astype": "none is needed: the graph is one for every precision",
    "bernoulli": _DROPOUT,
    "cond": _FLOW,
    "copy": "none is needed: nothing is ever written to",
    "dot": "matmul",
    "dropout": _DROPOUT,
    "einsum": "matmul, with transposes before it",
    "erf": _TANH_FORM,
    "erfc": _TANH_FORM,
    "max": _ALONG,
    "min": _ALONG,
    "native_dropout": _DROPOUT,
    "outer": "matmul, after reshape to one column and one row",
    "random_bits": _DROPOUT,
    "reduce_max": _ALONG,
    "reduce_min": _ALONG,
    "scan": _FLOW,
    "select_n": f"{_MASK}; softmax of what has -inf where nothing is allowed",
    "std": "var",
    "tensordot": "matmul, after reshape",
    "where": _MASK,
    "while": _FLOW,
}
"""The certified form that is nearest to functions and operators, and primitives of JAX, without an op."""


def none_for(name: str, near: str = "none that is known") -> str:
    """Return what is told of a function that no graph is made of; ``near`` stands where no table has it."""
    if name not in AT_POINTS:
        return f"no certified op; nearest: {INSTEAD.get(name, near)}"
    op, other = AT_POINTS[name]
    where = PRIMITIVES[op].domain.text
    return f"no op that is certified everywhere, for {op} is where {where}; nearest: {other}"
