"""The extractor keeps the order of operands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from lean_bridge.olean.environment import Environment
from lean_bridge.verdict import judge
from pybind_models import DGraph


@contextmanager
def planted() -> Iterator[None]:
    right = judge.extract

    def extract(environment: Environment, *arguments: Any) -> DGraph:
        graph = right(environment, *arguments)
        nodes = tuple(node.replaced(operands=node.operands[:]) for node in graph.nodes)
        return graph.replaced(nodes=nodes)

    with mock.patch.object(judge, "extract", extract):
        yield
