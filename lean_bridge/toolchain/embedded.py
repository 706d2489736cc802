"""The embedded Lean: a WebAssembly build of the compiler, run by Node, a fresh one for every file."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lean_bridge.toolchain.install import MANIFEST_SHA256
from lean_bridge.toolchain.loader import PATCH_VERSION
from lean_bridge.toolchain.node import node_binary
from pybind_models import Toolchain

if TYPE_CHECKING:
    from lean_bridge.toolchain.provider import WorkerPool
    from lean_bridge.toolchain.resident import Residents
    from lean_bridge.toolchain.worker import Worker

VERSION = "4.28.0-pre"


@dataclass(frozen=True, slots=True)
class EmbeddedProvider:
    """The embedded Lean installed in ``directory``."""

    directory: Path
    passed_over: tuple[str, ...] = ()
    """What was found under the name of Lean and is none, and why."""
    residents: Residents | None = None
    """Where Node processes are borrowed, if they are."""

    @property
    def info(self) -> Toolchain:
        """Identified by the digest of its files and by the version of what runs it."""
        from lean_bridge.toolchain.isolation import available

        identity = hashlib.sha256(f"{MANIFEST_SHA256}:{PATCH_VERSION}".encode()).hexdigest()
        around = available()[0]
        return Toolchain(
            provider="embedded",
            version=VERSION,
            identity=identity,
            location=str(self.directory),
            isolation="wasm" if around == "none" else around,
            passed_over=self.passed_over,
            known=True,  # its files are compared with the digests that this package carries
        )

    @property
    def library(self) -> Path:
        """The directory of the standard library's ``.olean`` files."""
        return self.directory / "lib"

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """Open a pool of Node processes; see :class:`lean_bridge.toolchain.provider.Provider`."""
        from lean_bridge.toolchain.pool import open_pool

        return open_pool(self._borrowed_or_started, workers, time_limit)

    def worker(self) -> Worker:
        """Start a Node process that ends with the thread that starts it, however that comes about."""
        from lean_bridge.toolchain.embedded_worker import EmbeddedWorker
        from lean_bridge.toolchain.node_process import Started

        return EmbeddedWorker(Started(node_binary(), self.directory, attached=True))

    def _borrowed_or_started(self) -> Worker:
        from lean_bridge.toolchain.embedded_worker import EmbeddedWorker
        from lean_bridge.toolchain.node_process import Started

        node = node_binary()
        lent = self.residents.borrow(node, self.directory) if self.residents is not None else None
        return EmbeddedWorker(lent or Started(node, self.directory))
