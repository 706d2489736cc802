"""A function in another process, as one of arrays: what it is asked, and what it answers, as JSON.

Numbers are written so that they are read back as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array

_NUMBERS: Final = ("float64", "numbers")
_DATA: Final = {"int64": "integers", "bool": "booleans"}
"""How arrays of whole numbers and of truth values are written, by their dtypes."""


class Raised(Exception):  # not of the package's: it is the function's own, told by its process
    """What a function raised of the arrays that it was given, or that its process is gone."""


def asked(arguments: Mapping[str, Array | float]) -> dict[str, Any]:
    """Return what is asked of a function: its values at arrays, by the names of its parameters."""
    return {name: _written(value) for name, value in arguments.items()}


def answer(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function answers: its results, or what it raises."""
    try:
        given = {name: _read(value) for name, value in arguments.items()}
        with np.errstate(all="ignore"):
            returned = function(**given)
        several = returned if isinstance(returned, tuple | list) else (returned,)
        return {"results": [_written(np.asarray(each)) for each in several]}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the function's own, told to who asked
        return {"raised": raised(error)}


def raised(error: BaseException) -> str:
    """Return what is said of what a function raises."""
    return f"{type(error).__name__} of NumPy's arrays: {error}"


def results(told: Mapping[str, Any]) -> tuple[Array, ...]:
    """Return what a function answered. Raises: Raised, with what it raised there."""
    if "raised" in told:
        raise Raised(str(told["raised"]))
    return tuple(np.asarray(_read(each)) for each in told["results"])


def _written(value: Array | float) -> Any:
    if isinstance(value, np.ndarray):
        whole = _DATA.get(value.dtype.name)
        if whole is not None:
            return {"shape": value.shape, whole: value.ravel().tolist()}
        return {"shape": value.shape, "numbers": [float(each) for each in value.ravel()]}
    return float(value)


def _read(told: Any) -> Array | float:
    if isinstance(told, Mapping):
        dtype, key = next(((dtype, key) for dtype, key in _DATA.items() if key in told), _NUMBERS)
        return np.array(told[key], dtype=dtype).reshape(told["shape"])
    return float(told)
