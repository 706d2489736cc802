"""Every declaration of a library, checked again by a second kernel."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from lean_bridge.errors import ToolchainError
from lean_bridge.events import Spent, StageAdvanced, StageStarted, spending
from lean_bridge.kernel.order import HIDDEN, Unit, is_same_unit, unit_name, units_below
from lean_bridge.kernel.session import MEMORY_LIMIT, TIME_LIMIT, Conversation, SecondKernel
from lean_bridge.kernel.stream import Stream
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import App, Const, Expr, Lam, MData, Name, Pi
from lean_bridge.olean.mentions import constants_in
from pybind_models.evidence import KernelOutcome, KernelVerdict, ReplayReport

_STAGE = "second kernel"
_RESTS_ON = "it rests on "
_WORDS: Mapping[KernelOutcome, str] = {
    "refused": "which the kernel refuses",
    "gave up": "at which the kernel gave up",
    "hidden body": "which hides its body",
    "not reached": "which was not reached",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the kernel said of one declaration or of one question."""

    state: KernelOutcome
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What became of a library in the second kernel."""

    kernel: SecondKernel
    outcomes: Mapping[Name, Outcome]
    """Of every declaration asked for or reached that did not come with Lean."""
    equations: Mapping[Name, Outcome]
    """Whether the sides of the equations asked for are equal by definition, whatever their proofs say."""
    library_checked: int
    """How many declarations of Lean's own library were checked with their bodies."""
    assumed: Mapping[Name, Outcome]
    """What of Lean's own library was taken on trust, by name, and what became of its body.

    It is not in the compiled files; or the kernel, given the body, did not accept it, as where a proof
    unfolds a definition that hides its own.
    """
    axioms: tuple[Name, ...]
    """The axioms that were reached, sorted."""
    seconds: float
    fault: str | None = None
    """Why the kernel did not get to the end, if it did not."""

    def count(self, state: KernelOutcome) -> int:
        """Return how many declarations have this outcome."""
        return sum(outcome.state == state for outcome in self.outcomes.values())


def project_declarations(
    environment: Environment, modules: Collection[Name] | None = None
) -> tuple[Name, ...]:
    """Return every constant that a kernel can judge of the modules that did not come with Lean, or of some.

    Left out are ``unsafe`` and ``partial`` ones: no proof may mention them, they are for compiled code only.
    """
    chosen = project_modules(environment) if modules is None else modules
    return tuple(
        name
        for module in map(environment.module, chosen)
        for name in module.constant_names
        if module.constant(name).safety == "safe"
    )


def project_modules(environment: Environment) -> tuple[Name, ...]:
    """Return the loaded modules that did not come with Lean."""
    return tuple(name for name in environment.modules if not environment.is_library(name))


def replay(
    environment: Environment,
    names: Sequence[Name],
    *,
    kernel: SecondKernel,
    equations: Sequence[Name] = (),
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
    observe: Callable[[object], None] | None = None,
) -> Replay:
    """Have the kernel check constants and everything they rest on, from an empty environment.

    A declaration is accepted only if all that it mentions is; what of Lean's own library has no body in its
    compiled files, or none that the kernel accepts, is assumed, and named. A process that dies or passes a
    limit gave up at what it was at, and leaves the rest unreached; ``time_limit`` is in seconds,
    ``memory_limit`` in bytes. Of theorems among ``equations`` it is asked besides whether both sides, as
    functions of what is quantified, are equal by definition.
    Raises: OleanError if a compiled module cannot be read.
    """
    with Replaying(
        kernel,
        time_limit=time_limit,
        memory_limit=memory_limit,
        observe=observe or (lambda _: None),
    ) as asked:
        asked.hand_over(environment, names, equations)
        return asked.replay()


