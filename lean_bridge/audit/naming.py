"""What constants and variables are called in a text: short, and never like another thing.

A constant of Lean's own library has its full name. One of the library's own is shortened where nobody can
take it for Lean's, which exports names as short as ``max``, or for a neighbour; where its full name itself
reads like Lean's, it is marked as its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lean_bridge.audit.vocabulary import read_vocabulary
from lean_bridge.letters import plain, skeleton
from lean_bridge.names import split_name
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Expr, Let, Name

OWN: Final = "⟨own⟩"
"""Behind a name that is Lean's to look at and is not Lean's."""

_SPELLED: Final = """
Nat Int Fin Rat Real Float Complex Bool Char String List Array Vector Option Sum Prod Unit PUnit Empty Subtype
Set Finset Prop Type Sort Eq HEq Ne Iff And Or Not True False Exists Function Decidable Nonempty Inhabited
OfNat Add Sub Mul Div Mod Pow Neg Inv HAdd HSub HMul HDiv HMod HPow LE LT GE GT Dvd Append HAppend Membership
Functor Monad Group Monoid Ring Semiring CommRing Field Module Matrix Polynomial
Multiset Finsupp Measure BEq Quot Quotient Classical Acc WellFounded Lean Std Init
"""
_LOOKS: Final = frozenset(map(skeleton, _SPELLED.split()))
_LOOKS_IN_ANY_CASE: Final = frozenset(skeleton(word.casefold()) for word in _SPELLED.split())

_EXPORTED_NAMES: Final = """
max min decide isTrue isFalse some none true false or and not xor default compare toString hash pure bind map
seq throw get set modify repr sizeOf format id cast ite dite rfl trivial O ℕ ℤ ℚ ℝ ℂ 𝔽 ∅ π
"""
_EXPORTED: Final = frozenset(_EXPORTED_NAMES.split())
"""Names that Lean exports, which are no constants; and letters that everybody takes for one thing."""
_TELLING: Final = re.compile(r"[A-Z][A-Za-z0-9_]+")
"""What a short name begins with: Lean's ``max`` and ``some``, and letters with a meaning, look otherwise."""

_RESERVED: Final = "fun let in if then else by from show have forall exists Prop Type Sort"
_KEYWORDS: Final = frozenset(_RESERVED.split())


class Endings:
    """The ends of names that are no constant's alone: not in a library, and not among the tool's words.

    So a short name stands for one thing in all texts of a library, and for none that has it elsewhere.
    """

    def __init__(self, environment: Environment) -> None:
        self._named: defaultdict[str, list[Name]] = defaultdict(list)
        for name in {*environment.own_names, *read_vocabulary()}:
            self._named[name.rpartition(".")[2]].append(name)

    def is_shared(self, text: str, name: Name) -> bool:
        """Whether another constant than this one could be called so too, or an escape leaves it open."""
        alike = self._named.get(text.rpartition(".")[2], ())
        return "\\" in text or any(each != name and f".{each}".endswith(f".{text}") for each in alike)


def names_of(names: Iterable[Name], environment: Environment, endings: Endings) -> Mapping[Name, str]:
    """Return what each of some constants is called in a text that mentions all of them."""
    called = {name: _shortest(name, environment) for name in names if environment.is_own(name)}
    while True:
        counts = Counter(called.values())
        unclear = [
            name
            for name, text in called.items()
            if text != plain(name)
            and (counts[text] > 1 or endings.is_shared(text, name) or reads_like_lean(text, environment))
        ]
        if not unclear:
            break
        called.update((name, plain(name)) for name in unclear)
    return {
        name: text if (text := called.get(name)) and text != plain(name) else full_name(name, environment)
        for name in names
    }


def full_name(name: Name, environment: Environment) -> str:
    """Return a constant's name, marked where it is the library's own and does not read so."""
    text = plain(name)
    is_marked = environment.is_own(name) and reads_like_lean(text, environment)
    return text + OWN if is_marked else text


def _shortest(name: Name, environment: Environment) -> str:
    """Return the last components of a name, the first of them one that tells whose it is."""
    if "«" in name:
        return plain(name)
    components = name.split(".")
    take = 2 if name.rpartition(".")[0] in environment else 1
    while take < len(components) and not _TELLING.fullmatch(components[-take]):
        take += 1
    return plain(".".join(components[-take:]))


def reads_like_lean(text: str, environment: Environment) -> bool:
    """Whether a reader would take what stands for a constant of the library's own for Lean's."""
    first = text.partition(".")[0]
    if first in _EXPORTED:
        return True
    if skeleton(first.casefold()) in _LOOKS_IN_ANY_CASE:
        return True
    return any(each in environment and not environment.is_own(each) for each in (text, first))


@dataclass(frozen=True, slots=True)
class _Variable:
    """A variable in scope."""

    text: str
    type: Expr
    base: str
    earlier: int
    """How many names its base had been given before."""


class Scope:
    """The variables in scope, the innermost last; their texts differ, from each other and from ``taken``."""

    def __init__(self, environment: Environment, taken: Iterable[str] = ()) -> None:
        self._environment = environment
        self._taken = frozenset(taken)
        self._variables: list[_Variable] = []
        self._texts: set[str] = set()
        self._given: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._variables)

    @property
    def types(self) -> list[Expr]:
        """The types of the variables, each in the scope before it; of one that ``let`` binds, the ``let``."""
        return [variable.type for variable in self._variables]

    def text(self, index: int) -> str:
        """Return what stands for a bound variable."""
        if index >= len(self._variables):
            return f"#{index - len(self._variables)}"
        return self._variables[-1 - index].text

    def is_typed(self, index: int) -> bool:
        """Whether the type of a bound variable stands in the text where it is bound."""
        return index < len(self._variables) and not isinstance(self._variables[-1 - index].type, Let)

    def push(self, name: Name, type_: Expr, *, silent: bool = False) -> str:
        """Add a variable and return its text, which is ``_`` for a ``silent`` one."""
        base = "_" if silent else _binder(name)
        earlier = count = self._given.get(base, 0)
        text = base if silent or not count else f"{base}_{count}"
        while not silent and (text in self._texts or self._is_taken(text)):
            count += 1
            text = f"{base}_{count}"
        self._given[base] = count
        self._texts.add(text)
        self._variables.append(_Variable(text, type_, base, earlier))
        return text

    def pop(self, length: int) -> None:
        """Forget all variables but the outermost ``length``."""
        while len(self._variables) > length:
            variable = self._variables.pop()
            self._given[variable.base] = variable.earlier
            self._texts.discard(variable.text)

    def _is_taken(self, text: str) -> bool:
        return text in self._taken or text in _KEYWORDS or text in self._environment


def _binder(name: Name) -> str:
    """Return a binder's name as one would write it."""
    base = name.partition(".«_@»")[0].rstrip("✝") or "x"
    parts = split_name(base)
    if parts == ():
        return "x"
    if parts is not None and len(parts) == 1 and isinstance(parts[0], str):
        text = plain(base)
        return f"{text}_" if skeleton(text) in _LOOKS else text
    return f"«{plain(base)}»"
