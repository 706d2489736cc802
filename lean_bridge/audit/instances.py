"""What stands behind a notation: an instance that Lean itself would find, or another one.

``2 + 2 = 5`` says what it seems to say only if its numerals, its sum and whatever else it leaves unsaid are
Lean's own. So of every instance that is not written out it is asked whether it is made of nothing but Lean's
registered instances, of what a class brings with it, and of instances that the statement itself names among
its hypotheses, for a type that is not Lean's. Everything else is to be spelled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lean_bridge.audit.proofs import conclusion, is_proof
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Let,
    Name,
    Pi,
    Proj,
    Sort,
    bare,
    head_of,
    spine,
)

_TRANSPARENT: Final = frozenset({"inferInstance", "inferInstanceAs", "id"})
"""Functions of Lean's that give back the second of their two arguments, whatever that is applied to."""
_WITHOUT_CHOICE: Final = frozenset({"Decidable"})
"""Classes all of whose instances say the same."""
_MADE_OF: Final = {
    "HAdd": "Add", "HSub": "Sub", "HMul": "Mul", "HDiv": "Div", "HMod": "Mod", "HAppend": "Append",
    "HPow": "Pow", "NatPow": "Pow", "HSMul": "SMul", "Zero": "OfNat", "One": "OfNat", "NatCast": "OfNat",
    "DecidableEq": "BEq",
}  # fmt: skip
"""Classes of which Lean makes instances of another one, or the other way round."""
_MOST_DEPTH: Final = 60

Strange = Name | Expr
"""What is to be spelled out: a constant of the library's own, or a term."""


