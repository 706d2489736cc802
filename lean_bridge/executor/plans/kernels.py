"""From an instruction and its arrays to calls of NumPy that write into them and allocate nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.plans.instructions import Instruction

Call: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
"""A bound function, and the arrays it reads and writes."""

_Lowering: TypeAlias = Callable[[Instruction, Array, tuple[Array, ...]], list[Call]]


def lower(instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Return the calls that compute an instruction's result into ``out``."""
    return _LOWERINGS[instruction.op](instruction, out, operands)


def _ufunc(function: np.ufunc) -> _Lowering:
    return lambda _instruction, out, operands: [(function, (*operands, out))]


def _decay(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Make ``exp(-|x|)``; ``out`` may be the operand itself."""
    return [(np.copysign, (*operands, np.array(-1, out.dtype), out)), (np.exp, (out, out))]


def _larger(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    return [(functools.partial(np.maximum, out=out), operands)]


def _sqrt(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    maximum = functools.partial(np.maximum, out=out)
    return [(maximum, (*operands, np.zeros((), out.dtype))), (np.sqrt, (out, out))]


def _inv(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Divide only where the operand is not 0; ``out`` may be the operand itself."""
    nonzero = np.empty(operands[0].shape, np.bool_)
    zero = np.zeros((), out.dtype)
    divide = functools.partial(np.reciprocal, where=nonzero)
    return [
        (np.not_equal, (*operands, zero, nonzero)),
        (np.add, (*operands, zero, out)),
        (divide, (out, out)),
    ]


def _rsqrt(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    return [(np.power, (*operands, np.array(-0.5, out.dtype), out))]


def _matmul(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    a, b = operands
    return [_product(a, b, out)]


def _sum(instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Sum along an axis: a product with a constant vector where the array is a matrix, as BLAS is faster."""
    (x,), (axis, keep, weight) = operands, instruction.static
    factor = 1 if weight is None else weight.value
    flat = out.squeeze(axis) if keep else out
    if x.ndim == 3 and axis == 2 and x.flags.c_contiguous and flat.flags.c_contiguous:
        x, flat, axis = x.reshape(x.shape[0] * x.shape[1], x.shape[2]), flat.reshape(flat.size), 1
    if x.ndim == 2 and flat.flags.c_contiguous and min(x.strides) == x.itemsize:
        vector = constant_vector(x.shape[axis], float(factor), x.dtype)
        return [_product(x, vector, flat) if axis else _product(vector, x, flat)]
    if x.ndim == 3 and axis == 1 and x.flags.c_contiguous:
        return [(np.matmul, (constant_vector(x.shape[1], float(factor), x.dtype), x, flat))]
    calls: list[Call] = [(np.add.reduce, (x, axis, None, out, keep))]
    return calls if weight is None else [*calls, (np.multiply, (out, np.array(factor, x.dtype), out))]


def _max(instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    axis, keep = instruction.static
    initial = () if operands[0].shape[axis] else (-np.inf,)
    return [(np.maximum.reduce, (operands[0], axis, None, out, keep, *initial))]


def _dot(instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    axis, keep = instruction.static
    a, b = operands
    assert axis == a.ndim - 1
    return [(np.vecdot, (a, b, out.squeeze(axis) if keep else out))]


def _copy(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Copy what is reshaped; ``out`` is in row-major order, so its coordinates may be seen in any shape."""
    return [assignment(out.reshape(operands[0].shape, copy=False), operands[0])]


def _concat(instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Copy the operands that were not made in their places."""
    (axis,), start = instruction.static, 0
    calls: list[Call] = []
    for operand in operands:
        stop = start + operand.shape[axis]
        part = out[(slice(None),) * axis + (slice(start, stop),)]
        if identity(part) != identity(operand):
            calls.append(assignment(part, operand))
        start = stop
    if len(calls) == len(operands):
        return [(np.concatenate, (operands, axis, out))]
    return calls


def _gather(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    x, indices = operands  # which are in range: to look again takes a copy
    return [(x.take, (indices, 0, out, "clip"))]


def _scatter(_instruction: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
    """Add up the parts that go to one place, which stand side by side once they are ordered by it."""
    x, indices = operands
    calls: list[Call] = [(out.fill, (0,))]
    if not x.size:
        return calls
    order = np.argsort(indices, kind="stable")
    places, starts = np.unique(indices[order], return_index=True)
    parts = np.empty(x.shape, x.dtype)
    calls.append((x.take, (order, 0, parts, "clip")))
    if len(places) < len(order):
        sums = np.empty((len(places), *x.shape[1:]), x.dtype)
        calls.append((np.add.reduceat, (parts, starts, 0, None, sums)))
        parts = sums
    return [*calls, (out.__setitem__, (places, parts))]


def assignment(out: Array, value: Array) -> Call:
    """Return the call that copies an array: the method takes half as long as ``copyto``."""
    return (out.__setitem__, (..., value))


def identity(array: Array) -> object:
    """Return what two arrays share only if they are the same memory, coordinate by coordinate."""
    steps = tuple(step for step, length in zip(array.strides, array.shape, strict=True) if length != 1)
    return array.__array_interface__["data"], array.shape, steps


def _product(a: Array, b: Array, out: Array) -> Call:
    """Return the call for a matrix product: ``dot`` costs half a call, but copies what has gaps."""
    if a.ndim <= 2 and out.flags.c_contiguous and a.flags.forc and b.flags.forc:
        return (a.dot, (b, out))
    return (np.matmul, (a, b, out))


@functools.lru_cache(maxsize=256)
def constant_vector(length: int, value: float, dtype: np.dtype[Any]) -> Array:
    """Return a vector of equal coordinates, which nobody may write to."""
    vector = np.full(length, value, dtype)
    vector.flags.writeable = False
    return vector


_LOWERINGS: Final[Mapping[str, _Lowering]] = MappingProxyType(
    {
        "add": _ufunc(np.add),
        "sub": _ufunc(np.subtract),
        "mul": _ufunc(np.multiply),
        "div": _ufunc(np.divide),
        "neg": _ufunc(np.negative),
        "exp": _ufunc(np.exp),
        "log": _ufunc(np.log),
        "log1p": _ufunc(np.log1p),
        "decay": _decay,
        "tanh": _ufunc(np.tanh),
        "step": _ufunc(np.greater),
        "larger": _larger,
        "root": _ufunc(np.sqrt),
        "reciprocal": _ufunc(np.reciprocal),
        "rsqrt": _rsqrt,
        "sqrt": _sqrt,
        "inv": _inv,
        "matmul": _matmul,
        "sum": _sum,
        "max": _max,
        "dot": _dot,
        "reshape": _copy,
        "concat": _concat,
        "gather": _gather,
        "scatter": _scatter,
    }
)
"""One function for each op that makes coordinates."""
