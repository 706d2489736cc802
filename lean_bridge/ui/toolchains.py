"""How a report says which Lean a library was built by."""

from __future__ import annotations

from pybind_models import Toolchain


def toolchain_text(lean: Toolchain) -> str:
    """Return which Lean it is, whether this package knows its library, and what confines it."""
    unknown = "" if lean.known else ", an unknown Lean"
    lake = ", through its Lake" if lean.through_lake else ""
    return f"Lean {lean.version} ({lean.provider}{unknown}{lake}, {isolation_text(lean)})"


def isolation_text(lean: Toolchain) -> str:
    """Return what confines the code that a build runs."""
    return "not isolated" if lean.isolation == "none" else f"isolated by {lean.isolation}"
