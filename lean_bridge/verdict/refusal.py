"""The report on what an error kept from being judged."""

from __future__ import annotations

from lean_bridge.errors import LeanBridgeError, Rejected
from pybind_models import LibraryIdentity, VerifyReport


def refused(
    refusal: LeanBridgeError,
    library: LibraryIdentity | None = None,
    *,
    unpinned: bool = False,
    confirmation_required: bool = False,
) -> VerifyReport:
    """Return the report: rejected where the error is a verdict, else no verdict; its code is the error's."""
    return VerifyReport(
        verdict="rejected" if isinstance(refusal, Rejected) else "no verdict",
        reason=str(refusal),
        code=refusal.code,
        library=library,
        unpinned=unpinned,
        confirmation_required=confirmation_required,
    )