class Instances:
    """Judges the unwritten arguments of one environment's terms."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._classes: dict[Name, bool] = {}
        self._supplied: dict[Name, frozenset[Name]] = {}
        self._seen: set[tuple[int, int]] = set()
        """The terms that were looked at, each with the number of variables in scope: terms are shared."""

    def is_instance(self, binder: Pi) -> bool:
        """Whether what a binder takes is an instance, written in brackets or not."""
        if binder.info == "instImplicit":
            return True
        type_ = bare(binder.type)
        while isinstance(type_, Pi):
            type_ = bare(type_.body)
        head = head_of(type_)
        return isinstance(head, Const) and self._is_class(head.name)

    def strange(self, term: Expr, types: Sequence[Expr]) -> list[Strange]:
        """Return what of an instance a reader would not expect behind a notation; nothing where it is plain.

        ``types`` are those of the variables in scope, the innermost last, each in the scope before it; of one
        that ``let`` binds it is the whole ``let``.
        """
        found: list[Strange] = []
        self._seen.clear()
        self._look(term, list(types), found, 0)
        return list({each if isinstance(each, str) else id(each): each for each in found}.values())

    def is_plain_hypothesis(self, type_: Expr, types: Sequence[Expr]) -> bool:
        """Whether an instance that is assumed is one for a variable type, or for one of the library's own.

        A definition of the library's own, and a variable that ``let`` binds, may be another name of a type of
        Lean's; and what is assumed a second time for one type is another thing under the same notation.
        ``types`` are as for :meth:`strange`, in the scope of ``type_``.
        """
        if self._decides(type_):
            return True
        depth, head, arguments = _applied(type_, len(types))
        if not isinstance(head, Const) or self._environment.original_kind(head.name) != "inductive":
            return False
        subjects = self._type_arguments(head, arguments) or arguments[:1]
        return (
            bool(subjects)
            and all(self._is_plain_subject(each, types, depth) for each in subjects)
            and not self._is_supplied(head.name, _heads(subjects, depth), types)
        )

    def _is_supplied(self, name: Name, heads: frozenset[Name | int], types: Sequence[Expr]) -> bool:
        """Whether a variable in scope brings with it what a class does, for one of the same types."""
        for at, type_ in enumerate(types):
            depth, head, arguments = _applied(type_, at)
            if not isinstance(head, Const):
                continue
            subjects = self._type_arguments(head, arguments) or arguments[:1]
            if heads & _heads(subjects, depth) and self._supplies(name) & self._supplies(head.name):
                return True
        return False

    def _supplies(self, name: Name) -> frozenset[Name]:
        """Return the classes of which an instance of a class brings instances with it, itself among them."""
        found = self._supplied.get(name)
        if found is None:
            self._supplied[name] = frozenset()
            is_class = self._is_class(name) or name in _MADE_OF
            classes = {_MADE_OF.get(name, name)} if is_class else set()
            constant = self._environment.constant(name) if is_class else None
            for made in constant.constructors if constant else ():
                type_, parameters = self._environment.type_of(made), constant.num_params if constant else 0
                while type_ is not None and isinstance(type_ := bare(type_), Pi):
                    head = head_of(conclusion(type_.type))
                    if parameters <= 0 and isinstance(head, Const):
                        classes |= self._supplies(head.name)
                    type_, parameters = type_.body, parameters - 1
            found = self._supplied[name] = frozenset(classes)
        return found

    def _type_arguments(self, head: Expr, arguments: Sequence[Expr]) -> list[Expr]:
        """Return which arguments of a class are types."""
        type_ = self._environment.type_of(head.name) if isinstance(head, Const) else None
        chosen: list[Expr] = []
        for argument in arguments:
            type_ = bare(type_) if type_ else None
            if not isinstance(type_, Pi):
                break
            kind, inner = spine(type_.type)
            is_out = isinstance(kind, Const) and kind.name == "outParam" and bool(inner)
            if isinstance(bare(inner[0]) if is_out else kind, Sort):
                chosen.append(argument)
            type_ = type_.body
        return chosen

    def _is_plain_subject(self, subject: Expr, types: Sequence[Expr], depth: int) -> bool:
        """Whether a type is none of Lean's; of ``depth`` variables above it ``types`` are the outermost."""
        head = head_of(subject)
        if isinstance(head, Const) and self._environment.is_own(head.name):
            return self._environment.original_kind(head.name) == "inductive"
        if not isinstance(head, BVar):
            return False
        at = depth - 1 - head.index
        return at < len(types) and not (at >= 0 and isinstance(types[at], Let))

    def _look(self, term: Expr, types: list[Expr], found: list[Strange], depth: int) -> None:
        term = bare(term)
        if (id(term), len(types)) in self._seen:
            return
        self._seen.add((id(term), len(types)))
        head, arguments = spine(term)
        if depth > _MOST_DEPTH:
            found.append(term)
        elif isinstance(head, BVar):
            at = len(types) - 1 - head.index
            if at < 0 or isinstance(types[at], Let) or not self.is_plain_hypothesis(types[at], types[:at]):
                found.append(term)
        elif isinstance(head, Lam) and not arguments:
            self._look(head.body, [*types, head.type], found, depth + 1)
        elif isinstance(head, Proj) and not arguments and self._is_leans_class(head.struct):
            self._look(head.expr, types, found, depth + 1)
        elif isinstance(head, Const):
            self._look_at_constant(head.name, term, arguments, types, found, depth)
        else:
            found.append(term)

    def _look_at_constant(
        self,
        name: Name,
        term: Expr,
        arguments: list[Expr],
        types: list[Expr],
        found: list[Strange],
        depth: int,
    ) -> None:
        constant = self._environment.constant(name)
        if constant is None:
            found.append(term)
        elif is_proof(constant.name, self._environment):
            return
        elif self._is_projection(constant, len(arguments)):
            before = len(found)
            self._look(arguments[-1], types, found, depth + 1)
            if (
                len(found) == before
                and self._environment.is_own(name)
                and not self._gives_plain(constant, arguments, types)
            ):
                found.append(term)
        elif self._environment.is_own(name):
            found.append(name)
        elif name in _TRANSPARENT and len(arguments) == 2:
            self._look(arguments[1], types, found, depth + 1)
        elif self._decides(constant.type) or (
            self._is_registered(name) and len(arguments) <= _arity(constant.type)
        ):
            for argument in self._instance_arguments(constant, arguments):
                self._look(argument, types, found, depth + 1)
        else:
            found.append(term)

    def _instance_arguments(self, constant: Constant, arguments: list[Expr]) -> list[Expr]:
        type_: Expr = constant.type
        chosen: list[Expr] = []
        for argument in arguments:
            type_ = bare(type_)
            if not isinstance(type_, Pi):
                return chosen
            if self.is_instance(type_):
                chosen.append(argument)
            type_ = type_.body
        return chosen

    def _is_leans_class(self, name: Name) -> bool:
        return self._is_class(name) and not self._environment.is_own(name)

    def _is_registered(self, name: Name) -> bool:
        module = self._environment.module_of(name)
        return module is not None and name in self._environment.module(module).instances

    def _is_class(self, name: Name) -> bool:
        found = self._classes.get(name)
        if found is None:
            found = self._classes[name] = self._environment.is_class(name)
        return found

    def _is_projection(self, constant: Constant, count: int) -> bool:
        """Whether an application reads a field of an instance, and of nothing else; its last argument."""
        value: Expr | None = constant.value
        binders: list[Lam] = []
        while value is not None and isinstance(value := bare(value), Lam):
            binders.append(value)
            value = value.body
        return (
            isinstance(value, Proj)
            and isinstance(inner := bare(value.expr), BVar)
            and inner.index == 0
            and len(binders) == count
            and self._is_class(value.struct)
        )

    def _gives_plain(self, field: Constant, arguments: Sequence[Expr], types: Sequence[Expr]) -> bool:
        """Whether a field of a class of the library's own is an instance for what is no type of Lean's."""
        count, type_ = 0, bare(field.type)
        while isinstance(type_, Pi):
            count, type_ = count + 1, bare(type_.body)
        _, given = spine(type_)
        subject = bare(given[0]) if given else None
        if isinstance(subject, BVar):
            at = count - 1 - subject.index
            return at < len(arguments) and self._is_plain_subject(arguments[at], types, len(types))
        return subject is not None and self._is_plain_subject(subject, (), 0)

    def _decides(self, type_: Expr) -> bool:
        """Whether what is of a type, applied to whatever it takes, is a decision."""
        for _ in range(_MOST_DEPTH):
            head = head_of(conclusion(type_))
            if not isinstance(head, Const) or self._environment.is_own(head.name):
                return False
            if head.name in _WITHOUT_CHOICE:
                return True
            constant = self._environment.constant(head.name)
            if constant is None or constant.value is None:
                return False
            type_ = constant.value
            while isinstance(type_ := bare(type_), Lam):
                type_ = type_.body
        return False


def _applied(type_: Expr, depth: int) -> tuple[int, Expr, list[Expr]]:
    """Return what a type concludes, as head and arguments, and how many variables are in scope there."""
    while isinstance(type_ := bare(type_), Pi):
        type_, depth = type_.body, depth + 1
    return depth, *spine(type_)


def _heads(subjects: Sequence[Expr], depth: int) -> frozenset[Name | int]:
    """Return of each type what stands at its head: a constant, or a variable counted from the outermost."""
    heads = map(head_of, subjects)
    return frozenset(
        head.name if isinstance(head, Const) else depth - 1 - head.index
        for head in heads
        if isinstance(head, Const | BVar)
    )


def _arity(type_: Expr) -> int:
    count = 0
    while isinstance(type_ := bare(type_), Pi):
        type_, count = type_.body, count + 1
    return count
