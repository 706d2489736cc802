"""The side of a machine that elaborates files for a run elsewhere, with a Lean that stays warm.

It has no file of that run but those that it is sent, each checked against its digest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lean_bridge.cluster.messages import Order, Reply, Terms
from lean_bridge.errors import LeanBridgeError, as_told
from lean_bridge.program import program_digest
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Job
from lean_bridge.toolchain.worker import Worker, WorkerDiedError, WorkerHungError

if TYPE_CHECKING:
    from lean_bridge.toolchain.embedded import EmbeddedProvider
    from lean_bridge.toolchain.installed import InstalledProvider

_PREFIX: Final = "lean-bridge-host-"


class Host:
    """One Lean of a machine, and the compiled files that it was sent."""

    def __init__(self, terms: Terms) -> None:
        _clear_killed()
        self._terms = terms
        self._place = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._numbers = count(1)
        self._directories: dict[str, Path] = {}
        self._lean: EmbeddedProvider | InstalledProvider | None = None
        self._worker: Worker | None = None

    def join(self) -> str | None:
        """Find the Lean that the terms name, and return why none can be used here, if so."""
        terms = self._terms
        if program_digest() != terms.program:
            return "its lean-bridge is not the one of this run; install the same version there"
        try:
            lean = _find_lean(terms)
        except LeanBridgeError as error:
            return str(error)
        if lean.info.identity != terms.identity:
            return "its Lean is not the one of this run; install the same there"
        if lean.info.isolation != terms.isolation:
            return f"Lean is confined by {lean.info.isolation} there, and here by {terms.isolation}"
        self._lean = lean
        return None

    def run(self, order: Order, *contents: bytes) -> Reply:
        """Elaborate a file, upon what was sent before and what is sent now."""
        began = time.monotonic()
        try:
            if (wrong := self._take(order, contents)) is not None:
                return Reply(ended="failed", said=wrong)
            with tempfile.TemporaryDirectory(dir=self._place) as scratch:
                reply = self._elaborate(order, Path(scratch), began)
        except WorkerDiedError as died:
            return Reply(ended="died", said=str(died))
        except WorkerHungError:
            return Reply(ended="hung")
        except Exception as error:
            if (told := as_told(error)) is None:
                raise
            return Reply(ended="failed", said=str(told))
        return replace(reply, seconds=time.monotonic() - began)

    def leave(self) -> None:
        """End the Lean and remove what was sent."""
        self._end_worker()
        shutil.rmtree(self._place, ignore_errors=True)

    def _take(self, order: Order, contents: tuple[bytes, ...]) -> str | None:
        """Make the compiled files what the order says; return what is wrong with one, if so."""
        for key in order.search:
            if key not in self._directories:
                self._directories[key] = self._place / f"compiled{next(self._numbers)}"
                self._directories[key].mkdir()
        given = iter(contents)
        for key, name, digest in order.changes:
            path = self._directories[key] / name
            path.unlink(missing_ok=True)
            if digest is None:
                continue
            content = next(given)
            if hashlib.sha256(content).hexdigest() != digest:
                return f"{name}: did not arrive as it was sent"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return None

    def _elaborate(self, order: Order, scratch: Path, began: float) -> Reply:
        root, artifacts = scratch / "source", scratch / "artifacts"
        source = root / order.place
        source.parent.mkdir(parents=True)
        source.write_bytes(order.source)
        artifacts.mkdir()
        job = Job(
            source=source,
            root=root if order.has_root else None,
            search_path=tuple(self._directories[key] for key in order.search),
            digests=order.digests,
            olean=artifacts / "module.olean" if order.compiles else None,
            options=order.options,
        )
        if self._worker is None:
            assert self._lean is not None, "has joined"
            self._worker = self._lean.worker()
        try:
            answer = self._worker.run(job, order.time_limit)
        except BaseException:
            self._end_worker()
            raise
        if self._worker.spent:
            self._end_worker()
        parts = tuple((name, start - began, end - began) for name, start, end in answer.parts)
        files = dict(_compiled(artifacts))
        return Reply(ended="answered", answer=replace(answer, parts=parts), files=files)

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


def _find_lean(terms: Terms) -> EmbeddedProvider | InstalledProvider:
    """Return this machine's Lean of the kind that is meant. Raises: ToolchainError."""
    if terms.provider == "embedded":
        from lean_bridge.toolchain.find import find_embedded

        return find_embedded(install=True)
    from lean_bridge.toolchain.installed import read_installed

    return read_installed(Path(terms.location))


def _compiled(artifacts: Path) -> Iterator[tuple[str, tuple[str, bytes]]]:
    for suffix in ARTIFACT_SUFFIXES:
        path = artifacts / f"module{suffix}"
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield suffix, (hashlib.sha256(content).hexdigest(), content)


def _clear_killed() -> None:
    """Remove what was sent to others of this user's here that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError, ValueError):
            if left.lstat().st_uid == os.getuid() and not _is_running(int(process)):
                shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
