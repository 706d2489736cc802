"""A witness for every theorem: what it takes, met all at once, as Lean's kernel checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.proofs import is_proof
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary
from lean_bridge.crosscheck.generated import check_statements, shortened
from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.events import BuildEvent
from lean_bridge.extract.machine import Machine, Thunk, Value, VLit, VPi, VProj, VStuck, variable
from lean_bridge.letters import plain
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Const, Constant, Expr, Name, spine, written_binders
from lean_bridge.olean.mentions import constants_in
from lean_bridge.toolchain.provider import Provider
from lean_bridge.witness.dimensions import ZERO, only_here_nothing
from lean_bridge.witness.empty import EMPTY
from lean_bridge.witness.render import (
    HONEST,
    MOST_ROUNDS,
    Claim,
    Model,
    Way,
    modules_for,
    render_claims,
    said_name,
    ways,
    witness_name,
)
from lean_bridge.witness.search import plan_of
from lean_bridge.witness.telescope import (
    FUEL,
    Binder,
    Telescope,
    conclusion_word,
    is_used,
    read_telescope,
    telescope_of,
)
from lean_bridge.witness.terms import REALS
from pybind_models import Witness
from pybind_models.catalogue import Catalogue, CatalogueEntry

_GAP: Final = "sorryAx"
_NOTHING: Final = "nothing was found to meet"
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MORE: Final = "it takes more at every turn"
_ALL_ALIKE: Final = frozenset({"Decidable", "Inhabited", "SizeOf"})
"""Classes of Lean's own that say nothing of a type by which its instances could differ for a theorem."""


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
    observe: Callable[[BuildEvent], None] = lambda _: None,
) -> Witnesses:
    """Have Lean meet all that these theorems of a catalogue take, and look at what it found.

    ``library`` is the directory of the compiled modules that ``environment`` has loaded. A theorem is *met*
    if a compiled term applies it to something for every binder, those behind definitions included, rests on
    nothing but Lean's three axioms, has 0 for none of its natural numbers, and meets the classes of the
    tool's vocabulary and of Lean's by their own instances, or by what the catalogue names. Lean is not asked
    about theorems whose binders are met on their face (``Telescope.is_evident``).

    Raises: ToolchainError if Lean gives no answer; OleanError if what it compiled cannot be read.
    """
    return _Search(environment, catalogue, library, provider, workers, observe).run(names)


def want_reals(environment: Environment, names: Iterable[Name]) -> bool:
    """Whether Lean has to be asked about a theorem that takes scalars, so that the reals are to be there."""
    for name in names:
        constant = environment.constant(name)
        try:
            telescope = read_telescope(environment, constant.type) if constant is not None else Telescope(())
        except (OutOfFuel, UnsupportedTerm):  # nobody is asked
            continue
        if not telescope.is_evident and _takes_scalars(telescope):
            return True
    return False


_SCALARS: Final = frozenset(
    f"Proofs.Autograd.{name}" for name in ("AnalyticScalar", "Archimedean", "ScalarOps")
)


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
        observe: Callable[[BuildEvent], None],
    ) -> None:
        self._environment = environment
        self._catalogue = catalogue
        self._library = library
        self._provider = provider
        self._workers = workers
        self._observe = observe
        self._directories: list[Path] = []

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
        except (OutOfFuel, UnsupportedTerm) as error:
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
                return _not_met(reason)
            open_[places[0]] = why
        if telescope.is_evident and not open_:
            return Witness(outcome="met")
        known_models = {name: self._environment.constant(name) is not None for name in entry.model}
        if missing := [name for name, is_there in known_models.items() if not is_there]:
            return _not_met(f"the catalogue names {missing[0]} to meet it by, and no module defines that")
        return Claim(entry.name, telescope, len(telescope.binders), self._fitting(entry, telescope), open_)

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
        compiled = self._environment.extended(checked.directory)
        compiled.closure(checked.compiled)
        judge = Judge(compiled, self._catalogue)
        compiled_in = {each.subject: module for module, group in checked.compiled.items() for each in group}
        results: dict[Name, list[Witness | Telescope]] = {claim.name: [] for claim in claims}
        for attempt in attempts:
            claim = attempt.claim
            if attempt.subject in checked.refusals:
                said = shortened(checked.refusals[attempt.subject])
                besides = claim.telescope.binders[claim.first :]
                reason = f"it takes {_shown(besides)} besides: {said}" if besides else said
                results[claim.name].append(_not_met(reason))
            else:
                result = judge.judge(claim, attempt.label, compiled_in[attempt.subject])
                # a search that failed leaves everything open, and so tells nothing
                if attempt.way.searches is None or not _is_gap(result):
                    results[claim.name].append(result)
        again: list[Claim] = []
        for claim in claims:
            more = next((each for each in results[claim.name] if isinstance(each, Telescope)), None)
            witnesses = [each for each in results[claim.name] if isinstance(each, Witness)]
            met = next((each for each in witnesses if each.detail is None), None)
            earlier = found.get(claim.name) if more is None else None
            found[claim.name] = met or _most_telling(earlier, witnesses)
            if met is None and (more is not None or round_ < MOST_ROUNDS - 1):
                again.append(self._planned(claim if more is None else replace(claim, telescope=more)))
        return again

    def _planned(self, claim: Claim) -> Claim:
        constant = self._environment.constant(claim.name)
        assert constant is not None
        return replace(claim, plan=plan_of(self._environment, constant, claim.telescope))

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
    return any(binder.head in _SCALARS for binder in telescope.binders)


