"""Reads the TOML files that lie beside a library's sources, as models."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import decoded
from pybind_models import Model

_Table = TypeVar("_Table", bound=Model)


def parse_table(path: Path, content: bytes, model: type[_Table]) -> _Table:
    """Return what the TOML file at ``path`` holds, whose content was read.

    Raises: ProjectNotFound if it does not fit the model; the message names every fault.
    """
    text = decoded(path, content)
    try:
        # through JSON, because strict models take no lists for tuples from Python
        return model.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProjectNotFound(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        what = model.__name__.lower()
        faults = (
            f"{'.'.join(str(part) for part in fault['loc']) or what}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ProjectNotFound(f"{path}: {'; '.join(faults)}") from error