class Replaying:
    """A replay that is asked for in parts, and goes on meanwhile; its process ends with the context.

    What is handed over last says what the replay is of. What was handed over before is its beginning, for the
    kernel to be at work on; where it is not that, declaration by declaration, the kernel starts again.
    """

    def __init__(
        self,
        kernel: SecondKernel,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        observe: Callable[[object], None] = lambda _: None,
    ) -> None:
        self._kernel = kernel
        self._limits = (time_limit, memory_limit)
        self._observe = observe
        self._seconds = 0.0
        self._asked = _Asked(Environment([]), (), (), {})
        self._open = ExitStack()
        """The conversation, and the files that it is read from."""
        self._conversation: Conversation | None = None
        self._fault: ToolchainError | None = None
        self._stream: Stream | None = None

    def __enter__(self) -> Replaying:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def hand_over(
        self, environment: Environment, names: Sequence[Name], equations: Sequence[Name] = ()
    ) -> None:
        """Ask about constants with all that they rest on, and about equations, after which there is no more.

        The process is at work on that when this returns. Raises: OleanError if a compiled module cannot be
        read.
        """
        started, told = time.monotonic(), self._observe
        told(StageStarted(_STAGE, len(names) + len(equations)))
        with spending(told, "read declarations"):
            units = units_below(
                environment, (*names, *equations), read=lambda name: told(StageAdvanced(f"reading {name}"))
            )
        known = self._asked.units
        if len(known) > len(units) or not all(map(is_same_unit, known, units)):
            self._end()
            known = ()
        sides = {name: _sides(environment, name) for name in equations}
        self._asked = _Asked(environment, tuple(names), units, sides)
        self._send([unit for unit in units[len(known) :] if unit.fault is None])
        self._seconds += time.monotonic() - started

    def replay(self) -> Replay:
        """Wait for the answers, and return what became of all that was handed over last."""
        started, asked = time.monotonic(), self._asked
        said = self._answered()
        states = said.states
        equal = iter(_pair_outcomes(asked.environment, asked.pairs, said))
        taken = [unit for unit in asked.units if states[unit.name].state == "accepted"]
        hidden = {unit.name: Outcome("hidden body", HIDDEN) for unit in taken if unit.is_assumed}
        assumed = {**hidden, **said.without_body}
        wanted = frozenset(asked.names)
        outcomes = {
            constant.name: assumed.get(unit.name, states[unit.name])
            for unit in asked.units
            for constant in unit.constants
            if not unit.is_library or constant.name in wanted
        }
        for name in asked.names:
            outcomes.setdefault(name, states.get(name, Outcome("not reached", "no declaration brings it")))
        checked = [unit for unit in taken if unit.name not in assumed]
        return Replay(
            kernel=self._kernel,
            outcomes=outcomes,
            equations={
                name: next(equal) if pair else Outcome("not reached", "it states no equation")
                for name, pair in asked.sides.items()
            },
            library_checked=sum(
                len(unit.constants) for unit in checked if unit.is_library and unit.kind != "axiom"
            ),
            assumed=dict(sorted(assumed.items())),
            axioms=tuple(sorted(unit.name for unit in checked if unit.kind == "axiom")),
            seconds=self._seconds + time.monotonic() - started,
            fault=said.fault,
        )

    def _send(self, units: Sequence[Unit]) -> None:
        """Write what is asked about units and equations, and give it to the process."""
        pairs, observe = self._asked.pairs, self._observe
        requests = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - as it says
        if self._stream is None:
            self._stream = Stream(requests)
        self._stream.file = requests
        observe(StageStarted(_STAGE, len(units)))
        with spending(observe, "write declarations"):
            for unit in units:
                self._stream.add(unit)
                observe(StageAdvanced(f"handing over {unit.name}"))
            for left, right in pairs:
                self._stream.equal(left, right)
        try:
            if self._conversation is None and self._fault is None:
                time_limit, memory_limit = self._limits
                asked = Conversation(self._kernel.library, time_limit=time_limit, memory_limit=memory_limit)
                self._conversation = self._open.enter_context(asked)
        except ToolchainError as error:
            self._fault = error
        if self._conversation is not None:
            self._conversation.ask(requests, len(units) + len(pairs))

    def _answered(self) -> _Said:
        """Wait for the answers, and return what became of units and of pairs."""
        units, pairs = self._asked.units, self._asked.pairs
        sent = [unit.name for unit in units if unit.fault is None]
        questions = len(sent) + len(pairs)
        answers: list[Outcome] = []
        without_body: dict[Name, Outcome] = {}
        fault = str(self._fault) if self._fault is not None else None
        has_begun = False
        self._observe(StageStarted(_STAGE, len(sent)))
        try:
            if self._conversation is not None:
                self._conversation.version()
                has_begun = True
            for reply in self._conversation.answers() if self._conversation is not None else ():
                if len(answers) < len(sent):
                    name = sent[len(answers)]
                    match reply.get("body"):
                        case [outcome, message]:
                            without_body[name] = _outcome({"outcome": outcome, "message": message})
                        case _:
                            pass
                    self._observe(StageAdvanced(name))
                answers.append(_outcome(reply))
        except ToolchainError as error:
            fault = str(error)
        for began, ended in self._conversation.busy if self._conversation is not None else ():
            self._observe(Spent(_STAGE, "check", began, ended))
        if len(answers) > questions or (fault is None and len(answers) < questions):
            fault = f"{len(answers)} answers to {questions} questions"
            answers.clear()
            without_body.clear()
        elif has_begun and len(answers) < questions:
            answers.append(Outcome("gave up", fault))
        answers += [Outcome("not reached", fault)] * (questions - len(answers))
        states = _chain(units, iter(answers))
        accepted = {name: body for name, body in without_body.items() if states[name].state == "accepted"}
        return _Said(states, answers[len(sent) :], accepted, fault)

    def _end(self) -> None:
        self._open.close()
        self._conversation = self._fault = self._stream = None


