"""Arithmetic with numbers that stand in the code: each is a scalar parameter, of which the value is kept."""

from __future__ import annotations

import math
from itertools import count
from numbers import Number
from typing import Any

from lean_bridge.capture.trace import Misfit, Scalar, Value


class NumberOperators:
    """The operators, as methods of what writes them down."""

    trace: Any
    """The trace that operators are written down in."""
    constants: dict[str, float]
    """The values of scalar parameters."""

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        raise NotImplementedError

    def _value(self, given: Any) -> Value:
        raise NotImplementedError

    def _taken(self) -> set[str]:
        """Return the names that no scalar parameter may have."""
        raise NotImplementedError

    def _added(self, a: Any, b: Any) -> Value:
        a, b = (b, a) if isinstance(a, Number) else (a, b)
        return self._plus(a, float_of(b)) if isinstance(b, Number) else self._call("add", a, b)

    def _subtracted(self, a: Any, b: Any) -> Value:
        if isinstance(b, Number):
            return self._plus(a, -float_of(b))
        if isinstance(a, Number):
            return self._plus(self._call("negative", b), float_of(a))
        return self._call("subtract", a, b)

    def _plus(self, a: Any, number: float) -> Value:
        """Return a sum with a number, which the certified op takes where it is positive."""
        if number < 0:
            return self._call("negative", self._plus(self._call("negative", a), -number))
        return self._call("add", a, self._scalar(number)) if number else self._value(a)

    def _multiplied(self, a: Any, b: Any) -> Value:
        a, b = (b, a) if isinstance(a, Number) else (a, b)
        return self._call("multiply", a, self._scalar(float_of(b)) if isinstance(b, Number) else b)

    def _divided(self, a: Any, b: Any) -> Value:
        if isinstance(b, Number) and float_of(b) and math.isfinite(1 / float_of(b)):
            return self._call("multiply", a, self._scalar(1 / float_of(b)))
        raise Misfit(
            "no certified op but by a number that has an inverse; nearest: multiplication by one",
            a.known if isinstance(a, Value) else None,
        )

    def _clamped(self, a: Any, low: Any = None, high: Any = None) -> Value:
        if not all(each is None or isinstance(each, Number) for each in (low, high)):
            raise Misfit("no certified op but with numbers as bounds")
        if low == 0 and high is None:
            return self._call("relu", a)
        bounds = [
            each if each is None else self._scalar(float_of(each), name)
            for name, each in (("low", low), ("high", high))
        ]
        return self._call("clip", a, *bounds)

    def _scalar(self, value: float, name: str = "c") -> Scalar:
        """Return the scalar parameter that is a number of the code."""
        for known, held in self.constants.items():
            if held == value:
                return Scalar(self.trace, known)
        free = self._free(name)
        self.constants[free] = value
        return Scalar(self.trace, free)

    def _free(self, name: str) -> str:
        """Return a name that nothing has, as near as can be to this one."""
        taken = {*self.constants, *self._taken()}
        return next(each for number in count(1) if (each := name + str(number) * (number > 1)) not in taken)


def float_of(number: Any) -> float:
    """Return a number of the code as a float. Raises: Misfit where no float is it."""
    if isinstance(number, bool | complex) or float(number) != number:
        raise Misfit(f"expected a number that floats have, found {number!r}")
    return float(number)
