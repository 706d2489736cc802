"""From the rows of a report to the verdict on everything together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

from lean_bridge.codes import Code
from lean_bridge.names import listed
from lean_bridge.verdict.second_opinion import KERNEL_CODES
from pybind_models import BuildReport, DeclarationReport, GraphReport, KernelVerdict

Conclusion: TypeAlias = tuple[Literal["accepted", "rejected", "no verdict"], str | None, str | None]
"""The verdict and, unless it is ``accepted``, why and by which code."""

_PIN_THEM = "read what it says and run `lean-bridge pin`, or let it pass by --unpinned"


def refusal_of(build: BuildReport) -> tuple[str, Code] | None:
    """Return why modules of a build are not there, and by which code; nothing where all are."""
    failed = [report for report in build.modules if report.state == "failed"]
    if refusals := [report.file for report in failed if report.code is None]:
        return f"Lean refuses {listed(refusals)}", Code.BUILD_FAILED
    if failed:
        error = failed[0].diagnostics[-1]
        return f"{error.file}:{error.line}: {error.text}", Code(str(failed[0].code))
    return None


def elaborated_as_modules(build: BuildReport) -> tuple[str, ...]:
    """Return in a line, if there is anything to say, which files Lean was handed as what they are not."""
    turned = [each.file for each in build.modules if each.as_module and each.state in ("built", "cached")]
    if not turned:
        return ()
    verb = "has" if len(turned) == 1 else "have"
    return (
        f"elaborated as a module: {listed(turned, 5)}, which {verb} no `module`: all imports are public, all "
        "declarations are public and show their bodies, and what has no code is noncomputable",
    )


def conclude(
    build: BuildReport,
    declarations: Sequence[DeclarationReport],
    graphs: Sequence[GraphReport],
    *,
    refused: Iterable[str] = (),
    unsettled: Mapping[str, KernelVerdict] = MappingProxyType({}),
    require_confirmed: bool = False,
) -> Conclusion:
    """Return the verdict on everything together, and why and by which code unless it is ``accepted``.

    One rejection rejects; otherwise one thing undecided, or nothing looked at, leaves everything undecided.
    ``refused`` are declarations, catalogued or not, that a second kernel refuses, and ``unsettled`` those
    that it was asked about and did not decide. ``require_confirmed`` takes every declaration and graph to be
    confirmed.
    """
    if (refusal := refusal_of(build)) is not None:
        return "rejected", *refusal
    undecided = ("no verdict", "not built")
    rows: list[DeclarationReport | GraphReport] = [*declarations, *graphs]
    open_ = [report for report in rows if report.status in undecided]
    settled = [report for report in declarations if report.status not in undecided]
    bad = [(report.name, report.code) for report in settled if not report.is_accepted]
    bad += [(report.name, report.code) for report in graphs if report.status == "rejected"]
    if bad:
        names = dict.fromkeys(name for name, _ in bad)
        return "rejected", f"not accepted: {listed(names)}", bad[0][1]
    if underneath := list(refused):
        return "rejected", f"the second kernel refuses {listed(underneath)}", Code.KERNEL_REFUSES
    for module in build.modules:
        if module.limit is not None:
            return "no verdict", module.limit, module.code or Code.LEAN_CANNOT
    for report in open_:
        if report.code != Code.NOT_PINNED:
            return "no verdict", f"{report.name}: {report.reason}", report.code
    for name, said in unsettled.items():
        reason = f"the second kernel did not accept {name}, {said.outcome}: {said.detail}"
        return "no verdict", reason, KERNEL_CODES[said.outcome]
    for report in open_:
        return "no verdict", f"{report.reason}; {_PIN_THEM}", report.code
    if not declarations or not build.modules:
        return "no verdict", "nothing was checked", Code.NOTHING_CHECKED
    if require_confirmed:
        unconfirmed: list[DeclarationReport | GraphReport] = [
            *(each for each in declarations if each.standing != "confirmed"),
            *(each for each in graphs if not each.is_confirmed),
        ]
        if unconfirmed:
            verdicts = (kernel.detail for each in unconfirmed for kernel in each.kernels if kernel.detail)
            why = next(verdicts, "no second kernel was asked")
            rest = listed(dict.fromkeys(each.name for each in unconfirmed))
            return "no verdict", f"not confirmed: {rest}: {why}", Code.NOT_CONFIRMED
    return "accepted", None, None
