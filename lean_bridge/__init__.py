"""Check Lean 4 theorems about neural-network autograd, and run exactly the graphs that they certify."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lean_bridge.capture.captured import CapturedGraph, booleans, graph, integers
    from lean_bridge.capture.jax_trace import CapturedFunction, from_jax
    from lean_bridge.capture.torch_export import CapturedModule, from_torch
    from lean_bridge.certify.bundle import Bundle, load
    from lean_bridge.errors import (
        ArrayError,
        BindingError,
        BuildFailed,
        CrossCheckFailed,
        DeclarationError,
        DeclarationNotFound,
        Declined,
        GraphError,
        Inconsistent,
        LeanBridgeError,
        NoStanding,
        NotCaptured,
        NotCatalogued,
        NotPinned,
        NoVerdict,
        NumericsError,
        OleanError,
        OutOfFuel,
        PolicyError,
        ProjectNotFound,
        Rejected,
        ShapeError,
        SourceOutside,
        ToolchainCrashed,
        ToolchainDownloadFailed,
        ToolchainError,
        ToolchainNotFound,
        ToolchainTimeout,
        UnsupportedOp,
        UnsupportedSource,
        UnsupportedTerm,
    )
    from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
    from lean_bridge.executor.batched import BatchedProgram
    from lean_bridge.executor.checks import Checks
    from lean_bridge.executor.compiled import CompiledProgram
    from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
    from lean_bridge.executor.rules.linear_map import LinearMap
    from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
    from lean_bridge.executor.rules.program import Program
    from lean_bridge.project import Project, open_project

_HOMES: Final = {
    "BatchedProgram": "lean_bridge.executor.batched",
    "BoundGraph": "lean_bridge.executor.graph",
    "Bundle": "lean_bridge.certify.bundle",
    "CapturedFunction": "lean_bridge.capture.jax_trace",
    "CapturedGraph": "lean_bridge.capture.captured",
    "CapturedModule": "lean_bridge.capture.torch_export",
    "Checks": "lean_bridge.executor.checks",
    "CompiledProgram": "lean_bridge.executor.compiled",
    "ExecutableGraph": "lean_bridge.executor.graph",
    "GELU_KAPPA": "lean_bridge.executor.rules.ops.elementwise",
    "LinearMap": "lean_bridge.executor.rules.linear_map",
    "Program": "lean_bridge.executor.rules.program",
    "Project": "lean_bridge.project",
    "booleans": "lean_bridge.capture.captured",
    "from_jax": "lean_bridge.capture.jax_trace",
    "from_torch": "lean_bridge.capture.torch_export",
    "graph": "lean_bridge.capture.captured",
    "integers": "lean_bridge.capture.captured",
    "jax_reals": "lean_bridge.executor.arrays.backends",
    "load": "lean_bridge.certify.bundle",
    "open_project": "lean_bridge.project",
    "torch_reals": "lean_bridge.executor.arrays.backends",
}
"""Where what is no error is found when it is asked for: ``import lean_bridge`` loads nothing else."""
_EXTRAS: Final = ("jax", "torch")
"""Extras that something takes when it is asked for, and the packages that they are called after."""

__all__ = [
    "GELU_KAPPA",
    "ArrayError",
    "BatchedProgram",
    "BindingError",
    "BoundGraph",
    "BuildFailed",
    "Bundle",
    "CapturedFunction",
    "CapturedGraph",
    "CapturedModule",
    "Checks",
    "CompiledProgram",
    "CrossCheckFailed",
    "DeclarationError",
    "DeclarationNotFound",
    "Declined",
    "ExecutableGraph",
    "GraphError",
    "Inconsistent",
    "LeanBridgeError",
    "LinearMap",
    "NoStanding",
    "NoVerdict",
    "NotCaptured",
    "NotCatalogued",
    "NotPinned",
    "NumericsError",
    "OleanError",
    "OutOfFuel",
    "PolicyError",
    "Program",
    "Project",
    "ProjectNotFound",
    "Rejected",
    "ShapeError",
    "SourceOutside",
    "ToolchainCrashed",
    "ToolchainDownloadFailed",
    "ToolchainError",
    "ToolchainNotFound",
    "ToolchainTimeout",
    "UnsupportedOp",
    "UnsupportedSource",
    "UnsupportedTerm",
    "booleans",
    "from_jax",
    "from_torch",
    "graph",
    "integers",
    "jax_reals",
    "load",
    "open_project",
    "torch_reals",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(_HOMES.get(name, "lean_bridge.errors"))
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        mend = f"pip install 'lean-bridge[{error.name}]'"
        raise ModuleNotFoundError(f"{name} takes {error.name}; {mend}", name=error.name) from None
    found = globals()[name] = getattr(home, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
