"""Translations to ops that are wrong for one function each, whatever is captured with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lean_bridge.capture import ops
from lean_bridge.capture.trace import Trace

Apply = Callable[[Trace, str, Sequence[Any], Mapping[str, Any]], Any]


def planted(name: str, wrong: Callable[..., Any]) -> Apply:
    """Return a translation that is wrong for one function; ``wrong`` gets the right one and its arguments."""
    right = ops.apply

    def apply(trace: Trace, called: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        def make(other: str, *given: Any, **named: Any) -> Any:
            return right(trace, other, given, named)

        return wrong(make, *args, **kwargs) if called == name else right(trace, called, args, kwargs)

    return apply


WRONG: dict[str, Apply] = {
    "dropped mask": planted("multiply", lambda _, x, __: x),
    "mask twice": planted("multiply", lambda make, x, m: make("multiply", make("multiply", x, m), x)),
    "softmax of rows": planted("softmax", lambda make, x, axis: make("softmax", x, axis=1 - axis)),
    "mean along another axis": planted("mean", lambda make, x, **_: make("mean", x, axis=1)),
    "sum along another axis": planted("sum", lambda make, x, **_: make("sum", x, axis=0)),
    "sum for mean": planted("mean", lambda make, x, **how: make("sum", x, **how)),
    "mean for sum": planted("sum", lambda make, x, **how: make("mean", x, **how)),
    "operands exchanged": planted("subtract", lambda make, a, b: make("subtract", b, a)),
    "a sum for a difference": planted("subtract", lambda make, a, b: make("add", a, b)),
    "a number twice": planted("add", lambda make, a, c: make("add", make("add", a, c), c)),
    "dropped number": planted("add", lambda _, a, __: a),
    "one activation for another": planted("tanh", lambda make, x: make("sigmoid", x)),
    "parts in another order": planted("concat", lambda make, ab, axis: make("concat", ab[::-1], axis=axis)),
    "the other end": planted(
        "indexing",
        lambda make, x, key: make("indexing", x, (slice(1) if key[0].start else slice(1, 3),)),
    ),
}
"""Of what a function like ``cat([tanh(x)[:2], x[2:]]).sum(1)`` is made of, after a softmax and a mask."""
