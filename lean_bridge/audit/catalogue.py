"""Reads a library's catalogue: the declarations to be judged."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from lean_bridge.errors import ProjectNotFound
from pybind_models.catalogue import Catalogue

CATALOGUE = "catalogue.toml"


def read_catalogue(root: Path) -> Catalogue:
    """Return the catalogue of the library at ``root``.

    Raises: ProjectNotFound if there is none, or if it is not one; the message names every fault.
    """
    path = root / CATALOGUE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectNotFound(f"{path}: no catalogue of declarations can be read here: {error}") from error
    try:
        # through JSON, because strict models take no lists for tuples from Python
        return Catalogue.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise ProjectNotFound(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc']) or 'catalogue'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ProjectNotFound(f"{path}: {'; '.join(faults)}") from error
