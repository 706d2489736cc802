"""Check Lean 4 theorems about neural-network autograd, and run exactly the graphs that they certify."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lean_bridge.errors import LeanBridgeError
    from lean_bridge.executor.graph import ExecutableGraph
    from lean_bridge.executor.rules.linear_map import LinearMap
    from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
    from lean_bridge.project import Project, open_project

_HOMES = {
    "GELU_KAPPA": "lean_bridge.executor.rules.ops.elementwise",
    "ExecutableGraph": "lean_bridge.executor.graph",
    "LeanBridgeError": "lean_bridge.errors",
    "LinearMap": "lean_bridge.executor.rules.linear_map",
    "Project": "lean_bridge.project",
    "open_project": "lean_bridge.project",
}

__all__ = ["GELU_KAPPA", "ExecutableGraph", "LeanBridgeError", "LinearMap", "Project", "open_project"]


def __getattr__(name: str) -> Any:
    # resolved when asked for, so that `lean-bridge --help` need not load NumPy
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
