"""Annotations for GitHub Actions: roots first, as ten of a level are shown; the verdict is the last."""

from __future__ import annotations

from collections.abc import Iterator

from lean_bridge.ui.markup import annotation
from lean_bridge.ui.wording import coded
from pybind_models.policy import Finding, GateReport


def render_github(gate: GateReport) -> str:
    """Return workflow commands, a line each; files are relative to the repository, columns count from 1."""
    return "".join(f"{line}\n" for line in _lines(gate))


def _lines(gate: GateReport) -> Iterator[str]:
    for level in ("error", "warning", "notice"):
        yield from (_of(each) for each in gate.all_findings if each.level == level)
    for told in gate.relaxed:
        yield annotation("warning", told, {"title": "lean-bridge: the policy lets pass"})
    yield annotation("notice", policy_line(gate), {"title": "lean-bridge: policy"})
    said = coded(
        gate.code, gate.reason or f"{len(gate.libraries)} of {len(gate.libraries)} libraries accepted"
    )
    level = "notice" if gate.verdict == "accepted" else "error"
    yield annotation(level, said, {"title": f"lean-bridge gate: {gate.verdict}"})


def _of(finding: Finding) -> str:
    properties: dict[str, str | int] = {}
    if (place := finding.place) is not None:
        properties["file"] = place.file
        if place.line is not None:
            properties["line"] = place.line
        if place.column is not None:
            properties["col"] = place.column
    return annotation(finding.level, finding.message, {**properties, "title": finding.title})


def policy_line(gate: GateReport) -> str:
    """Return which policy was in force, by its file and its digest, and which were not."""
    record = gate.policy
    if not record.digest:
        return f"policy: none was in force{f'; {record.file} cannot be read' if record.file else ''}"
    given = sorted({each.origin for each in record.settings.values() if each.origin.startswith("--")})
    parts = [f"policy by {record.file or 'no file'}", *([f"and {', '.join(given)}"] if given else [])]
    passed_over = f"; passed over: {', '.join(record.passed_over)}" if record.passed_over else ""
    return f"{' '.join(parts)}, sha256 {record.digest}{passed_over}"
