"""Pydantic models bound to Lean declarations, whence the name; their JSON is the public file format."""

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
from pybind_models.graph import DGraph, DimParam, Entry, MapParam, Node, Param, ScalarParam, ShapeParam
from pybind_models.report import (
    BuildReport,
    Cause,
    CheckResult,
    DeclarationReport,
    Diagnostic,
    GraphReport,
    Isolation,
    LibraryIdentity,
    ModuleReport,
    Place,
    Source,
    Toolchain,
    VerifyReport,
)
from pybind_models.standing import NOT_JUDGED, GraphStanding

__all__ = [
    "NOT_JUDGED",
    "Advisory",
    "BuildReport",
    "Cause",
    "Certification",
    "CheckResult",
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
