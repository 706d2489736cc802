"""What constants take and conclude, as far as a text depends on it: read once for one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lean_bridge.audit.instances import Instances
from lean_bridge.audit.naming import Endings
from lean_bridge.audit.proofs import conclusion, is_proof
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Const, Expr, Lam, Let, Name, Pi, Proj, bare, head_of, parts
from lean_bridge.olean.mentions import constants_in

_MOST_BINDERS: Final = 1024
"""How far a variable is followed to its binder; beyond it counts as used by every binder."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One thing that a constant takes."""

    is_written: bool
    is_instance: bool
    """Whether a class finds it, so that it is not written and may be another one than expected."""
    is_out: bool
    """Whether a class finds it with an instance."""
    variables: int
    """Which of the things taken before its type mentions, a bit each, the last one first."""


class Signatures:
    """Reads the types of the constants of one environment for its texts."""

    def __init__(self, environment: Environment) -> None:
        self.instances = Instances(environment)
        self.endings = Endings(environment)
        self.variables = Variables()
        self._environment = environment
        self._taken: dict[Name, tuple[Taken, ...]] = {}
        self._concluded: dict[Name, frozenset[Name]] = {}
        self._undetermined: dict[tuple[Name, int], bool] = {}
        self._projections: dict[Name, bool] = {}

    def takes(self, name: Name) -> tuple[Taken, ...]:
        """Return what a constant takes, as far as its type says so without being unfolded."""
        found = self._taken.get(name)
        if found is None:
            type_, taken = self._environment.type_of(name), list[Taken]()
            while type_ is not None and isinstance(type_ := bare(type_), Pi):
                is_written = type_.info == "default"
                is_instance = not is_written and self.instances.is_instance(type_)
                variables = self.variables.of(type_.type)
                taken.append(Taken(is_written, is_instance, _is_out(type_.type), variables))
                type_ = type_.body
            found = self._taken[name] = tuple(taken)
        return found

    def concludes(self, name: Name) -> frozenset[Name]:
        """Return the constants in what a constant's type concludes."""
        found = self._concluded.get(name)
        if found is None:
            type_ = self._environment.type_of(name)
            found = frozenset() if type_ is None else frozenset(constants_in([conclusion(type_)]))
            self._concluded[name] = found
        return found

    def is_undetermined(self, name: Name, count: int) -> bool:
        """Whether a constant with its first arguments leaves one out that no other one's type mentions."""
        found = self._undetermined.get((name, count))
        if found is None:
            hidden = self._left_out(name, count)
            found = self._undetermined[name, count] = bool(hidden) and not is_proof(name, self._environment)
        return found

    def _left_out(self, name: Name, count: int) -> set[int]:
        """Return which of a constant's first arguments are neither written nor in the type of one that is."""
        hidden = set[int]()
        for at, taken in enumerate(self.takes(name)[:count]):
            if taken.is_written:
                hidden -= {each for each in hidden if taken.variables >> at - 1 - each & 1}
            elif not taken.is_instance and not taken.is_out:
                hidden.add(at)
        return hidden

    def is_projection(self, name: Name) -> bool:
        """Whether a constant reads a field of a structure that is its last binder, and that one writes."""
        found = self._projections.get(name)
        if found is None:
            found = self._projections[name] = self._reads_field(name)
        return found

    def _reads_field(self, name: Name) -> bool:
        at = name.rfind(".")
        while at > 0 and self._environment.original_kind(name[:at]) != "inductive":
            at = name.rfind(".", 0, at)
        if at <= 0:
            return False  # without its body being read, which may be long
        constant = self._environment.constant(name)
        value = constant.value if constant else None
        info = None
        while isinstance(value, Lam):
            info, value = value.info, value.body
        if not (isinstance(value, Proj) and isinstance(value.expr, BVar) and value.expr.index == 0):
            return False
        return info == "default" and name.startswith(f"{value.struct}.")


class Variables:
    """Which bound variables occur in terms; what is known of a term is known by its identity."""

    def __init__(self) -> None:
        self._found: dict[int, int] = {}
        self._kept: list[Expr] = []
        """What was asked about, so that no other term takes its place in memory."""

    def of(self, root: Expr) -> int:
        """Return which variables of the scope occur in a term, a bit each; the last bit is for far ones."""
        known = self._found.get(id(root))
        if known is not None:
            return known
        self._kept.append(root)
        far, found = 1 << _MOST_BINDERS, self._found
        stack = [root]
        while stack:
            top = stack[-1]
            inner = parts(top)
            missing = [part for part in inner if id(part) not in found]
            if missing:
                stack += missing
                continue
            stack.pop()
            bits = 0
            if isinstance(top, BVar):
                bits = far if top.index >= _MOST_BINDERS else 1 << top.index
            elif isinstance(top, Lam | Pi | Let):
                *outer, body = (found[id(part)] for part in inner)
                bits = body >> 1 | body & far
                for each in outer:
                    bits |= each
            else:
                for part in inner:
                    bits |= found[id(part)]
            found[id(top)] = bits
        return found[id(root)]

    def uses(self, body: Expr) -> bool:
        """Whether the variable of a binder occurs in what stands under it."""
        return bool(self.of(body) & (1 | 1 << _MOST_BINDERS))


def _is_out(type_: Expr) -> bool:
    """Whether a class finds an argument of this type."""
    head = head_of(type_)
    return isinstance(head, Const) and head.name in ("outParam", "semiOutParam")
