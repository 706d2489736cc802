"""Reads the TOML files that lie beside a library's sources, as models, and says where they are wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import decoded, not_toml, toml_line
from lean_bridge.misfits import misfit
from lean_bridge.names import suggestion
from pybind_models import Model

_Table = TypeVar("_Table", bound=Model)


def parse_table(
    path: Path,
    content: bytes,
    model: type[_Table],
    *,
    rewrite: Callable[[dict[str, Any]], None] = lambda _: None,
    within: tuple[str, ...] = (),
) -> _Table:
    """Return what the TOML file at ``path`` holds, whose content was read; or its table ``within``.

    ``rewrite`` changes what it says before it is held against the model, or raises ValueError.
    Raises: ProjectNotFound if it does not fit the model; the message names every fault with its line.
    """
    text = decoded(path, content)
    try:
        table = tomllib.loads(text)
        for step in within:
            table = table[step]
        rewrite(table)
        # through JSON, because strict models take no lists for tuples from Python
        return model.model_validate_json(json.dumps(table, default=_dated))
    except ValidationError as error:
        faults = [_fault(fault, text, model, within) for fault in _innermost(error.errors())]
        (line, said), *others = faults
        more = "".join(f"; line {line}: {said}" for line, said in others)
        raise ProjectNotFound(f"{path}:{line}: {said}{more}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise not_toml(path, error) from error
    except ValueError as error:
        raise ProjectNotFound(f"{path}: {error}") from error


def _dated(value: object) -> dict[str, str]:
    """Return a date or time as what no text is taken for."""
    return {type(value).__name__: str(value)}


def _innermost(faults: Sequence[Any]) -> list[Any]:
    """Return the faults but those of tables that stand only for a fault within."""
    places = [fault["loc"] for fault in faults]
    return [
        fault
        for fault in faults
        if not any(
            len(place) > len(fault["loc"]) > 0 and place[: len(fault["loc"])] == fault["loc"]
            for place in places
        )
    ]


def _fault(fault: Any, text: str, model: type[Model], within: tuple[str, ...]) -> tuple[int, str]:
    """Return the line of a fault, and the fault in words."""
    place, kind = fault["loc"], fault["type"]
    if kind == "named_twice":
        second, first = (toml_line(text, (*within, *each)) for each in fault["ctx"]["places"])
        return second, f"{fault['msg']}, first at {first}"
    line = toml_line(text, (*within, *place))
    at = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    if kind == "missing":
        return line, f"expected {at}, found none"
    if kind == "extra_forbidden":
        return line, f"the key {at} is not known; {suggestion(place[-1], _keys(model, place))}"
    if kind == "value_error":
        return line, misfit(fault)
    return line, f"{at or model.__name__.lower()}: {misfit(fault)}"


def _keys(model: type[Model], place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table takes in which an unknown one stands."""
    for step in place[:-1]:
        for name, field in model.model_fields.items():
            if step in (name, field.alias):  # tables of one kind in a list
                model = next(iter(get_args(field.annotation)), model)
    return [field.alias or name for name, field in model.model_fields.items()]
