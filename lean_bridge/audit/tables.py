"""Reads the TOML files that lie beside a library's sources, as models."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lean_bridge.errors import ProjectNotFound
from pybind_models import Model

_Table = TypeVar("_Table", bound=Model)


def read_table(path: Path, model: type[_Table]) -> _Table:
    """Return what a TOML file holds.

    Raises: ProjectNotFound if it cannot be read, or does not fit the model; the message names every fault.
    """
    what = model.__name__.lower()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectNotFound(f"{path}: no {what} of declarations can be read here: {error}") from error
    try:
        # through JSON, because strict models take no lists for tuples from Python
        return model.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise ProjectNotFound(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc']) or what}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ProjectNotFound(f"{path}: {'; '.join(faults)}") from error
