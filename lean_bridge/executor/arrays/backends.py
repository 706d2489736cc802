"""The reals in arrays of other libraries: the same rules and the same plans, by that library's operators.

A program that is compiled for a library takes and returns its arrays, and keeps their precision and device.
Its numbers are looked at, see :mod:`..looked_at`. Certified derivatives are its own ``jvp`` and ``vjp``.
PyTorch and JAX may differentiate what ran by themselves: results keep the framework's graph where inputs
require gradients, and ``.backward()`` or ``jax.grad`` is then the framework's derivative, of which no theorem
speaks.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import numpy as np
from array_api_compat import array_namespace

from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.namespaces import largest
from lean_bridge.executor.arrays.scalars import Array, Reals, slope_where_positive


class ArrayAPIReals(Reals):
    """The reals as float64 or float32 arrays of a library that has the Python array API."""

    def __init__(self, namespace: Any) -> None:
        self.namespace = namespace
        """The library's operations, as ``array_api_compat.array_namespace`` finds them."""
        self.library = str(namespace.__name__).removeprefix("array_api_compat.")
        """What people call it, as a module."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of: the library is known by its name."""
        return _of_library, (type(self), self.namespace.__name__)

    def planning(self) -> AbstractContextManager[object]:
        """Return what is to be entered while a plan is made, so that what it keeps are arrays."""
        return nullcontext()

    def check_array(self, value: object) -> Array:
        """Return the array, which is of the library and in a precision of the reals."""
        if not self._is_own(value):
            found = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
            raise ValueError(
                f"expected an array of {self.library}, found {found}; convert with {self.library}.asarray(…)"
            )
        array: Array = value  # type: ignore[assignment]
        if str(array.dtype).rpartition(".")[2] not in ("float64", "float32"):
            mend = f"convert with {self.library}.asarray(…, dtype={self.library}.float32)"
            raise ValueError(f"expected float64 or float32, found {array.dtype}; {mend}")
        layout = str(getattr(array, "layout", ""))
        if layout.startswith("torch.") and layout != "torch.strided":
            raise ValueError(f"expected a dense tensor, found {layout}; convert with .to_dense()")
        return array

    def inv(self, x: Array) -> Array:
        """Return the inverse of each coordinate; 0 where it is 0, as in Lean."""
        where, zero = self.namespace.where, self.namespace.zeros_like(x)
        made: Array = where(x != 0, 1 / where(x != 0, x, zero + 1), zero)
        return made

    def exp(self, x: Array) -> Array:
        """Return the exponential of each coordinate."""
        made: Array = self.namespace.exp(x)
        return made

    def log(self, x: Array) -> Array:
        """Return the logarithm of each coordinate; no number where it is not positive, unlike in Lean."""
        made: Array = self.namespace.log(x)
        return made

    def slope_of_log(self, x: Array) -> Array:
        """Return the inverse of each coordinate; no number where it is not positive, as :meth:`log`."""
        return slope_where_positive(self, x)

    def step(self, x: Array, at: Any) -> Array:
        """Return 1 for each coordinate that is greater than a scalar, and 0 for the others."""
        made: Array = self.namespace.astype(x > at, x.dtype)
        return made

    def larger(self, x: Array, at: Any) -> Array:
        """Return the larger of each coordinate and a scalar."""
        made: Array = self.namespace.maximum(x, self.namespace.zeros_like(x) + at)
        return made

    def log1p(self, x: Array) -> Array:
        """Return ``log(1 + x)`` of each coordinate, of which no digit is lost where it is nearly 0."""
        made: Array = self.namespace.log1p(x)
        return made

    def decay(self, x: Array) -> Array:
        """Return ``exp(-|x|)`` of each coordinate."""
        made: Array = self.namespace.exp(-self.namespace.abs(x))
        return made

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        """Return the largest of each row: what has it subtracted has exponentials of at most 1."""
        return largest(x, axis, keep=True)

    def sqrt(self, x: Array) -> Array:
        """Return the square root of each coordinate; 0 where it is negative, as in Lean."""
        made: Array = self.namespace.sqrt(self.namespace.maximum(x, self.namespace.zeros_like(x)))
        return made

    def tanh(self, x: Array) -> Array:
        """Return the hyperbolic tangent of each coordinate."""
        made: Array = self.namespace.tanh(x)
        return made

    def is_known(self, array: Array) -> bool:
        """Return whether the values of an array are there, and not only its shape."""
        return not getattr(array, "is_meta", False)

    def all_finite(self, array: Array) -> Any:
        """Return whether no coordinate is infinite or NaN, as an array of no axes of the library."""
        return self.namespace.all(self.namespace.isfinite(self._bare(array)))

    def square(self, array: Array) -> Any:
        """Return the sum of the squares: what is not finite survives in it, and large numbers overflow."""
        flat: Any = self._bare(array).reshape((-1,))
        return flat @ flat

    def as_numpy(self, array: Array) -> Array:
        """Return the values of an array as NumPy's."""
        bare: Any = self._bare(array)
        return np.asarray(bare.cpu() if hasattr(bare, "cpu") else bare)

    def _bare(self, array: Array) -> Array:
        """Return the array apart from what its library differentiates."""
        bare: Array = array.detach() if hasattr(array, "detach") else array
        return bare

    def _is_own(self, value: object) -> bool:
        try:
            return array_namespace(value) is self.namespace
        except TypeError:  # no array at all
            return False


