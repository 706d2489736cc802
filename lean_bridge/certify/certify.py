"""A captured function certified: written as a package, judged, read back, and run beside itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from lean_bridge.audit import provenance
from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.certify.place import CAPTURED, put_package
from lean_bridge.certify.same import check_same, check_written
from lean_bridge.certify.target import Target
from lean_bridge.codes import Code
from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.crosscheck.function import check_function
from lean_bridge.emit.module import conditions_at_points, declared_name, render_library_module
from lean_bridge.library.scaffold import ORIGIN
from lean_bridge.project import open_project
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.resident import Use
from pybind_models import CheckResult, DGraph, VerifyReport
from pybind_models.captured import CertifyReport
from pybind_models.report import Verdict

_AT_POINTS: Final = "it holds where certify runs the graph"
"""Why nobody meets a hypothesis in Lean that is about what a graph computes."""


def prepare() -> None:
    """Import what a judgement needs and takes seconds to import."""
    provenance.prepare()
    assert FIELD.arrays


def certify(
    captured: Target,
    directory: Path,
    package: str,
    *,
    origin: str = ORIGIN,
    force: bool = False,
    residents: Use = "no",
    observe: Callable[[object], None] = lambda _: None,
    progress: Progress | None = None,
) -> CertifyReport:
    """Write a captured graph as a Lean package, and return what holds of it.

    Accepted is what ``Project.verify`` accepts of that package, as it was written, where the graph that Lean
    compiled is the captured one, and the function itself has the executor's values and gradients. A package
    of the same graph that stands there is judged again, by its pins.
    Raises: NotCaptured; ProjectNotFound where something else is in the directory, or, without ``force``,
    another captured function; BuildFailed where Lean refuses the module; as ``Project.verify``.
    """
    written, outputs = captured.model, captured.outputs
    return certify_graph(
        written,
        directory,
        package,
        file=captured.file,
        name=captured.name,
        target=f"{captured.file}:{captured.qualified}",
        outputs=outputs,
        compare=lambda: check_function(
            captured.function, written, outputs, captured.constants, data=captured.data
        ),
        origin=origin,
        force=force,
        residents=residents,
        observe=observe,
        progress=progress,
    )


def certify_graph(
    written: DGraph,
    directory: Path,
    package: str,
    *,
    file: str,
    name: str,
    target: str,
    outputs: Sequence[str],
    compare: Callable[[], Sequence[CheckResult]] = tuple,
    origin: str = ORIGIN,
    force: bool = False,
    residents: Use = "no",
    observe: Callable[[object], None] = lambda _: None,
    progress: Progress | None = None,
) -> CertifyReport:
    """Write a graph as a Lean package, and return what holds of it.

    ``compare`` runs what it was captured from; ``file`` and ``name`` say in the package what that is.
    Raises: as :func:`certify`.
    """
    started = time.monotonic()
    files = package_files(written, package, f"`{name}` in `{file}`")
    unpinned = put_package(directory, package, files, origin=origin, force=force)
    project = open_project(directory, residents=residents)
    report = project.verify(pins_first=unpinned, observe=observe, progress=progress)
    declared = f"{package}.{declared_name(written)}"
    module = f"{package}.lean"
    checks = (
        check_written(module, files[module], report),
        check_same(written, _judged(report, declared) or project.extract(declared, allow_uncertified=True)),
        *compare(),
    )
    verdict, reason, code = conclude(report, checks)
    return CertifyReport(
        target=target,
        graph=declared,
        package=str(directory),
        outputs=tuple(outputs),
        verdict=verdict,
        reason=reason,
        code=code,
        checks=checks,
        report=report,
        seconds=time.monotonic() - started,
    )


def _judged(report: VerifyReport, name: str) -> DGraph | None:
    """Return the graph that was read from a compiled module, and judged."""
    return next((each.graph for each in report.graphs if each.name == name), None)


def conclude(report: VerifyReport, checks: tuple[CheckResult, ...]) -> tuple[Verdict, str | None, str | None]:
    """Return what a judgement and the checks of a capture amount to: accepted only where all are."""
    for each in checks:
        if each.outcome == "failed":
            return "rejected", f"{each.name}: {each.detail}", each.code or Code.NUMBERS_DISAGREE
    if report.verdict != "accepted":
        return report.verdict, report.reason, report.code
    for each in checks:
        if each.outcome != "passed":
            return "no verdict", f"{each.name}: {each.detail}", each.code or Code.NOTHING_CHECKED
    return "accepted", None, None


def package_files(graph: DGraph, package: str, told: str) -> dict[str, str]:
    """Return what a package of a captured graph has of its own, by path: module, catalogue and readme."""
    name = graph.lean_name
    open_ = ", ".join(f'{each} = "{_AT_POINTS}"' for each in conditions_at_points(graph))
    entries = [
        (declared_name(graph), "definition"),
        (f"{name}_hasFDerivAt", "theorem"),
        (f"{name}_backpropVec_eq_adjoint_fderiv", "theorem"),
    ]
    declared = "\n\n".join(
        f'[[declaration]]\nname = "{package}.{each}"\nkind = "{kind}"\ngroup = "{name}"'
        + ("\ngraph = true" if kind == "definition" else f"\nopen = {{ {open_} }}" if open_ else "")
        for each, kind in entries
    )
    return {
        f"{package}.lean": render_library_module(graph, package, f"{CAPTURED}{told}."),
        CATALOGUE: "# The declarations that `lean-bridge verify` judges, in the order of its report.\n\n"
        f"{declared}\n",
        "README.md": f"# {package}\n\nThe graph of {told}, captured by `lean-bridge certify`, with its "
        "certificate and the theorem that its\nreverse pass is the adjoint of its derivative.\n\n"
        f"- `{package}.lean`: written from what the function did; edit the function, and not this.\n"
        "- `catalogue.toml`: what is judged. `certified.toml`: what it says, pinned.\n"
        "- `lakefile.toml`: requires `LeanBridge`, whose sources come with `lean-bridge`.\n\n"
        f"```console\n$ lean-bridge verify\n$ lean-bridge graph {declared_name(graph)}\n```\n",
    }
