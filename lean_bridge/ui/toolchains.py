"""How a report says which Lean a library was built by, and what that Lean lacks."""

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


def toolchain_doubts(lean: Toolchain) -> list[str]:
    """Return what is to be taken on trust where a Lean is unknown or not confined, a line each."""
    told = [f"passed over as no Lean: {each}" for each in lean.passed_over]
    if not lean.known:
        told.append(
            f"built by an unknown Lean: this package has no digest for {lean.location}, "
            "whose library's definitions and hidden proofs are taken as they are"
        )
    if lean.through_lake:
        told.append("Lake built the project, and what lay where it puts compiled files was taken for these")
    if lean.isolation == "none":
        told.append("the build was not isolated: code of the sources ran with the rights of the user")
    return told
