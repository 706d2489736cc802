"""The bare matrix products of a case, replayed: what no program can do without.

They are read off the interpreter while it computes the case, so the operands are the interpreter's own
arrays, with their strides (a head of a split matrix is a view), and so are the results, which the replay
overwrites with the same numbers. Nothing is allocated, checked or looked up while they run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np

from lean_bridge.bench.case import Case
from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.extract.compose import needed_by_last


@dataclass(frozen=True, eq=False)
class Product:
    """One matrix product, or one of each of a stack of matrices."""

    left: Array
    right: Array
    out: Array

    @property
    def flops(self) -> int:
        """Multiplications and additions."""
        return 2 * math.prod(self.out.shape) * int(self.left.shape[-1])

    def bind(self) -> Callable[[], object]:
        """Return the product as one call of BLAS, or of NumPy's loop over a stack of them."""
        if self.left.ndim == 2:
            return partial(self.left.dot, self.right, self.out)
        return partial(np.matmul, self.left, self.right, self.out)


def record_products(case: Case) -> list[Product]:
    """Return every product that the case takes, in the interpreter's order.

    Nodes on which the last entry does not depend are left out.
    """
    model = needed_by_last(case.model)
    recorder = _Recorder()
    program = ExecutableGraph(model).bind(**case.bound.dims).interpret(recorder, **case.arguments)
    if case.mode == "forward":
        program.forward(case.inputs)
    elif case.mode == "vjp":
        program.vjp(case.inputs, case.moved)
    else:
        program.jvp(case.inputs, case.moved)
    return recorder.products


def replay(products: list[Product]) -> Callable[[], None]:
    """Return a function that computes the products, one after the other."""
    calls: Final = [product.bind() for product in products]

    def run() -> None:
        for call in calls:
            call()

    return run


class _Recorded(np.ndarray[Any, np.dtype[Any]]):
    """An array that reports the products it takes part in; so does everything computed from it."""

    products: list[Product]

    def __array_finalize__(self, source: object) -> None:
        if isinstance(source, _Recorded):
            self.products = source.products

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        bare = [_bare(operand) for operand in operands]
        result = getattr(ufunc, method)(*bare, **options)
        if ufunc is np.matmul:
            self.products.append(Product(bare[0], bare[1], result))
        return _recorded(result, self.products)

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        result = super().__array_function__(function, types, operands, options)
        return _recorded(result, self.products) if isinstance(result, np.ndarray) else result


def _bare(operand: Any) -> Any:
    return operand.view(np.ndarray) if isinstance(operand, _Recorded) else operand


def _recorded(result: Any, products: list[Product]) -> Array:
    array = np.asarray(result).view(_Recorded)
    array.products = products
    return array


@dataclass
class _Recorder(Reals):
    """The reals, on arrays that report their products."""

    products: list[Product] = field(default_factory=list)

    def check_array(self, value: object) -> Array:
        return _recorded(super().check_array(_bare(value)), self.products)

    def inv(self, x: Array) -> Array:
        return _recorded(super().inv(_bare(x)), self.products)

    def exp(self, x: Array) -> Array:
        return _recorded(super().exp(_bare(x)), self.products)

    def sqrt(self, x: Array) -> Array:
        return _recorded(super().sqrt(_bare(x)), self.products)

    def sigmoid(self, x: Array) -> Array:
        return _recorded(super().sigmoid(_bare(x)), self.products)

    def tanh(self, x: Array) -> Array:
        return _recorded(super().tanh(_bare(x)), self.products)
