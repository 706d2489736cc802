"""Decodes whatever compiled modules it is pointed at, completely, and counts what it found."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from lean_bridge.errors import OleanError
from lean_bridge.findings import Survey
from lean_bridge.olean.expr import ConstantKind
from lean_bridge.olean.module import read_module


def survey(paths: Iterable[Path]) -> Survey:
    """Decode every constant of compiled modules, given as ``.olean`` files or as directories of them.

    Raises: OleanError at the first module that cannot be read, or if there is none.
    """
    start = time.perf_counter()
    kinds: Counter[ConstantKind] = Counter()
    versions: set[str] = set()
    modules = expressions = 0
    for path in _files(paths):
        module = read_module(path, parts="present")
        kinds.update(module.constant(name).kind for name in module.constant_names)
        modules += 1
        expressions += len(module.decoder.expressions)
        versions.add(module.lean_version)
    return Survey(
        modules=modules,
        constants=dict(kinds.most_common()),
        expressions=expressions,
        lean_versions=tuple(sorted(versions)),
        seconds=time.perf_counter() - start,
    )


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        found = sorted(path.rglob("*.olean")) if path.is_dir() else [path]
        if not found:
            raise OleanError(str(path), 0, "no compiled modules below this directory")
        yield from found