def equation_sides(statement: Expr) -> tuple[Expr, Expr] | None:
    """Return both sides of ``∀ …, left = right``, each as a function of what is quantified; else ``None``."""
    binders: list[Pi] = []
    while isinstance(statement, Pi | MData):
        if isinstance(statement, Pi):
            binders.append(statement)
        statement = statement.body if isinstance(statement, Pi) else statement.expr
    match statement:
        case App(App(App(Const("Eq", _), _), left), right):
            for binder in reversed(binders):
                left = Lam(binder.name, binder.type, left, binder.info)
                right = Lam(binder.name, binder.type, right, binder.info)
            return left, right
        case _:
            return None


def verdicts(replayed: Replay) -> dict[Name, KernelVerdict]:
    """Return the verdicts of a replay for reports."""
    return {
        name: KernelVerdict(kernel=replayed.kernel.label, outcome=outcome.state, detail=outcome.detail)
        for name, outcome in replayed.outcomes.items()
    }


def to_report(replayed: Replay, *, allowed_axioms: Iterable[Name]) -> ReplayReport:
    """Return the report of a replay; an axiom that is not allowed, or not Lean's own, rejects."""
    allowed = {name for name in allowed_axioms if name not in replayed.outcomes}
    faults = [f"it rests on axiom {name}" for name in replayed.axioms if name not in allowed]
    everything = [*replayed.outcomes.items(), *replayed.equations.items()]
    faults += [f"{name}: {outcome.detail}" for name, outcome in everything if outcome.state == "refused"]
    rejected = bool(faults)
    faults += [replayed.fault] if replayed.fault else []
    faults += [f"{name}: {outcome.detail}" for name, outcome in everything if outcome.state != "accepted"]
    if not replayed.outcomes:
        faults = ["nothing was checked"]
    return ReplayReport(
        verdict="rejected" if rejected else "no verdict" if faults else "accepted",
        reason=next(iter(faults), None),
        declarations=verdicts(replayed),
        library_checked=replayed.library_checked,
        assumed={name: f"{outcome.state}: {outcome.detail}" for name, outcome in replayed.assumed.items()},
        axioms=replayed.axioms,
        seconds=replayed.seconds,
    )


def _sides(environment: Environment, name: Name) -> tuple[Expr, Expr] | None:
    constant = environment.constant(name)
    return equation_sides(constant.type) if constant else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a replay is of."""

    environment: Environment
    names: tuple[Name, ...]
    units: tuple[Unit, ...]
    sides: Mapping[Name, tuple[Expr, Expr] | None]
    """Of equations, as functions of what is quantified; ``None`` for what is none."""

    @property
    def pairs(self) -> Sequence[tuple[Expr, Expr]]:
        """The sides that there are."""
        return [pair for pair in self.sides.values() if pair]


@dataclass(slots=True)
class _Said:
    """What one process answered: of units by name, of pairs in their order."""

    states: dict[Name, Outcome]
    pairs: list[Outcome]
    without_body: dict[Name, Outcome]
    """What became of the body of each unit that was accepted only as an axiom."""
    fault: str | None
    """Why there are fewer answers than questions, if so."""


def _pair_outcomes(
    environment: Environment, pairs: Sequence[tuple[Expr, Expr]], said: _Said
) -> Iterator[Outcome]:
    """Yield the outcome of each pair: accepted only if everything that it mentions is."""
    for pair, answer in zip(pairs, said.pairs, strict=True):
        required = sorted({unit_name(environment, name) for name in constants_in(pair)})
        yield _blocked(required, said.states) or answer


def _outcome(reply: dict[str, Any]) -> Outcome:
    match reply.get("outcome"), reply.get("message"):
        case "accepted", _:
            return Outcome("accepted")
        case "refused", message:
            return Outcome("refused", str(message))
        case _, message:
            return Outcome("gave up", str(message))


def _chain(units: Sequence[Unit], answers: Iterator[Outcome]) -> dict[Name, Outcome]:
    """Return the outcome of every unit: accepted only after all that it requires."""
    states: dict[Name, Outcome] = {}
    for unit in units:
        if unit.fault is not None:
            states[unit.name] = Outcome("hidden body" if unit.is_hidden else "not reached", unit.fault)
            continue
        answer = next(answers)
        if answer.state == "accepted" and any(name not in states for name in unit.requires):
            answer = Outcome("not reached", "it rests on itself")
        states[unit.name] = _blocked(unit.requires, states) or answer
    return states


def _blocked(required: Iterable[Name], states: Mapping[Name, Outcome]) -> Outcome | None:
    """Return why something is not reached: because of the first requirement that was not accepted, if any."""
    for name in required:
        state = states.get(name)
        if state is None or state.state == "accepted":
            continue
        if state.state == "not reached" and state.detail and state.detail.startswith(_RESTS_ON):
            return state
        return Outcome("not reached", f"{_RESTS_ON}{name}, {_WORDS[state.state]}: {state.detail}")
    return None
