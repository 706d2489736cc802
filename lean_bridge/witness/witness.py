"""A witness for every theorem: what it takes, met all at once, as Lean's kernel checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from lean_bridge.crosscheck.generated import IMPORTS, Checked, check_statements, shortened
from lean_bridge.events import Event, StageAdvanced, StageStarted, spending
from lean_bridge.extract.symbolic import SCALAR_CLASSES
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name, written_binders
from lean_bridge.toolchain.provider import Provider
from lean_bridge.witness.judge import Judge, is_alone, is_gap, not_ended, not_met, shown_all
from lean_bridge.witness.render import (
    HONEST,
    MOST_ROUNDS,
    REALS_MODULE,
    Claim,
    Model,
    Way,
    modules_for,
    render_claims,
    ways,
    witness_name,
)
from lean_bridge.witness.search import plan_of
from lean_bridge.witness.telescope import Telescope, read_telescope
from lean_bridge.witness.terms import REALS, UNREAD, conclusion_word, is_used
from pybind_models import Witness
from pybind_models.catalogue import Catalogue, CatalogueEntry

WITNESS_LIMIT: Final = 120.0
"""Seconds that Lean has for a generated module, of which one that it ends with takes about twenty."""

_MOST_TIMEOUTS: Final = 2
"""In how many rounds Lean may come to no end with a theorem, before it is not tried in yet other ways."""

_TIMEOUT: Final = "(deterministic) timeout"
"""What Lean says where it comes to no end."""

_STAGE: Final = "witness"
_MORE: Final = "it takes more at every turn"
_TRIED: Final = "Lean refuses what is tried to meet it by, which says nothing of the theorem: "


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What was found for the theorems of a catalogue."""

    found: Mapping[Name, Witness] = field(default_factory=dict)
    directories: tuple[Path, ...] = ()
    """Where the compiled witnesses are, if Lean was asked for any."""

    @property
    def asked(self) -> bool:
        """Whether any of it took more than a look at the binders."""
        return any(each.theorem is not None or each.outcome != "met" for each in self.found.values())

    @property
    def modules(self) -> tuple[Name, ...]:
        """The compiled modules of the witnesses."""
        return tuple(sorted({each.module for each in self.found.values() if each.module}))


def find_witnesses(
    names: Iterable[Name],
    environment: Environment,
    catalogue: Catalogue,
    library: Path,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[Event], None] = lambda _: None,
    uncompiled: Collection[str] = (),
) -> Witnesses:
    """Have Lean meet all that these theorems of a catalogue take, and look at what it found.

    ``library`` is the directory of the compiled modules that ``environment`` has loaded. A theorem is *met*
    if a compiled term applies it to something for every binder, those behind definitions included, rests on
    nothing but Lean's three axioms, has 0 for none of its natural numbers, and meets the classes of the
    tool's vocabulary and of Lean's by their own instances, or by what the catalogue names. Lean is not asked
    about theorems whose binders are met on their face (``Telescope.is_evident``), nor about those that may
    take something of ``uncompiled``, the modules that were to be compiled and were not.

    Raises: ToolchainError if Lean gives no answer; OleanError if what it compiled cannot be read.
    """
    return _Search(environment, catalogue, library, provider, workers, observe, uncompiled).run(names)


