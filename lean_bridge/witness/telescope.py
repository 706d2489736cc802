"""What a theorem takes before it claims anything: its binders, those behind definitions included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lean_bridge.extract.machine import Declarations, Machine, Value, VPi, VSort, VStuck, variable
from lean_bridge.letters import plain
from lean_bridge.olean.expr import (
    BinderInfo,
    Const,
    Expr,
    Name,
    bare,
    written_binders,
)
from lean_bridge.witness.behind import what_hides
from lean_bridge.witness.empty import INHABITED
from lean_bridge.witness.nothing import may_vanish
from lean_bridge.witness.terms import conclusion_word

FUEL: Final = 200_000
"""Steps of reduction for one statement; those of this library take some hundreds."""


@dataclass(frozen=True, slots=True)
class Binder:
    """One thing that a theorem takes."""

    name: Name
    info: BinderInfo
    is_family: bool
    """Whether it is a type, a proposition, or a function to one of these."""
    is_evident: bool
    """Whether there is such a thing, without anybody being asked."""
    depth: int
    """How many arguments a function that is such a thing takes."""
    head: Name | None
    """The constant that its type is made of, after all that unfolds is unfolded."""
    word: Name | None = None
    """The constant that its type is made of as it is written, under what it binds itself."""

    @property
    def is_nat(self) -> bool:
        """Whether it is a natural number."""
        return self.head == "Nat" and not self.depth

    @property
    def shown(self) -> str:
        """Its name, or what to call it where it has none that one could write."""
        if "_@" not in self.name:
            return plain(self.name)
        type_ = plain(self.word or self.head or "")
        return f"[{type_}]" if self.info == "instImplicit" else f"a hypothesis {type_}".rstrip()


@dataclass(frozen=True, slots=True)
class Telescope:
    """All that has to be met before a theorem claims something, in order."""

    binders: tuple[Binder, ...]
    refutes: Binder | None = None
    """What a theorem that ends in ``False``, or ``¬``, says there is none of: nobody needs to meet that."""
    behind: Name | None = None
    """What hides whether more is taken, or a dimension is 0, if it cannot be seen for all binders."""

    @property
    def is_evident(self) -> bool:
        """Whether all of it is met without anybody being asked.

        It is if each binder, under whatever it binds itself, is in one of these: a universe; a type that has
        a value whatever its arguments are (``Nat``, ``List …``); a family among the earlier binders, applied
        to anything. For then every family may be chosen to be constantly ``Nat``, or ``True``, and every
        other binder has a value for all values of the earlier ones. A class, a structure, an equation, an
        order and any other hypothesis is in none of them. And no dimension may be 0 whatever is chosen.
        """
        return self.behind is None and all(binder.is_evident for binder in self.binders)

    def called(self, at: int) -> str:
        """Return what the catalogue calls a binder: its name, what is shown of it, or else its number."""
        shown = self.binders[at].shown
        return shown if self.places_of(shown) == (at,) else str(at + 1)

    def places_of(self, called: str) -> tuple[int, ...]:
        """Return the binders that the catalogue may mean: by name, as they are shown, or by number from 1."""
        if any(called == each.name for each in self.binders):
            return tuple(at for at, each in enumerate(self.binders) if each.name == called)
        if any(called == each.shown for each in self.binders):
            return tuple(at for at, each in enumerate(self.binders) if each.shown == called)
        return tuple(at for at in range(len(self.binders)) if called == str(at + 1))


def read_telescope(environment: Declarations, type_: Expr) -> Telescope:
    """Return what a statement takes, unfolding everything that stands in the way of the next binder.

    Raises: OutOfFuel if that does not end; UnsupportedTerm for a constant that no loaded module defines.
    """
    machine = Machine(environment, held=lambda _: False, fuel=FUEL)
    statement = machine.evaluate(type_)
    telescope = telescope_of(environment, machine, statement)
    if telescope.is_evident:
        telescope = replace(telescope, behind=may_vanish(environment, machine, type_))
    words = [conclusion_word(binder.type) for binder in written_binders(type_)]
    words += [None] * len(telescope.binders)
    binders = (replace(each, word=word) for each, word in zip(telescope.binders, words, strict=False))
    return replace(telescope, binders=tuple(binders))


def telescope_of(environment: Declarations, machine: Machine, type_: Value) -> Telescope:
    """Return what an evaluated statement takes. Raises: as :func:`read_telescope`."""
    binders: list[Binder] = []
    families: set[Name] = set()
    refutes = False
    while isinstance(type_, VPi):
        refutes = _is_false(type_.body)
        fresh = f"b{len(binders)}"
        binder = _binder(machine, type_, families, fresh)
        if binder.is_family:
            families.add(fresh)
        binders.append(binder)
        type_ = machine.instantiate(type_, variable(fresh))
    if refutes and isinstance(type_, VStuck) and type_.head == "False":
        return Telescope(tuple(binders[:-1]), binders[-1])
    return Telescope(tuple(binders), behind=what_hides(environment, machine, type_, families))


def _is_false(body: Expr) -> bool:
    """Whether ``False`` stands there for everybody to see, and not behind definitions."""
    said = bare(body)
    return isinstance(said, Const) and said.name == "False"


def _binder(machine: Machine, pi: VPi, families: set[Name], fresh: Name) -> Binder:
    type_, depth = machine.force(pi.domain), 0
    while isinstance(type_, VPi):
        type_ = machine.instantiate(type_, variable(f"{fresh}.{depth}"))
        depth += 1
    is_family = isinstance(type_, VSort)
    head = type_.head if isinstance(type_, VStuck) and not type_.is_variable else None
    is_of_family = isinstance(type_, VStuck) and type_.is_variable and type_.head in families
    return Binder(
        name=pi.name,
        info=pi.info,
        is_family=is_family,
        is_evident=is_family or is_of_family or head in INHABITED,
        depth=depth,
        head=head,
    )
