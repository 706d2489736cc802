"""What an accepted library still lacks, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pybind_models import DeclarationReport, GraphReport, Toolchain, VerifyReport


def doubts(report: VerifyReport) -> list[str]:
    """Return what an accepted row lacks, a line each: a second kernel's word, a pin, a Lean that is known."""
    accepted = [each for each in report.declarations if each.is_accepted]
    unconfirmed: list[DeclarationReport | GraphReport] = [
        *(each for each in accepted if each.standing not in ("confirmed", None)),
        *(each for each in report.graphs if each.status == "agrees" and not each.is_confirmed),
    ]
    told = []
    if unconfirmed:
        details = (kernel.detail for each in unconfirmed for kernel in each.kernels if kernel.detail)
        why = next(details, "no second kernel was asked")
        known = ", ".join(advisory.name for advisory in report.advisories)
        advisories = f"; advisories: {known}" if known else ""
        told.append(f"{_rows(len(unconfirmed))} not confirmed: {why}{advisories}")
    if unpinned := sum(each.pin is not None and each.pin.outcome == "not pinned" for each in accepted):
        verb = "is" if unpinned == 1 else "are"
        told.append(f"{_rows(unpinned)} {verb} not pinned: nobody would notice a changed statement")
    lean = toolchain_doubts(report.build.toolchain) if report.build is not None else []
    return [*told, *lean, *report.notes]


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


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
