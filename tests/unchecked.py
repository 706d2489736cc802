"""Records that no validator has seen, for tests of what later stages make of them."""

from __future__ import annotations

from typing import Any, TypeVar

from pybind_models import Model

Record = TypeVar("Record", bound=Model)


def unchecked(record: Record, **values: Any) -> Record:
    """Return a record with other values in some fields, whether or not they fit."""
    return type(record).model_construct(**(dict(record) | values))
