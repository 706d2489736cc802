"""What compiled witnesses are worth: read back, term by term, whatever Lean said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Final

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.proofs import is_proof
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary
from lean_bridge.extract.machine import (
    Machine,
    Thunk,
    Universes,
    Value,
    VLit,
    VPi,
    VProj,
    VStuck,
    universes,
    variable,
)
from lean_bridge.letters import plain
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Const, Constant, Expr, Name, spine
from lean_bridge.olean.mentions import constants_in
from lean_bridge.witness.dimensions import DEEP, UNSHOWN
from lean_bridge.witness.empty import EMPTY
from lean_bridge.witness.inhabited import Declared
from lean_bridge.witness.nothing import only_here_nothing
from lean_bridge.witness.only import left_alone
from lean_bridge.witness.render import Claim, said_name, witness_name
from lean_bridge.witness.telescope import FUEL, Binder, Telescope, telescope_of
from lean_bridge.witness.terms import UNREAD
from lean_bridge.witness.zeros import ZERO
from pybind_models import Witness
from pybind_models.catalogue import Catalogue

_GAP: Final = "sorryAx"
_ALONE: Final = "was found, and nothing is said of these"
_NOTHING: Final = "nothing was found to meet"
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ALL_ALIKE: Final = frozenset({"Decidable", "Inhabited", "SizeOf"})
"""Classes of Lean's own that say nothing of a type by which its instances could differ for a theorem."""


class Judge:
    """Says what compiled witnesses are worth, whatever was or was not reported about them."""

    def __init__(self, compiled: Environment, catalogue: Catalogue) -> None:
        self._compiled = compiled
        self._named = {entry.name: {*entry.model, *catalogue.model} for entry in catalogue.declarations}
        self._collector = AxiomCollector(compiled)
        self._declared = Declared(compiled, lambda name: self._collector.collect(name).fault is None)
        self._hashes = StructuralHashes(compiled)
        self._vocabulary = Vocabulary(self._hashes)

    def judge(self, claim: Claim, label: str, module: Name) -> Witness | Telescope:
        """Return what a compiled theorem is a witness of, or what else the claim takes there."""
        name = witness_name(module, claim, label)
        theorem, constant = self._compiled.constant(name), self._compiled.constant(claim.name)
        assert constant is not None, claim.name
        if theorem is None or theorem.value is None or self._compiled.module_of(name) != module:
            return not_met(f"{module} was compiled, and has no theorem {name}")
        applied = applied_to(theorem.value, said_name(module), claim.name)
        binders = claim.telescope.binders
        if applied is None or len(applied[1]) != len(binders):
            return not_met(f"{name} was compiled, and does not apply {claim.name}")
        given, arguments = universes(constant, applied[0].levels), applied[1]
        gaps = [
            at
            for at, argument in enumerate(arguments)
            if at not in claim.open and _GAP in constants_in([argument])
        ]
        if gaps:
            return not_met(_unmet(claim, gaps))
        # where a hypothesis is open, what is applied to it has that gap: the rest is asked about alone
        told = [argument for at, argument in enumerate(arguments) if at not in claim.open]
        for each in sorted(constants_in(told)) if claim.open else [name]:
            foundation = self._collector.collect(each)
            if foundation.fault is not None:
                return not_met(f"{each} rests on {foundation.path[-1]}: {foundation.fault.reason}")
        instantiated: list[str] = []
        model: dict[Name, None] = {}
        machine = Machine(self._compiled, held=lambda _: False, fuel=FUEL)
        for at, (binder, argument) in enumerate(zip(binders, arguments, strict=True)):
            value = self._value(binder, argument, machine)
            if value == "0":
                return not_met(
                    f"only {binder.shown} = 0 was found, and nothing is said of dimensions that are 0"
                )
            if value is None and binder.is_nat:
                return not_met(f"{binder.shown} was met by what is no numeral, and may be 0")
            if value is not None:
                instantiated.append(f"{binder.shown} := {value}")
            if binder.head is not None and self._compiled.is_class(binder.head):
                if _is_built(spine(argument)[0], self._compiled):
                    return not_met(_unmet(claim, [at]))
                own = [each for each in sorted(constants_in([argument])) if self._compiled.is_own(each)]
                if strangers := [each for each in own if not self._may_meet(each, module, binder, claim)]:
                    return not_met(
                        f"[{binder.head}] is met only by {plain(strangers[0])}, an instance of the library's "
                        "own; name it as the model in the catalogue, if it is one"
                    )
                model |= dict.fromkeys(own)
        if (stranger := self._stranger(constant, module, claim, told)) is not None:
            return not_met(
                f"it is met only by {plain(stranger)}, an instance of the library's own; name it as the "
                "model in the catalogue, if it is one"
            )
        more = self._more(claim, constant, arguments, machine, given)
        if isinstance(more, Witness | Telescope):
            return more
        alone = left_alone(self._compiled, constant, claim.telescope, arguments, given, [*claim.open])
        if alone is not None:
            at, what = alone
            return not_met(f"only {binders[at].shown} that {what} {_ALONE}")
        return Witness(
            outcome="open" if claim.open else "met",
            model=tuple(model),
            instantiated=tuple(instantiated),
            theorem=name,
            module=module,
            open={claim.telescope.called(at): why for at, why in claim.open.items()},
        )

    def _more(
        self,
        claim: Claim,
        constant: Constant,
        arguments: Sequence[Expr],
        machine: Machine,
        given: Universes | None,
    ) -> Witness | Telescope | None:
        """Return what a claim takes besides where it is applied to these arguments, if it does."""
        try:
            said = _claimed(machine, constant, arguments, given)
            assert said is not None, claim.name
            rest = telescope_of(self._compiled, machine, said)
            if rest.binders:
                return Telescope((*claim.telescope.binders, *rest.binders), rest.refutes)
            if (vanishing := self._vanishing(claim, constant, arguments, given)) is not None:
                return vanishing
        except UNREAD as error:
            return not_met(f"what it takes cannot be read: {error}")
        is_open = bool(claim.open) and rest.behind == _GAP
        if rest.behind is None or is_open or self._says_a_word(constant, arguments, given):
            return None
        return not_met(f"what it claims stands behind {plain(rest.behind)}, and may take more")

    def _vanishing(
        self, claim: Claim, constant: Constant, arguments: Sequence[Expr], given: Universes | None
    ) -> Witness | None:
        """Return what is said where a type that is ranged over has nothing, or may have nothing."""
        nothings = only_here_nothing(
            self._compiled, constant.type, arguments, self._declared, self._named[claim.name], given
        )
        for at, why in nothings:
            if claim.open and why == _GAP:
                continue
            binders = claim.telescope.binders
            where = f"{binders[at].shown} has" if at < len(binders) else "it claims something of"
            if why == EMPTY:
                return not_met(f"{where} a domain that is empty, and nothing is said of these")
            if why == DEEP:
                return not_met(f"{where} types of more parts than are looked into")
            if why.startswith(UNSHOWN):
                return not_met(
                    f"{where} a domain of which nothing was found, {plain(why.removeprefix(UNSHOWN))}, and "
                    'which may be empty; in the catalogue, model = "NAME" names a declaration that is of it'
                )
            said = (
                "is 0, and nothing is said of these" if why == ZERO else f"{plain(why)} hides, and may be 0"
            )
            return not_met(f"{where} a dimension that {said}")
        return None

    def _says_a_word(self, constant: Constant, arguments: Sequence[Expr], given: Universes | None) -> bool:
        """Whether what is claimed of arguments is a relation that the tool knows, as ≤ of its reals."""
        machine = Machine(self._compiled, held=lambda each: self._vocabulary.is_word(each.name), fuel=FUEL)
        try:
            said = _claimed(machine, constant, arguments, given)
        except UNREAD:
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
        except UNREAD:
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


