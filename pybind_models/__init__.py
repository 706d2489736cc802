"""Pydantic models bound to Lean declarations, whence the name; their JSON is the public file format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pybind_models.base import Model
    from pybind_models.dim import Dim, Shape, shape_text
    from pybind_models.evidence import (
        Advisory,
        Certification,
        FieldEvidence,
        FieldPoint,
        KernelVerdict,
        Pin,
        Witness,
        Words,
    )
    from pybind_models.graph import (
        ArrayArgument,
        ArrayParam,
        ConstantParam,
        DGraph,
        DimParam,
        Entry,
        MapParam,
        Node,
        Param,
        ScalarParam,
        ShapeParam,
    )
    from pybind_models.report import (
        BuildReport,
        Cause,
        CheckResult,
        DeclarationReport,
        Diagnostic,
        GraphReport,
        ModuleReport,
        ModuleSummary,
        Place,
        Source,
        VerifyReport,
    )
    from pybind_models.standing import NOT_JUDGED, GraphStanding
    from pybind_models.subject import Isolation, LibraryIdentity, Toolchain

_HOMES: Final = {
    "Model": "base",
    "Dim": "dim",
    "Shape": "dim",
    "shape_text": "dim",
    "Advisory": "evidence",
    "Certification": "evidence",
    "FieldEvidence": "evidence",
    "FieldPoint": "evidence",
    "KernelVerdict": "evidence",
    "Pin": "evidence",
    "Witness": "evidence",
    "Words": "evidence",
    "ArrayArgument": "graph",
    "ArrayParam": "graph",
    "ConstantParam": "graph",
    "DGraph": "graph",
    "DimParam": "graph",
    "Entry": "graph",
    "MapParam": "graph",
    "Node": "graph",
    "Param": "graph",
    "ScalarParam": "graph",
    "ShapeParam": "graph",
    "BuildReport": "report",
    "Cause": "report",
    "CheckResult": "report",
    "DeclarationReport": "report",
    "Diagnostic": "report",
    "GraphReport": "report",
    "ModuleReport": "report",
    "ModuleSummary": "report",
    "Place": "report",
    "Source": "report",
    "VerifyReport": "report",
    "GraphStanding": "standing",
    "NOT_JUDGED": "standing",
    "Isolation": "subject",
    "LibraryIdentity": "subject",
    "Toolchain": "subject",
}
"""Which module has what: a model is loaded where it is asked for."""

__all__ = [
    "NOT_JUDGED",
    "Advisory",
    "ArrayArgument",
    "ArrayParam",
    "BuildReport",
    "Cause",
    "Certification",
    "CheckResult",
    "ConstantParam",
    "DGraph",
    "DeclarationReport",
    "Diagnostic",
    "Dim",
    "DimParam",
    "Entry",
    "FieldEvidence",
    "FieldPoint",
    "GraphReport",
    "GraphStanding",
    "Isolation",
    "KernelVerdict",
    "LibraryIdentity",
    "MapParam",
    "Model",
    "ModuleReport",
    "ModuleSummary",
    "Node",
    "Param",
    "Pin",
    "Place",
    "ScalarParam",
    "Shape",
    "ShapeParam",
    "Source",
    "Toolchain",
    "VerifyReport",
    "Witness",
    "Words",
    "shape_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
