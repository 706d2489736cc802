"""What is asked of lengths that JAX does not know, while it traces: each line of it is told. Imports JAX."""

from __future__ import annotations

import dis
import inspect
import operator
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from numbers import Number
from pathlib import Path
from types import CodeType
from typing import Any, Final

from jax.errors import InconclusiveDimensionOperation

from lean_bridge.capture.jaxpr_terms import is_users
from lean_bridge.capture.source import near

_LIBRARY: Final = str(Path(inspect.__file__).parent) + os.sep
_PACKAGES: Final = "-packages" + os.sep
_NUMPY: Final = f"{_PACKAGES}numpy{os.sep}"
_COMPARE: Final = ("__eq__", "__ne__", "__hash__", "definitely_equal_shape", "definitely_equal")
_ORDERS: Final = ("__ge__", "__gt__", "__le__", "__lt__")
_QUOTIENTS: Final = ("__divmod__", "__floordiv__", "__mod__", "__rdivmod__", "__rfloordiv__", "__rmod__")
_MAY_NOT_KNOW: Final = ("__int__", "__pow__", *_ORDERS, *_QUOTIENTS)
_NO_NUMBERS: Final = (type(None), str, bytes, tuple, list, dict, set, frozenset, type)
"""What no length is, whatever it is."""


@contextmanager
def asked(dims: Sequence[Any], problems: list[str]) -> Iterator[None]:
    """Write down each line, not of JAX, that asks of a length what is so of some lengths alone.

    That is whether it is something else, or 0, as its truth is asked, or is kept under it, of which JAX has
    it that it is not; and what JAX says that it does not know, as which of two is more, though somebody goes
    on without. A function that is called may keep what it made for lengths, as JAX does.
    """
    if not dims:
        yield
        return
    kind: Any = type(dims[0])
    home = inspect.getfile(kind)

    def tell(question: str, *, is_called: bool = True) -> None:
        frame = sys._getframe(2)
        while _passes_on(frame.f_code, home) and frame.f_back is not None:
            frame = frame.f_back
        code = frame.f_code
        if is_users(code.co_filename) and (
            is_called or "CALL" not in dis.opname[code.co_code[frame.f_lasti]]
        ):
            told = f"{near(code.co_filename)}:{frame.f_lineno}: {' '.join(question.split())[:200]}"
            problem = f"{told}; expected one function for all lengths; nearest: no branch on lengths"
            if problem not in problems:
                problems.append(problem)

    def is_equal(one: Any, other: Any) -> bool:
        found = bool(known["__eq__"](one, other))
        if not found and may_be(one, other):
            tell(f"asks whether {one} is {other}")
        return found

    def is_none(one: Any) -> bool:
        if may_be(one, 0):
            tell(f"asks whether {one} is 0")
        return True

    def kept_under(one: Any) -> int:
        tell(f"asks what is kept under {one}", is_called=False)
        return int(known["__hash__"](one))

    def may_not_know(name: str) -> Callable[..., Any]:
        def computed(*given: Any) -> Any:
            try:
                return known[name](*given)
            except InconclusiveDimensionOperation:
                of = ", ".join(map(str, given))
                tell(f"asks for {name.strip('_')} of {of}, which depends on the lengths")
                raise

        return computed

    watched = {
        "__bool__": is_none,
        "__eq__": is_equal,
        "__hash__": kept_under,
        **{name: may_not_know(name) for name in _MAY_NOT_KNOW},
    }
    known = {name: vars(kind).get(name) for name in watched}
    try:
        for name, watch in watched.items():
            setattr(kind, name, watch)
        yield
    finally:
        for name, before in known.items():
            if before is None:
                delattr(kind, name)
            else:
                setattr(kind, name, before)


def _passes_on(code: CodeType, home: str) -> bool:
    """Whether code asks what it was asked: that of lengths, what compares, or a library."""
    file = code.co_filename
    if code.co_name in _COMPARE and (file[:1] == "<" or not is_users(file)):
        return True
    is_pythons = file.startswith(_LIBRARY) and _PACKAGES not in file
    return file == home or is_pythons or _NUMPY in file


def may_be(one: Any, other: Any) -> bool:
    """Whether a length is something else at some lengths, as far as is known."""
    if isinstance(other, _NO_NUMBERS):
        return False
    if isinstance(other, Number):
        try:
            whole = int(other)  # type: ignore[call-overload]
        except TypeError:  # a complex one, or none that is known
            return True
        except (ValueError, OverflowError):  # that of none, or an infinite one
            return False
        if whole != other:
            return False
        other = whole
    for is_apart in (operator.gt, operator.lt):
        with suppress(Exception):  # JAX's, where that depends on the lengths
            if is_apart(one, other) is True:
                return False
    return True