def _is_gap(result: Witness | Telescope) -> bool:
    return isinstance(result, Witness) and (result.detail or "").startswith(_NOTHING)


def _unmet(claim: Claim, gaps: Sequence[int]) -> str:
    """Return what is said where binders are not met: which they are, and what an author can do."""
    telescope = claim.telescope
    called = ", ".join(f'{_key(telescope.called(at))} = "why"' for at in gaps)
    refutes = "; a theorem that ends in False refutes its last hypothesis: write the one that fails last"
    last = refutes if telescope.refutes is not None else ""
    return (
        f'{_NOTHING} {_shown([telescope.binders[at] for at in gaps])}; in the catalogue, model = "NAME" '
        f"names a declaration that does, and open = {{ {called} }} says that nobody does yet{last}"
    )


def _key(text: str) -> str:
    """Return a key as TOML has it."""
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _most_telling(earlier: Witness | None, witnesses: Sequence[Witness]) -> Witness:
    """Return what to say where nothing is met: besides what came first that 0 alone meets it, if so."""
    zero = next((each for each in witnesses if (each.detail or "").startswith("only ")), None)
    known = [earlier] if earlier is not None and earlier.detail != _MORE else []
    first = next(iter((*known, *witnesses)), _not_met(_MORE))
    if zero is None or zero == first or (first.detail or "").startswith("only "):
        return first
    return _not_met(f"{zero.detail}; otherwise {first.detail}")


def _not_met(detail: str) -> Witness:
    return Witness(outcome="not met", detail=detail)


