"""What each status looks like, and which verdict the rows of a report warrant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rich.text import Text

from lean_bridge.ui.wording import counted
from pybind_models import CheckResult, DeclarationReport, GraphReport, ModuleReport, VerifyReport

Tone: TypeAlias = Literal["good", "bad", "open"]
"""``open``: nothing was decided, which is never shown as good."""

Verdict: TypeAlias = Literal["accepted", "rejected", "no verdict"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A tone's sign and colour."""

    symbol: str
    style: str


MARKS: Final[dict[Tone, Mark]] = {
    "good": Mark("✓", "green"),
    "bad": Mark("✗", "bold red"),
    "open": Mark("?", "yellow"),
}

VERDICT_TONES: Final[dict[Verdict, Tone]] = {"accepted": "good", "rejected": "bad", "no verdict": "open"}
_MODULE_TONES: Final[dict[str, Tone]] = {
    "built": "good",
    "cached": "good",
    "failed": "bad",
    "blocked": "open",
}
_DECLARATION_TONES: Final[dict[str, Tone]] = {
    "proved": "good",
    "defined": "good",
    "rejected": "bad",
    "missing": "bad",
    "not built": "open",
}
_GRAPH_TONES: Final[dict[str, Tone]] = {"agrees": "good", "rejected": "bad", "no verdict": "open"}
_CHECK_TONES: Final[dict[str, Tone]] = {"passed": "good", "failed": "bad", "not run": "open"}


def status_text(tone: Tone, word: str) -> Text:
    """Return a status with its sign, in its colour."""
    return Text(f"{MARKS[tone].symbol} {word}", MARKS[tone].style)


def module_tone(report: ModuleReport) -> Tone:
    """Return whether a module compiled."""
    return _MODULE_TONES[report.state]


def declaration_tone(report: DeclarationReport) -> Tone:
    """Return whether a declaration holds."""
    return _DECLARATION_TONES[report.status]


def check_tone(result: CheckResult) -> Tone:
    """Return whether a comparison held."""
    return _CHECK_TONES[result.outcome]


def graph_tone(report: GraphReport) -> Tone:
    """Return whether a graph's numbers agree."""
    return _GRAPH_TONES[report.status]


def no_axioms(library_theorems: int) -> str:
    """Return how to say that no axiom was found; a library theorem whose proof is not at hand may use one."""
    return "no axioms seen" if library_theorems else "no axioms"


def guarantee(report: VerifyReport) -> str:
    """Return, by counts, what a report vouches for and what it takes on trust."""
    proved = [each for each in report.declarations if each.status == "proved"]
    others = sum(each.status == "defined" for each in report.declarations)
    agreeing = sum(graph_tone(each) == "good" for each in report.graphs)
    checks = [check.outcome for each in report.graphs for check in each.checks]
    parts = []
    if report.declarations:
        parts.append(
            f"{len(proved)} proved, {others} defined of {counted(len(report.declarations), 'declaration')}"
        )
    if report.graphs:
        graphs = f"{agreeing} of {counted(len(report.graphs), 'graph')} agree"
        parts.append(f"{graphs} ({checks.count('passed')} of {counted(len(checks), 'check')} passed)")
    axioms = sorted({axiom for each in proved for axiom in each.axioms})
    assumed = max((each.library_theorems for each in proved), default=0)
    if proved:
        parts.append(f"axioms: {', '.join(axioms)}" if axioms else no_axioms(assumed))
    if assumed:
        parts.append(f"up to {counted(assumed, 'library theorem')} per proof on trust")
    return "; ".join(parts) or "nothing was checked"
