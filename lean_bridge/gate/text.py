"""What a gate came to, for people: what to look at, the policy, the verdict last."""

from __future__ import annotations

from collections.abc import Iterator

from lean_bridge.gate.github import policy_line
from lean_bridge.ui.verdict import MARKS, VERDICT_TONES
from lean_bridge.ui.wording import coded, one_line, place_text
from pybind_models.policy import GateReport


def render_text(gate: GateReport) -> str:
    """Return a line for each thing to look at, ``file:line:column: what``, and what decided."""
    return "".join(f"{line}\n" for line in _lines(gate))


def _lines(gate: GateReport) -> Iterator[str]:
    for each in gate.all_findings:
        if each.level == "error" and each.place is not None:
            yield f"{one_line(place_text(each.place))}: {each.level}: {one_line(each.message)}"
    for told in gate.relaxed:
        yield f"the policy lets pass: {one_line(told)}"
    yield one_line(policy_line(gate))
    mark = MARKS[VERDICT_TONES[gate.verdict]].symbol
    why = f": {one_line(coded(gate.code, gate.reason))}" if gate.reason is not None else ""
    yield f"{mark} gate: {gate.verdict}{why}"