SATURATING: Final = 0.5
"""The size of arguments from which tanh is made of its distance from 1, which decays exponentially."""


class JaxReals(ArrayAPIReals):
    """The reals in JAX, whose float64 has to be switched on; programs may run inside ``jax.jit``."""

    def planning(self) -> AbstractContextManager[object]:
        """Compute what a plan keeps at once: inside ``jax.jit`` it would become part of what is traced."""
        import jax

        context: AbstractContextManager[object] = jax.ensure_compile_time_eval()
        return context

    def is_known(self, array: Array) -> bool:
        """Return whether the values of an array are there: JAX traces with arrays that have none."""
        import jax

        return not isinstance(array, jax.core.Tracer)

    def tanh(self, x: Array) -> Array:
        """Return the hyperbolic tangent of each coordinate, to an ulp of 1.

        XLA's own for the CPU is up to 7 ulps off where the tangent is almost 1: a derivative multiplies
        ``1 - tanh²`` by powers of the argument, and little else is left there.
        """
        where, size = self.namespace.where, self.namespace.abs(x)
        decayed = self.exp(-2 * size)
        saturating = self.namespace.sign(x) * (1 - 2 * decayed / (1 + decayed))
        made: Array = where(size < SATURATING, self.namespace.tanh(x), saturating)
        return made

    def check_array(self, value: object) -> Array:
        """Return the array, as for any library. Without float64, JAX rounds such arrays in silence."""
        wide = str(getattr(value, "dtype", "")) == "float64"
        if wide and self.namespace.result_type(float) != value.dtype:  # type: ignore[attr-defined]
            mend = "jax.config.update('jax_enable_x64', True), or convert to float32"
            raise ValueError(f"expected float32, as JAX's float64 is off, found float64; {mend}")
        return super().check_array(value)


def _of_library(kind: type[ArrayAPIReals], name: str) -> ArrayAPIReals:
    return kind(importlib.import_module(name))


def torch_reals() -> ArrayAPIReals:
    """Return the reals in PyTorch. Raises: Declined if it is not installed."""
    try:
        import array_api_compat.torch as namespace
    except ImportError:
        raise Declined("PyTorch is not installed; pip install 'lean-bridge[torch]'") from None
    return ArrayAPIReals(namespace)


def jax_reals() -> ArrayAPIReals:
    """Return the reals in JAX. Raises: Declined if it is not installed."""
    try:
        import jax.numpy as namespace
    except ImportError:
        raise Declined("JAX is not installed; pip install 'lean-bridge[jax]'") from None
    return JaxReals(namespace)
