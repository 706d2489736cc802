"""Hosts as actors of a Ray cluster: one of this machine alone, which ends with the run, or one that runs."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from lean_bridge.cluster.host import Host
from lean_bridge.cluster.messages import Order, Reply, Terms
from lean_bridge.cluster.remote import Content
from lean_bridge.errors import NoVerdict, ToolchainError
from lean_bridge.toolchain.worker import NoRoomError, WorkerLostError

LOCAL: Final = "local"
"""The address of a cluster that is started for a run."""
_ADDRESS: Final = re.compile(r"auto|\[?(?P<host>[\w.:-]+?)\]?:(?P<port>\d{1,5})")
_SETTINGS: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Of the environment: nothing is reported to anybody."""
_ANSWER_LIMIT: Final = 10.0
"""Seconds in which whoever listens at an address has to say so."""
_ROOM_LIMIT: Final = 30.0
"""Seconds that a cluster has to start an actor."""
_JOIN_LIMIT: Final = 900.0
"""Seconds in which a machine has to find its Lean, which it may have to fetch."""
_MARGIN: Final = 300.0
"""Seconds that an answer may take beyond the time limit of its file: for a start, and on the way."""
_STORE_BYTES: Final = 1 << 29
"""For compiled files, on this machine; beyond that Ray puts them on the disk."""
_MOST_TOLD: Final = 300


@contextmanager
def open_cluster(address: str, cores: int | None = None) -> Iterator[RayCluster]:
    """Give the Ray cluster at an address, or with ``local`` one of this machine that ends with the context.

    ``cores`` is how many of its cores are used; by default all.
    Raises: ToolchainError where there is no Ray, or no cluster that this program can be part of; NoVerdict
    for what is no address.
    """
    _check_address(address)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise ToolchainError("--ray: Ray is not installed here; install lean-bridge[ray]") from None
    with tempfile.TemporaryDirectory(prefix="lb-", ignore_cleanup_errors=True) as place:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if address == LOCAL:
            options |= {"num_cpus": cores, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
            options |= {"_temp_dir": place}
        try:
            try:
                with contextlib.chdir(place):  # Ray has workers import from wherever the run was started
                    ray.init(address, **options)
            except Exception as error:
                raise _no_cluster(address, error) from error
            yield RayCluster(ray, cores)
        finally:
            ray.shutdown()


class RayCluster:
    """See :class:`lean_bridge.cluster.remote.Cluster`."""

    def __init__(self, ray: Any, cores: int | None) -> None:
        self._ray = ray
        self._actor = ray.remote(num_cpus=1, max_restarts=0, max_concurrency=1)(Host)
        self._lock = threading.Lock()
        self._sent: dict[str, Any] = {}
        """What was put into the object store, by its digest."""
        self._living = 0
        self.size = max(min(self._cores(), cores or self._cores()), 1)
        """How many Leans there is room for, one for each core."""

    def start(self, terms: Terms) -> RayChannel:
        """See :class:`lean_bridge.cluster.remote.Cluster`."""
        with self._lock:
            if self._living >= self._cores():
                raise NoRoomError("no machine of the cluster has a core for it")
            self._living += 1
        channel = RayChannel(self, self._actor.remote(terms))
        try:
            channel.join()
        except BaseException:
            channel.kill()
            channel.close()
            raise
        return channel

    def sent(self, content: Content) -> Any:
        """Return the reference to a file's content, which every machine may take from any that has it."""
        with self._lock:
            if content.digest not in self._sent:
                self._sent[content.digest] = self._ray.put(content.path.read_bytes())
            return self._sent[content.digest]

    def ended(self) -> None:
        """Count one host less."""
        with self._lock:
            self._living -= 1

    def wait_for(self, reference: Any, seconds: float) -> Any:
        """Return what a host answers. Raises: WorkerLostError where there is no answer in that time."""
        try:
            return self._ray.get(reference, timeout=seconds)
        except self._ray.exceptions.RayError as error:
            raise WorkerLostError(_told(error)) from error

    def kill(self, actor: Any) -> None:
        """End an actor at once."""
        with contextlib.suppress(Exception):  # that is gone with its machine, or Ray is
            self._ray.kill(actor)

    def _cores(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))


class RayChannel:
    """See :class:`lean_bridge.cluster.remote.Channel`."""

    def __init__(self, cluster: RayCluster, actor: Any) -> None:
        self._cluster = cluster
        self._actor = actor
        self._is_closed = False

    def join(self) -> None:
        """Wait until there is a host that keeps to its terms. Raises: as ``start`` of its cluster."""
        try:
            self._cluster.wait_for(self._actor.__ray_ready__.remote(), _ROOM_LIMIT)
        except WorkerLostError as lost:
            if getattr(lost.__cause__, "actor_init_failed", False):
                raise ToolchainError(
                    f"--ray: a machine of the cluster cannot run lean-bridge; install it there: {lost}"
                ) from lost
            raise NoRoomError(f"no machine of the cluster has room for it: {lost}") from lost
        refusal = self._cluster.wait_for(self._actor.join.remote(), _JOIN_LIMIT)
        if refusal is not None:
            raise ToolchainError(f"--ray: {refusal}")

    def ask(self, order: Order, contents: Sequence[Content]) -> Reply:
        """See :class:`lean_bridge.cluster.remote.Channel`."""
        references = [self._cluster.sent(content) for content in contents]
        reply: Reply = self._cluster.wait_for(
            self._actor.run.remote(order, *references), order.time_limit + _MARGIN
        )
        return reply

    def kill(self) -> None:
        """See :class:`lean_bridge.cluster.remote.Channel`."""
        self._cluster.kill(self._actor)

    def close(self) -> None:
        """See :class:`lean_bridge.cluster.remote.Channel`."""
        if self._is_closed:
            return
        self._is_closed = True
        with contextlib.suppress(Exception):
            self._cluster.wait_for(self._actor.leave.remote(), _ROOM_LIMIT)
        self.kill()
        self._cluster.ended()


def _check_address(address: str) -> None:
    """Raise where an address is none, or nobody listens there, whom Ray would wait for."""
    if address == LOCAL:
        return
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise NoVerdict(
            f"--ray: expected local, auto or HOST:PORT, as `ray start --head` says it, found {address!r}"
        )
    if (host := found["host"]) is None:
        return
    try:
        socket.create_connection((host, int(found["port"])), timeout=_ANSWER_LIMIT).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> ToolchainError:
    mend = "start one with `ray start --head`, or write local"
    return ToolchainError(f"--ray: no cluster to use at {address}: {_told(error)}; {mend}")


def _told(error: Exception) -> str:
    """Return what Ray says, in a line of some length."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _MOST_TOLD else f"{words[: _MOST_TOLD - 1]}…"
