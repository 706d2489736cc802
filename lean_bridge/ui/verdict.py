"""What each status looks like, and which verdict the rows of a report warrant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rich.text import Text

from lean_bridge.names import listed
from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.wording import counted, deviation_text, named

if TYPE_CHECKING:
    from pybind_models import (
        CheckResult,
        DeclarationReport,
        GraphReport,
        KernelVerdict,
        ModuleReport,
        VerifyReport,
        Words,
    )
    from pybind_models.evidence import WitnessOutcome

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
    "unsupported": "open",
    "blocked": "open",
}
_DECLARATION_TONES: Final[dict[str, Tone]] = {
    "proved": "good",
    "defined": "good",
    "rejected": "bad",
    "missing": "bad",
    "not built": "open",
    "no verdict": "open",
}
_PIN_WORDS: Final = {"matches": "pinned", "drifted": "drifted", "not pinned": "not pinned"}
_LINK_TONES: Final[dict[str, Tone]] = {"certified": "good", "refused": "bad", "not run": "open"}
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


def declaration_word(report: DeclarationReport) -> str:
    """Return the status of a declaration; a theorem that another kernel accepted too is ``confirmed``."""
    is_confirmed = report.status == "proved" and report.standing == "confirmed"
    return "confirmed" if is_confirmed else report.status


def backing(report: DeclarationReport) -> list[tuple[Tone, str]]:
    """Return what stands behind a declaration that is not rejected beside its axioms: pin and kernels."""
    if not report.is_accepted and report.status != "no verdict":
        return []
    said: list[tuple[Tone, str]] = []
    if report.pin is not None:
        said.append(("good" if report.pin.outcome == "matches" else "open", _PIN_WORDS[report.pin.outcome]))
    if report.witness is not None:
        said.append(("good" if report.witness.outcome == "met" else "open", witness_text(report)))
    if report.standing == "proved, advisories":
        said.append(("open", "one kernel, advisories"))
    said += [("open", each.outcome) for each in report.kernels[1:] if not report.is_accepted]
    return said


_WITNESS_WORDS: Mapping[WitnessOutcome, str] = {
    "met": "witnessed",
    "open": "open",
    "not met": "not witnessed",
    "not asked": "nobody asked for a witness",
}


def witness_text(report: DeclarationReport, *, full: bool = False) -> str:
    """Return what a theorem's binders were met by, in full with every type, class and number."""
    witness = report.witness
    if witness is None:
        return "-"
    said = _WITNESS_WORDS[witness.outcome]
    if witness.open:
        said += f": {listed(f'{named(name)}, as {why}' for name, why in witness.open.items())}"
    chosen = witness.instantiated if full else ()
    return f"{said}: {', '.join(chosen)}" if chosen else said