class Judge:
    """Says what compiled witnesses are worth, whatever was or was not reported about them."""

    def __init__(self, compiled: Environment, catalogue: Catalogue) -> None:
        self._compiled = compiled
        self._named = {entry.name: {*entry.model, *catalogue.model} for entry in catalogue.declarations}
        self._collector = AxiomCollector(compiled)
        self._hashes = StructuralHashes(compiled)
        self._vocabulary = Vocabulary(self._hashes)

    def judge(self, claim: Claim, label: str, module: Name) -> Witness | Telescope:
        """Return what a compiled theorem is a witness of, or what else the claim takes there."""
        name = witness_name(module, claim, label)
        theorem, constant = self._compiled.constant(name), self._compiled.constant(claim.name)
        assert constant is not None, claim.name
        if theorem is None or theorem.value is None or self._compiled.module_of(name) != module:
            return _not_met(f"{module} was compiled, and has no theorem {name}")
        arguments = applied_to(theorem.value, said_name(module), claim.name)
        binders = claim.telescope.binders
        if arguments is None or len(arguments) != len(binders):
            return _not_met(f"{name} was compiled, and does not apply {claim.name}")
        gaps = [
            at
            for at, argument in enumerate(arguments)
            if at not in claim.open and _GAP in constants_in([argument])
        ]
        if gaps:
            return _not_met(_unmet(claim, gaps))
        # where a hypothesis is open, what is applied to it has that gap: the rest is asked about alone
        told = [argument for at, argument in enumerate(arguments) if at not in claim.open]
        for each in sorted(constants_in(told)) if claim.open else [name]:
            foundation = self._collector.collect(each)
            if foundation.fault is not None:
                return _not_met(f"{each} rests on {foundation.path[-1]}: {foundation.fault.reason}")
        instantiated: list[str] = []
        model: dict[Name, None] = {}
        machine = Machine(self._compiled, held=lambda _: False, fuel=FUEL)
        for at, (binder, argument) in enumerate(zip(binders, arguments, strict=True)):
            value = self._value(binder, argument, machine)
            if value == "0":
                return _not_met(
                    f"only {binder.shown} = 0 was found, and nothing is said of dimensions that are 0"
                )
            if value is None and binder.is_nat:
                return _not_met(f"{binder.shown} was met by what is no numeral, and may be 0")
            if value is not None:
                instantiated.append(f"{binder.shown} := {value}")
            if binder.head is not None and self._compiled.is_class(binder.head):
                if _is_built(spine(argument)[0], self._compiled):
                    return _not_met(_unmet(claim, [at]))
                own = [each for each in sorted(constants_in([argument])) if self._compiled.is_own(each)]
                if strangers := [each for each in own if not self._may_meet(each, module, binder, claim)]:
                    return _not_met(
                        f"[{binder.head}] is met only by {plain(strangers[0])}, an instance of the library's "
                        "own; name it as the model in the catalogue, if it is one"
                    )
                model |= dict.fromkeys(own)
        if (stranger := self._stranger(constant, module, claim, told)) is not None:
            return _not_met(
                f"it is met only by {plain(stranger)}, an instance of the library's own; name it as the "
                "model in the catalogue, if it is one"
            )
        more = self._more(claim, constant, arguments, machine)
        if isinstance(more, Witness | Telescope):
            return more
        return Witness(
            outcome="open" if claim.open else "met",
            model=tuple(model),
            instantiated=tuple(instantiated),
            theorem=name,
            module=module,
            open={claim.telescope.called(at): why for at, why in claim.open.items()},
        )

    def _more(
        self, claim: Claim, constant: Constant, arguments: Sequence[Expr], machine: Machine
    ) -> Witness | Telescope | None:
        """Return what a claim takes besides where it is applied to these arguments, if it does."""
        try:
            said = _claimed(machine, constant, arguments)
            assert said is not None, claim.name
            rest = telescope_of(self._compiled, machine, said)
            if rest.binders:
                return Telescope((*claim.telescope.binders, *rest.binders), rest.refutes)
            if (vanishing := self._vanishing(claim, constant, arguments)) is not None:
                return vanishing
        except (OutOfFuel, UnsupportedTerm) as error:
            return _not_met(f"what it takes cannot be read: {error}")
        is_open = bool(claim.open) and rest.behind == _GAP
        if rest.behind is None or is_open or self._says_a_word(constant, arguments):
            return None
        return _not_met(f"what it claims stands behind {plain(rest.behind)}, and may take more")

    def _vanishing(self, claim: Claim, constant: Constant, arguments: Sequence[Expr]) -> Witness | None:
        """Return what is said where a type that is ranged over has nothing, or may have nothing."""
        for at, why in only_here_nothing(self._compiled, constant.type, arguments):
            if claim.open and why == _GAP:
                continue
            binders = claim.telescope.binders
            where = f"{binders[at].shown} has" if at < len(binders) else "it claims something of"
            if why == EMPTY:
                return _not_met(f"{where} a domain that is empty, and nothing is said of these")
            said = (
                "is 0, and nothing is said of these" if why == ZERO else f"{plain(why)} hides, and may be 0"
            )
            return _not_met(f"{where} a dimension that {said}")
        return None

    def _says_a_word(self, constant: Constant, arguments: Sequence[Expr]) -> bool:
        """Whether what is claimed of arguments is a relation that the tool knows, as ≤ of its reals."""
        machine = Machine(self._compiled, held=lambda each: self._vocabulary.is_word(each.name), fuel=FUEL)
        try:
            said = _claimed(machine, constant, arguments)
        except (OutOfFuel, UnsupportedTerm):
            return False
        if not isinstance(said, VProj) or not self._compiled.is_class(said.struct):
            return False
        return isinstance(said.of, VStuck) and self._vocabulary.is_word(said.of.head)

    def _value(self, binder: Binder, argument: Expr, machine: Machine) -> str | None:
        """Return what a type, a class or a number was chosen to be, written to be read."""
        if binder.is_nat:
            number = machine.evaluate(argument)
            return str(number.value) if isinstance(number, VLit) else None
        head, given = spine(argument)
        if isinstance(head, Const) and head.name == "inferInstance" and len(given) > 1:
            head, _ = spine(given[1])
        if binder.is_family or (binder.head is not None and self._compiled.is_class(binder.head)):
            return plain(head.name) if isinstance(head, Const) else None
        return None

    def _stranger(self, constant: Constant, module: Name, claim: Claim, told: Sequence[Expr]) -> Name | None:
        """Return an instance that stands somewhere in what a theorem is applied to, and is not to be there.

        Such are instances of the library's own, of classes that are not its own, for types that are not
        either; and those that are put together on the spot. Those of which the theorem itself speaks are
        none, as it says what it is about.
        """
        named = self._named[claim.name]
        mentioned = sorted(constants_in(told))
        if (made := next(filter(self._makes_instance, mentioned), None)) is not None:
            return made
        chosen = [
            name
            for name in mentioned
            if self._compiled.is_own(name) and self._compiled.module_of(name) != module and name not in named
        ]
        spoken = self._hashes.underneath(constant.name) if chosen else {}
        return next((name for name in chosen if name not in spoken and self._overrides(name, spoken)), None)

    def _makes_instance(self, name: Name) -> bool:
        """Whether a constant puts an instance together of a class that is not the library's own."""
        constant = self._compiled.constant(name)
        if (
            constant is None
            or constant.kind != "constructor"
            or not self._compiled.is_class(constant.inductive)
        ):
            return False
        class_ = constant.inductive
        is_alike = class_ in _ALL_ALIKE or is_proof(name, self._compiled)
        return not is_alike and not self._is_librarys(class_)

    def _overrides(self, name: Name, spoken: Collection[Name]) -> bool:
        """Whether a constant is an instance of a class of others, for what is not spoken of."""
        constant = self._compiled.constant(name)
        if constant is None or is_proof(name, self._compiled) or self._vocabulary.is_word(name):
            return False
        machine = Machine(self._compiled, held=lambda _: False, fuel=FUEL)
        try:
            type_, given = machine.evaluate(constant.type), 0
            while isinstance(type_, VPi):
                type_, given = machine.instantiate(type_, variable(f"b{given}")), given + 1
            if not isinstance(type_, VStuck) or not self._compiled.is_class(type_.head):
                return False
            subjects = [each.head for each in map(machine.force, type_.args) if isinstance(each, VStuck)]
        except (OutOfFuel, UnsupportedTerm):
            return True
        is_spoken = any(each in spoken and self._compiled.is_own(each) for each in subjects)
        return not self._is_librarys(type_.head) and type_.head not in _ALL_ALIKE and not is_spoken

    def _is_librarys(self, class_: Name) -> bool:
        """Whether the library declares a class, so that only it can say what its instances are."""
        return self._compiled.is_own(class_) and not self._vocabulary.is_word(class_)

    def _may_meet(self, instance: Name, module: Name, binder: Binder, claim: Claim) -> bool:
        """Whether a constant outside Lean's library may stand in an instance of a binder's class."""
        is_librarys = self._is_librarys(binder.head or "")
        is_generated = self._compiled.module_of(instance) == module
        is_alike = is_proof(instance, self._compiled)  # as any two of these are
        named = instance in self._named[claim.name]
        return is_librarys or is_generated or is_alike or named or self._vocabulary.is_word(instance)


def _is_built(head: Expr, compiled: Environment) -> bool:
    """Whether an instance is put together on the spot, and none that anybody has declared."""
    constant = compiled.constant(head.name) if isinstance(head, Const) else None
    return constant is not None and constant.kind == "constructor"


def _claimed(machine: Machine, constant: Constant, arguments: Sequence[Expr]) -> Value | None:
    """Return what a theorem says of arguments; nothing, where it does not take as many."""
    type_ = machine.evaluate(constant.type)
    for argument in arguments:
        if not isinstance(type_, VPi):
            return None
        type_ = machine.instantiate(type_, Thunk(argument, None))
    return type_


def applied_to(value: Expr, said: Name, name: Name) -> list[Expr] | None:
    """Return what a witness applies a theorem to; ``None`` if it is of another form."""
    head, given = spine(value)
    if not isinstance(head, Const) or head.name != said or len(given) != 2:
        return None
    inner, arguments = spine(given[1])
    return arguments if isinstance(inner, Const) and inner.name == name else None


def _shown(binders: Sequence[Binder]) -> str:
    return " and ".join(binder.shown for binder in binders)