def want_reals(environment: Environment, names: Iterable[Name]) -> bool:
    """Whether Lean has to be asked about a theorem that takes scalars, so that the reals are to be there."""
    for name in names:
        constant = environment.constant(name)
        try:
            telescope = read_telescope(environment, constant.type) if constant is not None else Telescope(())
        except UNREAD:  # nobody is asked
            continue
        if not telescope.is_evident and _takes_scalars(telescope):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A claim that is tried in one way, and with which others."""

    claim: Claim
    label: str
    way: Way
    module: Name

    @property
    def subject(self) -> Name:
        """The theorem that is to be compiled, if all of its module are compiled at once."""
        return witness_name(self.module, self.claim, self.label)


class _Search:
    """One search for witnesses."""

    def __init__(
        self,
        environment: Environment,
        catalogue: Catalogue,
        library: Path,
        provider: Provider,
        workers: int,
        observe: Callable[[Event], None],
        uncompiled: Collection[str],
    ) -> None:
        self._environment = environment
        self._catalogue = catalogue
        self._library = library
        self._provider = provider
        self._workers = workers
        self._observe = observe
        self._uncompiled = uncompiled
        self._directories: list[Path] = []
        self._timeouts: Counter[Name] = Counter()
        """In how many rounds Lean came to no end with a theorem."""

    def run(self, names: Iterable[Name]) -> Witnesses:
        entries = {entry.name: entry for entry in self._catalogue.declarations}
        found: dict[Name, Witness] = {}
        claims: list[Claim] = []
        for name in names:
            claim = self._claim(entries[name])
            if isinstance(claim, Witness):
                found[name] = claim
            else:
                claims.append(claim)
        for round_ in range(1, MOST_ROUNDS + 1):
            if not claims:
                break
            claims = self._ask(claims, round_, found)
        return Witnesses(found, tuple(self._directories))

    def _claim(self, entry: CatalogueEntry) -> Claim | Witness:
        """Return what Lean is to be asked about a theorem, or the witness that it needs no asking for."""
        constant = self._environment.constant(entry.name)
        assert constant is not None, entry.name
        try:
            telescope = read_telescope(self._environment, constant.type)
        except UNREAD as error:
            return Witness(outcome="not met", detail=f"what it takes cannot be read: {error}")
        open_: dict[int, str] = {}
        for said, why in entry.open.items():
            places = telescope.places_of(said)
            if len(places) != 1:
                takes = ", ".join(f"{at}: {each.shown}" for at, each in enumerate(telescope.binders, start=1))
                which = "no such thing" if not places else "several of these, to be told by their numbers"
                reason = (
                    f"the catalogue calls {said} open, and the theorem takes {which}: {takes or 'nothing'}"
                )
                return not_met(reason)
            open_[places[0]] = why
        if telescope.is_evident and not open_:
            return Witness(outcome="met")
        if (absent := self._absent(entry, telescope)) is not None:
            return not_met(f"not compiled: {absent}, which may be to meet it")
        known_models = {name: self._environment.constant(name) is not None for name in entry.model}
        if missing := [name for name, is_there in known_models.items() if not is_there]:
            return not_met(f"the catalogue names {missing[0]} to meet it by, and no module defines that")
        return Claim(entry.name, telescope, len(telescope.binders), self._fitting(entry, telescope), open_)

    def _absent(self, entry: CatalogueEntry, telescope: Telescope) -> Name | None:
        """Return what may be to meet a theorem and is not there, where not all was compiled."""
        if not self._uncompiled:
            return None
        wanted = [*entry.model, *self._catalogue.model]
        if REALS_MODULE in self._uncompiled and _takes_scalars(telescope):
            wanted += (REALS, HONEST)
        return next((name for name in wanted if self._environment.constant(name) is None), None)

    def _fitting(self, entry: CatalogueEntry, telescope: Telescope) -> tuple[Model, ...]:
        """Return what the catalogue names for a theorem that is of the words of its binders, or of theirs."""
        named = dict.fromkeys((*entry.model, *self._catalogue.model))
        models = [self._model(name) for name in named if self._environment.constant(name) is not None]
        words = {binder.word for binder in telescope.binders} | {REALS}
        kept: list[Model] = []
        while more := [each for each in models if each.word in words and each not in kept]:
            kept += more
            words |= {word for each in more for is_written, word in each.parameters if is_written}
        return tuple(each for each in models if each in kept)

    def _model(self, name: Name) -> Model:
        constant = self._environment.constant(name)
        assert constant is not None
        binders = written_binders(constant.type)
        # what something later depends on is found by unification
        parameters = (
            (binder.info == "default" and not is_used(binder.body), conclusion_word(binder.type))
            for binder in binders
        )
        return Model(name, conclusion_word(constant.type), tuple(parameters))

    @cached_property
    def _has_reals(self) -> bool:
        return all(self._environment.constant(name) is not None for name in (REALS, HONEST))

    def _ask(self, claims: Sequence[Claim], round_: int, found: dict[Name, Witness]) -> list[Claim]:
        """Have Lean try the first way for each claim, or all of them; return what is to be asked again."""
        attempts = self._attempts(claims, round_)
        groups: dict[Name, list[_Attempt]] = {}
        for attempt in attempts:
            groups.setdefault(attempt.module, []).append(attempt)
        checked = check_statements(
            groups,
            self._render,
            [self._library],
            self._provider,
            workers=self._workers,
            observe=self._observe,
        )
        self._directories.append(checked.directory)
        with spending(self._observe, "read witnesses"):
            results, nearest = self._judged(claims, attempts, checked)
        left_alone = self._left_alone(attempts, checked)
        again: list[Claim] = []
        for claim in claims:
            more = next((each for each in results[claim.name] if isinstance(each, Telescope)), None)
            witnesses = [each for each in results[claim.name] if isinstance(each, Witness)]
            met = next((each for each in witnesses if each.detail is None), None)
            told = nearest.get(claim.name, found.get(claim.name))
            earlier = told if more is None and isinstance(told, Witness) else None
            found[claim.name] = met or _most_telling(earlier, witnesses)
            if (
                met is None
                and claim.name not in left_alone
                and not (round_ > 1 and any(map(is_alone, witnesses)))
                and (more is not None or round_ < MOST_ROUNDS - 1)
            ):
                is_planned = more is None and claim.plan.types is not None
                again.append(claim if is_planned else self._planned(claim, more or claim.telescope))
        return again

    def _judged(
        self, claims: Sequence[Claim], attempts: Sequence[_Attempt], checked: Checked[_Attempt]
    ) -> tuple[dict[Name, list[Witness | Telescope]], dict[Name, Witness | Telescope]]:
        """Return what became of the attempts at each claim; and, of those that fail, what came nearest."""
        compiled = self._environment.extended(checked.directory)
        compiled.closure(checked.compiled)
        judge = Judge(compiled, self._catalogue)
        compiled_in = {each.subject: module for module, group in checked.compiled.items() for each in group}
        results: dict[Name, list[Witness | Telescope]] = {claim.name: [] for claim in claims}
        nearest: dict[Name, Witness | Telescope] = {}
        self._observe(StageStarted(_STAGE, len(attempts)))
        for attempt in attempts:
            claim = attempt.claim
            if attempt.subject in checked.fatal:
                results[claim.name].append(not_ended(claim))
            elif attempt.subject in checked.refusals:
                results[claim.name].append(not_met(_refused(claim, checked.refusals[attempt.subject])))
            else:
                result = judge.judge(claim, attempt.label, compiled_in[attempt.subject])
                # a search that failed leaves everything open, and so tells nothing, but of what came nearest
                if attempt.way.choice.nearest and is_gap(result):
                    nearest[claim.name] = result
                elif attempt.way.searches is None or not is_gap(result):
                    results[claim.name].append(result)
            self._observe(StageAdvanced(f"reading what meets {claim.name}"))
        return results, nearest

    def _left_alone(self, attempts: Sequence[_Attempt], checked: Checked[_Attempt]) -> set[Name]:
        """Return the theorems that are not to be tried again, as each time takes minutes.

        Lean dies of them, or came to no end with them in several rounds.
        """
        slow = {each.claim.name for each in attempts if _TIMEOUT in checked.refusals.get(each.subject, "")}
        self._timeouts.update(slow)
        fatal = {each.claim.name for each in attempts if each.subject in checked.fatal}
        return fatal | {name for name in slow if self._timeouts[name] >= _MOST_TIMEOUTS}

    def _planned(self, claim: Claim, telescope: Telescope) -> Claim:
        constant = self._environment.constant(claim.name)
        assert constant is not None
        plan = plan_of(self._environment, constant, telescope)
        return replace(claim, telescope=telescope, plan=plan)

    def _attempts(self, claims: Sequence[Claim], round_: int) -> list[_Attempt]:
        """Return what is tried in a round: every claim in each of its ways."""
        tried = [self._ways(claim, round_) for claim in claims]
        modules = modules_for([len(each) for each in tried], round_)
        return [
            _Attempt(claim, label, way, module)
            for claim, labelled, module in zip(claims, tried, modules, strict=True)
            for label, way in labelled.items()
        ]

    def _ways(self, claim: Claim, round_: int) -> Mapping[str, Way]:
        tried = ways(claim, round_, has_reals=self._has_reals and _takes_scalars(claim.telescope))
        return {f"{round_}_{number}": way for number, way in enumerate(tried, start=1)}

    def _render(self, module: Name, attempts: Sequence[_Attempt]) -> tuple[str, tuple[range, ...]]:
        """Return the module of attempts, and the lines of each."""
        claims = [attempt.claim for attempt in attempts]
        names = {claim.name for claim in claims} | {model.name for each in claims for model in each.models}
        imports = {defining for defining in map(self._environment.module_of, names) if defining is not None}
        has_reals = self._has_reals and any(_takes_scalars(claim.telescope) for claim in claims)
        if has_reals:
            imports |= {at for at in map(self._environment.module_of, (REALS, HONEST)) if at is not None}
        return render_claims(
            [(attempt.claim, attempt.label, attempt.way) for attempt in attempts],
            module,
            imports,
            is_module=all(self._environment.module(name).is_module for name in imports),
            has_reals=has_reals,
        )


def _takes_scalars(telescope: Telescope) -> bool:
    return any(binder.head in SCALAR_CLASSES for binder in telescope.binders)


def _most_telling(earlier: Witness | None, witnesses: Sequence[Witness]) -> Witness:
    """Return what to say where nothing is met: why what meets all is refused, or else what came first.

    If so, also that 0 alone meets it.
    """
    zero = next((each for each in witnesses if (each.detail or "").startswith("only ")), None)
    known = [earlier] if earlier is not None and earlier.detail != _MORE else []
    told = [*known, *witnesses]
    first = min(told, key=_rank, default=not_met(_MORE))
    if zero is None or zero == first or (first.detail or "").startswith("only "):
        return first
    return not_met(f"{zero.detail}; otherwise {first.detail}")


def _rank(witness: Witness) -> int:
    """Return how much less than others it tells that something is no witness."""
    if (witness.detail or "").startswith(_TRIED):
        return 2
    return 1 if is_gap(witness) or (witness.detail or "").startswith("only ") else 0


def _refused(claim: Claim, message: str) -> str:
    """Return what it means that Lean refuses what is tried: what is tried is ours, and not the author's."""
    if besides := claim.telescope.binders[claim.first :]:
        return (
            f"it takes {shown_all(besides)} besides, at least for some values, and nothing was found to meet "
            'that; in the catalogue, model = "NAME" names a declaration that does'
        )
    return shortened(message if message.startswith(IMPORTS) else f"{_TRIED}{message}")