def words_text(words: Words | None) -> str:
    """Return whose words a statement is made of: the tool's, the library's own, or false ones."""
    if words is None:
        return "-"
    said = [f"not the tool's: {listed(map(named, words.changed))}"] if words.changed else []
    said += [f"own words: {listed(map(named, words.own))}"] if words.own else []
    return "; ".join(said) or ("the tool's words" if words.known else "Lean's words")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for or against a graph: a link to its declaration, or a check of its numbers."""

    name: str
    outcome: str
    tone: Tone
    detail: str
    figures: str = ""
    """A deviation beside what is allowed."""
    note: str | None = None

    @property
    def text(self) -> str:
        """The figures and the detail."""
        return "; ".join(filter(None, (self.figures, self.detail)))


def evidence(report: GraphReport) -> Iterator[Evidence]:
    """Yield what was found out about a graph: the links that Lean certified, then the checks."""
    if (certificate := report.certification) is not None:
        detail = certificate.detail or f"declared = extracted by rfl, {certificate.module}"
        yield _link("certificate", certificate.outcome, detail, certificate.kernels)
    if (field := report.finite_field) is not None:
        detail = field.detail or ""
        if field.outcome == "certified":
            bound = f"chance of an accident at most {field.error_bound:.1e}"
            detail = (
                f"{counted(len(field.points), 'point')} mod {field.prime}, values, JVP, VJP exact; {bound}"
            )
        yield _link("finite field", field.outcome, detail, field.kernels)
    for check in report.checks:
        figures = deviation_text(check.error, check.tolerance)
        yield Evidence(check.name, check.outcome, check_tone(check), check.detail, figures, check.note)


def _link(name: str, outcome: str, detail: str, kernels: tuple[KernelVerdict, ...]) -> Evidence:
    tone = _LINK_TONES[outcome]
    said = [kernel.outcome for kernel in kernels if kernel.outcome != "accepted"]
    if "refused" in said:
        return Evidence(name, outcome, "bad", f"{detail}; refused by the second kernel")
    if any(word != "not asked" for word in said):
        return Evidence(name, outcome, "open", f"{detail}; the second kernel: {', '.join(said)}")
    confirmed = "not confirmed" if said else "confirmed"
    return Evidence(name, outcome, tone, f"{detail}; {confirmed}" if kernels else detail)


def with_subject(said: str, report: VerifyReport) -> str:
    """Return what is said of a report, and behind it which library that is about, if one was read."""
    return f"{said}; {subject(report)}" if report.library is not None else said


def subject(report: VerifyReport) -> str:
    """Return which library a report is about, in which state, and under which Lean."""
    library, build = report.library, report.build
    if library is None:
        return "no library"
    parts = [
        f"library {library.root}" + (" (shipped with lean-bridge)" if library.is_shipped else ""),
        f"sha256 {library.digest}" if library.digest is not None else "not read",
    ]
    if library.commit is not None:
        parts.append(f"in a checkout of {library.commit}")
    if build is not None:
        parts.append(toolchain_text(build.toolchain))
    return ", ".join(parts)


def no_axioms(library_theorems: int) -> str:
    """Return how to say that no axiom was found; a library theorem whose proof is not at hand may use one."""
    return "no axioms seen" if library_theorems else "no axioms"


def _vocabulary(declarations: Sequence[DeclarationReport]) -> list[str]:
    """Return what must not be missed about the words of statements; all the tool's or Lean's is no news."""
    told = [each.words for each in declarations if each.words is not None]
    changed = dict.fromkeys(name for words in told for name in words.changed)
    own = sum(bool(words.own) for words in told)
    parts = [f"NOT THE TOOL'S, under its names: {listed(map(named, changed))}"] if changed else []
    return parts + ([f"{counted(own, 'statement')} in words of the library's own"] if own else [])


def guarantee(report: VerifyReport) -> str:
    """Return, by counts, what a report vouches for and what it takes on trust."""
    declarations, graphs = report.declarations, report.graphs
    proved = [each for each in declarations if each.status == "proved"]
    parts = []
    if declarations:
        others = sum(each.status == "defined" for each in declarations)
        open_ = sum(declaration_tone(each) == "open" for each in declarations)
        bad = len(declarations) - len(proved) - others - open_
        lacking = "".join(
            f", {count} {word}"
            for count, word in ((bad, "not accepted"), (open_, "without a verdict"))
            if count
        )
        confirmed = sum(declaration_word(each) == "confirmed" for each in proved)
        pinned = sum(each.pin is not None and each.pin.outcome == "matches" for each in declarations)
        loose = sum(each.pin is not None and each.pin.outcome == "not pinned" for each in declarations)
        unpinned = f", {loose} not pinned" if loose else ""
        parts.append(
            f"{len(proved)} proved, {others} defined{lacking} of {counted(len(declarations), 'declaration')} "
            f"({counted(confirmed, 'proof')} confirmed by a second kernel, {pinned} pinned{unpinned})"
        )
        parts += _vocabulary(declarations)
    if graphs:
        outcomes = Counter(check.outcome for each in graphs for check in each.checks)
        passed = counted(outcomes["passed"], "check")
        rest = "".join(f", {outcomes[each]} {each}" for each in ("failed", "not run") if outcomes[each])
        agreeing = sum(graph_tone(each) == "good" for each in graphs)
        certified = sum(each.certified for each in graphs)
        parts.append(
            f"{agreeing} of {counted(len(graphs), 'graph')} agree ({passed} passed{rest}, "
            f"{certified} certified by Lean)"
        )
    seen = [each for each in declarations if each.kind is not None]
    axioms = sorted({axiom for each in seen for axiom in each.axioms})
    assumed = max((each.library_theorems for each in seen), default=0)
    if seen:
        parts.append(f"axioms: {', '.join(axioms)}" if axioms else no_axioms(assumed))
    if assumed:
        parts.append(f"up to {counted(assumed, 'library theorem')} per proof on trust")
    if report.build is not None and report.build.left_out:
        parts.append(f"{counted(report.build.left_out, 'module')} of the library not needed, and not judged")
    return "; ".join(parts) or "nothing was checked"
