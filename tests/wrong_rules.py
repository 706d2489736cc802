"""Ways to make a primitive's rules wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Arrays, Primitive, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.single_ops import SPECS

Change: TypeAlias = Callable[[Array], Array]


def without_last(array: Array) -> Array:
    """Return an array with 0 for its last coordinate that is something else."""
    changed = array.copy()
    changed[tuple(np.argwhere(array)[-1])] = 0
    return changed


def backwards(array: Array) -> Array:
    """Return an array with its coordinates in reverse order."""
    return array.ravel()[::-1].reshape(array.shape)


CHANGES: Final[Mapping[str, Change]] = {
    "wrong sign": lambda array: -array,
    "twice": lambda array: 2 * array,
    "dropped": lambda array: 0 * array,
    "last coordinate dropped": without_last,
    "coordinates in reverse order": backwards,
}
"""What can happen to any result."""


def changes_nothing(op: str, change: str) -> bool:
    """Return whether it is the order of one number, or of the equal cotangents of its operand's."""
    return not SPECS[op].out and change == "coordinates in reverse order"


def with_forward(op: str, forward: Callable[[Setting, Arrays], Array]) -> Primitive:
    """Return the op with another forward rule."""
    return dataclasses.replace(PRIMITIVES[op], forward=forward)


def with_jvp(op: str, jvp: Callable[[Setting, Arrays, Array, Arrays], Array]) -> Primitive:
    """Return the op with another JVP rule."""
    return dataclasses.replace(PRIMITIVES[op], jvp=jvp)


def with_vjp(op: str, vjp: Callable[[Setting, Arrays, Array, Array], Arrays]) -> Primitive:
    """Return the op with another VJP rule."""
    return dataclasses.replace(PRIMITIVES[op], vjp=vjp)


def elsewhere(op: str, change: Callable[[Setting], Setting]) -> Primitive:
    """Return the op with all its rules run in another setting than the node's."""
    right = PRIMITIVES[op]
    return dataclasses.replace(
        right,
        forward=lambda setting, *rest: right.forward(change(setting), *rest),
        jvp=lambda setting, *rest: right.jvp(change(setting), *rest),
        vjp=lambda setting, *rest: right.vjp(change(setting), *rest),
    )


def with_param(op: str, binder: str, change: Callable[[Any], Any]) -> Primitive:
    """Return the op with one of its arguments changed."""
    return elsewhere(
        op,
        lambda setting: dataclasses.replace(
            setting, params={**setting.params, binder: change(setting.params[binder])}
        ),
    )


class _Confused:
    """The field with one of its functions in the place of another."""

    def __init__(self, scalars: Any, wrong: str, right: str) -> None:
        self._scalars, self._wrong, self._right = scalars, wrong, right

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scalars, self._wrong if name == self._right else name)


def with_function(op: str, right: str, wrong: str) -> Primitive:
    """Return the op with another function of the scalars in the place of the right one."""
    return elsewhere(
        op,
        lambda setting: dataclasses.replace(setting, scalars=_Confused(setting.scalars, wrong, right)),
    )


def anywhere() -> Iterator[tuple[str, Primitive]]:
    """Yield each change of each result of each op."""
    for op, right in PRIMITIVES.items():
        for text, change in CHANGES.items():
            if changes_nothing(op, text):
                continue
            yield (
                f"{op}: value: {text}",
                with_forward(op, lambda *given, right=right, change=change: change(right.forward(*given))),
            )
            yield (
                f"{op}: tangent: {text}",
                with_jvp(op, lambda *given, right=right, change=change: change(right.jvp(*given))),
            )
            for operand in range(right.arity):

                def vjp(
                    *given: Any, right: Primitive = right, change: Change = change, operand: int = operand
                ) -> Arrays:
                    cotangents = right.vjp(*given)
                    return (*cotangents[:operand], change(cotangents[operand]), *cotangents[operand + 1 :])

                yield f"{op}: cotangent {operand}: {text}", with_vjp(op, vjp)


def crossed(op: str) -> Primitive:
    """Return the op with its cotangents in reverse order."""
    return with_vjp(op, lambda *given: PRIMITIVES[op].vjp(*given)[::-1])


def without_bias(op: str, bias: str) -> Primitive:
    """Return the op with 0 for its bias."""
    return with_param(op, bias, lambda array: 0 * array)


def bias_in_tangent(op: str, bias: str) -> Primitive:
    """Return the op with its bias in the tangent too."""
    right = PRIMITIVES[op]
    return with_jvp(op, lambda setting, *given: right.jvp(setting, *given) + setting.params[bias])


def untransposed(op: str, linear_map: str) -> Primitive:
    """Return the op with its map in the place of the transposed one."""

    def vjp(setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
        return (setting.params[linear_map].apply(w.reshape(w.size)).reshape(primals[0].shape),)

    return with_vjp(op, vjp)


def epsilon_forgotten(op: str) -> Primitive:
    """Return the op with 0 for ε."""
    return with_param(op, "ε", lambda epsilon: 0 * epsilon)


def term(op: str, keep: Callable[[Setting, Arrays, Array, Array], Array]) -> Primitive:
    """Return an op of one operand with the same wrong derivative in JVP and VJP."""
    return dataclasses.replace(
        PRIMITIVES[op],
        jvp=lambda setting, primals, output, tangents: keep(setting, primals, output, tangents[0]),
        vjp=lambda setting, primals, output, w: (keep(setting, primals, output, w),),
    )
