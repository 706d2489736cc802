"""The side of the run: a Lean elsewhere as any other, its pool as any other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from lean_bridge.cluster.messages import Change, Order, Reply, Terms
from lean_bridge.errors import ToolchainError
from lean_bridge.program import program_digest
from lean_bridge.toolchain.compiled import CompiledFile, check_compiled, compiled_files
from lean_bridge.toolchain.pool import open_pool
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Job, Provider, WorkerPool
from lean_bridge.toolchain.worker import Answer, WorkerDiedError, WorkerHungError, WorkerLostError
from pybind_models import Toolchain


class Content(NamedTuple):
    """A compiled file of this machine, to be sent."""

    digest: str
    path: Path


class Channel(Protocol):
    """The way to one :class:`lean_bridge.cluster.host.Host`."""

    def ask(self, order: Order, contents: Sequence[Content]) -> Reply:
        """Have it carry out an order. Raises: WorkerLostError; it is of no use afterwards."""

    def kill(self) -> None:
        """End it, from any thread."""

    def close(self) -> None:
        """Have it end, once it is done with what it is at."""


class Cluster(Protocol):
    """Machines with room for Leans."""

    def start(self, terms: Terms) -> Channel:
        """Start a host that keeps to the terms.

        Raises: NoRoomError; ToolchainError where a machine cannot keep to them; WorkerLostError.
        """


class Digests:
    """The digests of this machine's files, each taken once as long as the file is as it was."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, search: Sequence[Sequence[CompiledFile]]) -> dict[str, str]:
        """Return digests by the identities of files."""
        for file in (file for directory in search for file in directory):
            if file.identity not in self._known:
                self._known[file.identity] = hashlib.sha256(file.path.read_bytes()).hexdigest()
        return {file.identity: self._known[file.identity] for directory in search for file in directory}


class RemoteWorker:
    """One Lean elsewhere; see :class:`lean_bridge.toolchain.worker.Worker`.

    It is sent a file's imports once, and by content: what it has already is not sent again.
    """

    spent = False
    """Its host starts a new process where one has had its share."""

    def __init__(self, channel: Channel, digests: Digests) -> None:
        self._channel = channel
        self._digests = digests
        self._there: dict[str, dict[str, str]] = {}
        """The digests of the files that it has, by directory and name."""

    def run(self, job: Job, time_limit: float) -> Answer:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        began = time.monotonic()
        order, contents = self._order(job, time_limit)
        reply = self._channel.ask(order, contents)
        arrived = time.monotonic()
        if reply.answer is None:
            if reply.ended == "hung":
                raise WorkerHungError
            if reply.ended == "died":
                raise WorkerDiedError(reply.said)
            raise WorkerLostError(reply.said)
        for digest, content in reply.files.values():
            if hashlib.sha256(content).hexdigest() != digest:
                raise WorkerLostError("what it compiled did not arrive as it was sent")
        if job.olean is not None:
            for suffix in ARTIFACT_SUFFIXES:
                if suffix in reply.files:
                    job.olean.with_suffix(suffix).write_bytes(reply.files[suffix][1])
        # clocks of two machines have nothing in common: what was done there is taken to have ended last
        there = max(arrived - reply.seconds, began)
        parts = [(name, there + start, min(there + end, arrived)) for name, start, end in reply.answer.parts]
        written = ("write", arrived, time.monotonic())
        return replace(reply.answer, parts=(("travel", began, there), *parts, written))

    def kill(self) -> None:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        self._channel.kill()

    def close(self) -> None:
        """See :class:`lean_bridge.toolchain.worker.Worker`."""
        self._channel.close()

    def _order(self, job: Job, time_limit: float) -> tuple[Order, list[Content]]:
        search = [compiled_files(directory) for directory in job.search_path]
        digests = self._digests.of(search)
        check_compiled(job, search, digests)
        changes: list[Change] = []
        contents: list[Content] = []
        for directory, files in zip(map(str, job.search_path), search, strict=True):
            there = self._there.setdefault(directory, {})
            here = {file.name: (digests[file.identity], file.path) for file in files}
            changes += [Change(directory, name, None) for name in there.keys() - here.keys()]
            for name, (digest, path) in here.items():
                if there.get(name) != digest:
                    changes.append(Change(directory, name, digest))
                    contents.append(Content(digest, path))
            self._there[directory] = {name: digest for name, (digest, _) in here.items()}
        order = Order(
            place=job.name if job.root is not None else job.source.name,
            has_root=job.root is not None,
            source=job.source.read_bytes(),
            search=tuple(map(str, job.search_path)),
            changes=tuple(changes),
            digests=dict(job.digests),
            compiles=job.olean is not None,
            options=job.options,
            time_limit=time_limit,
        )
        return order, contents


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The same Lean as this machine's, on others."""

    info: Toolchain
    library: Path
    _cluster: Cluster
    _terms: Terms
    _digests: Digests = field(default_factory=Digests)

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """See :class:`lean_bridge.toolchain.provider.Provider`."""
        return open_pool(self._start, workers, time_limit)

    def _start(self) -> RemoteWorker:
        return RemoteWorker(self._cluster.start(self._terms), self._digests)


def elsewhere(lean: Provider, cluster: Cluster) -> Provider:
    """Give a Lean of this machine as a provider whose pools have its like on a cluster's machines.

    Raises: ToolchainError for one that builds a project where that lies.
    """
    if lean.info.through_lake:
        raise ToolchainError(
            "Lake builds a project where it lies, and no cluster does; ask for no installed Lean by name, "
            "or do without --ray"
        )
    terms = Terms(
        program=program_digest(),
        provider=lean.info.provider,
        location=lean.info.location,
        identity=lean.info.identity,
        isolation=lean.info.isolation,
    )
    return _Elsewhere(lean.info, lean.library, cluster, terms)
