"""What an independent kernel says of a library and of the theorems that were generated about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainNotFound
from lean_bridge.kernel.replay import Replaying, project_declarations, verdicts
from lean_bridge.kernel.session import NOT_INSTALLED, find_second_kernel, installed_library
from lean_bridge.olean.environment import Environment
from pybind_models import KernelVerdict
from pybind_models.evidence import KernelOutcome


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The verdicts of one independent kernel; where there is none, that it was not asked."""

    label: str
    verdicts: Mapping[str, KernelVerdict] = field(default_factory=dict)
    """Of every declaration outside Lean's own library."""
    equations: Mapping[str, KernelVerdict] = field(default_factory=dict)
    """Whether both sides of a theorem's equation are equal by definition, by the theorem's name."""
    why_not: str | None = None
    """Why the kernel was not asked, or did not get to the end."""
    is_asked: bool = True
    """Whether there is such a kernel here, and it was put to work."""

    @property
    def refused(self) -> tuple[str, ...]:
        """The declarations that the kernel refuses."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict.outcome == "refused")

    @property
    def unsettled(self) -> Mapping[str, KernelVerdict]:
        """What the kernel was asked about and neither accepted nor refused, by the declaration's name."""
        return {
            name: verdict
            for name, verdict in (*self.verdicts.items(), *self.equations.items())
            if verdict.outcome != "refused" and not is_settled(verdict)
        }

    def beside(self, accepted: SecondOpinion) -> SecondOpinion:
        """Return this opinion with what was accepted before; what is said now goes before that."""
        return replace(
            self,
            verdicts={**accepted.verdicts, **self.verdicts},
            equations={**accepted.equations, **self.equations},
        )

    def of(self, name: str) -> KernelVerdict:
        """Return what the kernel says of a declaration."""
        return self.verdicts.get(name) or self._silent()

    def of_all(self, names: Iterable[str]) -> KernelVerdict:
        """Return one verdict on several declarations: accepted if all of them are, refused if one is."""
        found = [self.of(name) for name in names]
        refused = (verdict for verdict in found if verdict.outcome == "refused")
        unsettled = (verdict for verdict in found if verdict.outcome != "accepted")
        return next(refused, None) or next(unsettled, None) or (found[0] if found else self._silent())

    def of_equation(self, theorem: str) -> KernelVerdict:
        """Return whether both sides of a theorem's equation are equal by definition."""
        return self.equations.get(theorem) or self._silent()

    def _silent(self) -> KernelVerdict:
        outcome: KernelOutcome = "not reached" if self.is_asked else "not asked"
        return KernelVerdict(kernel=self.label, outcome=outcome, detail=self.why_not)


KERNEL_CODES: Mapping[KernelOutcome, Code] = {
    "refused": Code.KERNEL_REFUSES,
    "gave up": Code.KERNEL_GAVE_UP,
    "hidden body": Code.BODY_HIDDEN,
    "not reached": Code.NOT_REACHED,
    "not asked": Code.NOT_CONFIRMED,
}
"""The code of every word of a kernel's that is not acceptance."""


def is_settled(verdict: KernelVerdict) -> bool:
    """Whether a kernel stands in nothing's way: it accepted, or there is no such kernel here to ask."""
    return verdict.outcome in ("accepted", "not asked")


def undecided(verdict: KernelVerdict) -> str:
    """Return what a kernel said that was asked and decided nothing."""
    return f"{verdict.kernel}, {verdict.outcome}: {verdict.detail}"


def ask_second_kernel(
    environment: Environment,
    equations: Sequence[str],
    *,
    modules: Collection[str] | None = None,
    observe: Callable[[object], None],
) -> SecondOpinion:
    """Replay what is outside Lean's own library, or ``modules`` of it with what they rest on.

    It is asked too whether the sides of ``equations`` are equal.

    ``equations`` are names of theorems ``∀ …, left = right``. Without a second kernel nothing is asked; one
    that is installed and fails was asked, and has accepted nothing. Raises: OleanError if a compiled module
    cannot be read.
    """
    with AskedInParts(observe) as asked:
        asked.hand_over(environment, modules, equations)
        return asked.opinion()


class AskedInParts:
    """A second kernel that is at work on what it was asked first, while there is more to be asked.

    Its process ends with the context. What is handed over last is what the opinion is of, and it begins with
    what was handed over before; see :class:`lean_bridge.kernel.replay.Replaying`.
    """

    def __init__(self, observe: Callable[[object], None]) -> None:
        self._observe = observe
        self._open = ExitStack()
        self._replaying: Replaying | None = None
        self._absent: SecondOpinion | None = None

    @property
    def is_asked(self) -> bool:
        """Whether anything was handed over."""
        return self._replaying is not None or self._absent is not None

    def __enter__(self) -> AskedInParts:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def hand_over(
        self, environment: Environment, modules: Collection[str] | None, equations: Sequence[str] = ()
    ) -> None:
        """Ask about modules and equations, as :func:`ask_second_kernel`, and do not wait."""
        if self._replaying is None and self._absent is None:
            try:
                kernel = find_second_kernel()
            except ToolchainNotFound as error:
                self._absent = no_second_kernel() or SecondOpinion("second kernel", why_not=str(error))
            else:
                self._replaying = self._open.enter_context(Replaying(kernel, observe=self._observe))
        if self._replaying is not None:
            self._replaying.hand_over(environment, project_declarations(environment, modules), equations)

    def opinion(self) -> SecondOpinion:
        """Wait for what is said of all that was handed over; where that is nothing, nothing is."""
        if self._replaying is None:
            return self._absent or SecondOpinion("second kernel")
        replayed = self._replaying.replay()
        label = replayed.kernel.label
        equal = {
            theorem: KernelVerdict(
                kernel=_asked_of_equations(label),
                outcome=outcome.state,
                detail=outcome.detail,
            )
            for theorem, outcome in replayed.equations.items()
        }
        return SecondOpinion(label, verdicts(replayed), equal, replayed.fault)


def no_second_kernel() -> SecondOpinion | None:
    """Return what is said where no second kernel is installed; ``None`` if one is, whether or not it runs."""
    if installed_library() is not None:
        return None
    return SecondOpinion("second kernel", why_not=NOT_INSTALLED, is_asked=False)


def acceptance(label: str, declarations: Iterable[str], equations: Iterable[str]) -> SecondOpinion:
    """Return the opinion of a kernel that accepted everything that it was asked about."""
    accepted = KernelVerdict(kernel=label, outcome="accepted")
    equal = KernelVerdict(kernel=_asked_of_equations(label), outcome="accepted")
    return SecondOpinion(label, dict.fromkeys(declarations, accepted), dict.fromkeys(equations, equal))


def _asked_of_equations(label: str) -> str:
    return f"{label}, asked whether both sides are equal"
