"""Names as Lean reads them, whatever is opened and whatever keywords there are."""

from __future__ import annotations

from typing import Final

from lean_bridge.names import split_name
from lean_bridge.olean.expr import Name

REALS: Final = "Proofs.Autograd.Real"
"""The real numbers of the tool's own library."""


def quoted(name: Name) -> str:
    """Return a name with all its components in ``«»``, as some of them may be keywords."""
    return ".".join(f"«{part}»" if isinstance(part, str) else str(part) for part in split_name(name) or ())


def root(name: Name) -> str:
    """Return a name that means the same in every namespace."""
    return f"_root_.{quoted(name)}"