def _claimed(
    machine: Machine, constant: Constant, arguments: Sequence[Expr], given: Universes | None
) -> Value | None:
    """Return what a theorem says of arguments; nothing, where it does not take as many."""
    type_ = machine.evaluate(constant.type, given)
    for argument in arguments:
        if not isinstance(type_, VPi):
            return None
        type_ = machine.instantiate(type_, Thunk(argument, None))
    return type_


def applied_to(value: Expr, said: Name, name: Name) -> tuple[Const, list[Expr]] | None:
    """Return the theorem that a witness applies, and to what; ``None`` if it is of another form."""
    head, given = spine(value)
    if not isinstance(head, Const) or head.name != said or len(given) != 2:
        return None
    inner, arguments = spine(given[1])
    return (inner, arguments) if isinstance(inner, Const) and inner.name == name else None


def not_met(detail: str) -> Witness:
    """Return that nothing was met, and why."""
    return Witness(outcome="not met", detail=detail)


def not_ended(claim: Claim) -> Witness:
    """Return that Lean came to no end with a theorem, or died of it, and what its author can do."""
    asked = [at for at, each in enumerate(claim.telescope.binders) if not each.is_evident]
    gaps = [at for at in asked or range(len(claim.telescope.binders)) if at not in claim.open]
    return not_met(f"Lean came to no end with what is tried, or died of it: {_unmet(claim, gaps)}")


def is_gap(result: Witness | Telescope) -> bool:
    """Whether what was compiled leaves a binder open."""
    return isinstance(result, Witness) and (result.detail or "").startswith(_NOTHING)


def is_alone(result: Witness | Telescope) -> bool:
    """Whether what was compiled meets a binder by nothing, as all that is tried would."""
    return isinstance(result, Witness) and (result.detail or "").endswith(_ALONE)


def _unmet(claim: Claim, gaps: Sequence[int]) -> str:
    """Return what is said where binders are not met: which they are, and what an author can do."""
    telescope = claim.telescope
    called = ", ".join(f'{_key(telescope.called(at))} = "why"' for at in gaps)
    refutes = "; a theorem that ends in False refutes its last hypothesis: write the one that fails last"
    last = refutes if telescope.refutes is not None else ""
    return (
        f'{_NOTHING} {shown_all([telescope.binders[at] for at in gaps])}; in the catalogue, model = "NAME" '
        f"names a declaration that does, and open = {{ {called} }} says that nobody does yet{last}"
    )


def _key(text: str) -> str:
    """Return a key as TOML has it."""
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def shown_all(binders: Sequence[Binder]) -> str:
    """Return what binders are called, one after another."""
    return " and ".join(binder.shown for binder in binders)
