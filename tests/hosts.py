"""Hosts of a cluster in this very process: all of the way but Ray."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lean_bridge.cluster.host import Host
from lean_bridge.cluster.messages import Order, Reply, Terms
from lean_bridge.cluster.remote import Content
from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain.worker import WorkerLostError


@dataclass(eq=False)
class Direct:
    """The way to a host here; what is said goes as bytes."""

    host: Host
    orders: list[Order] = field(default_factory=list)
    loses: Callable[[Order], bool] = lambda _: False
    """At which orders the host is lost."""

    def ask(self, order: Order, contents: Sequence[Content]) -> Reply:
        if self.loses(order):
            raise WorkerLostError("its machine is gone")
        self.orders.append(order)
        sent = pickle.loads(pickle.dumps((order, [content.path.read_bytes() for content in contents])))
        reply: Reply = pickle.loads(pickle.dumps(self.host.run(sent[0], *sent[1])))
        return reply

    def kill(self) -> None:
        self.close()

    def close(self) -> None:
        self.host.leave()


@dataclass(eq=False)
class Here:
    """A cluster of this process."""

    loses: Callable[[Order], bool] = lambda _: False
    channels: list[Direct] = field(default_factory=list)

    def start(self, terms: Terms) -> Direct:
        host = Host(terms)
        if (refusal := host.join()) is not None:
            host.leave()
            raise ToolchainError(refusal)
        self.channels.append(Direct(host, loses=self.loses))
        return self.channels[-1]
