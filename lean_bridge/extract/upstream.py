"""Graphs written in upstream's own words: nodes are known by the heads that make them, and never unfolded.

Such a graph is *recognised by name*. That its heads have the types of :mod:`lean_bridge.extract.heads` is
looked at, what they mean is not: another definition under the same name and type is taken for the same op.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import mul
from typing import Final, TypeAlias

from lean_bridge.errors import UnsupportedOp, UnsupportedTerm
from lean_bridge.extract.heads import HEADS, INPUTS, Argument, Head, other_era
from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VLit,
    VPi,
    VSort,
    VStuck,
    describe,
    variable,
)
from lean_bridge.extract.roles import roles_of
from lean_bridge.extract.symbolic import (
    GRAPH,
    NODE,
    ArgumentKind,
    Reader,
    check_operand,
    makes,
    names_declaration,
)
from lean_bridge.extract.terms import constructor_fields, to_dim, to_list, to_position, to_shape
from lean_bridge.letters import plain
from lean_bridge.names import last_component
from lean_bridge.olean.expr import BinderInfo, Constant, Name
from pybind_models import ConstantParam, DGraph, Dim, DimParam, Node, Param, Shape, ShapeParam, shape_text

BY_NAME: Final = "recognised by name"
"""What such a graph is: its ops are known by name and type, and nobody looked at what they mean."""

_CLOSURES: Final = (f"{NODE}.ofVec", f"{NODE}.ofFn", f"{NODE}.mk")
_INDEX: Final = "Proofs.Autograd.Idx"
_VECTORS: Final = frozenset({"EuclideanSpace", "PiLp", "Vec"})
_MAPS: Final = frozenset({"ContinuousLinearMap"})
_PRIVATE: Final = re.compile(r"_private\..+?\.0\.")
_PLUS, _NUMERAL, _VARIABLE = "HAdd.hAdd", "OfNat.ofNat", "z of an elementwise function"
_SUM, _ONE = ("Real.instAdd", "instAddReal"), ("Real.instOne", "instOfNatReal")
"""The instances of the real numbers behind ``+`` and ``1``."""
_HANDED_ON: Final = frozenset({"instHAdd", "One.toOfNat1"})
"""Instances that make of one, their last argument, another that means the same."""
_CLASSES: Final = ("HAdd", "Add", "OfNat", "One")

_Operand: TypeAlias = tuple[int, Shape]


def is_upstreams(declarations: Declarations) -> bool:
    """Whether a library's graphs are upstream's: over no scalars but the real numbers, nodes as closures."""
    graph = declarations.constant(GRAPH)
    return graph is not None and graph.kind == "inductive" and graph.num_params == 1


def extract_upstream(declarations: Declarations, name: Name) -> DGraph:
    """Evaluate one of upstream's declarations of type ``DGraph`` or ``Graph``; return the graph it denotes.

    Every node says which declaration was recognised. Entries that attention or an encoder block have are
    called as these are, unless ``<name>.names`` says more.

    Raises: UnsupportedOp for a head that is not known, or that has another type; UnsupportedTerm for a graph
    that takes what cannot be given; else as :func:`lean_bridge.extract.symbolic.extract_graph`.
    """
    graph = _Reader(declarations, name, ()).read()
    return graph if declarations.constant(names_declaration(name)) is not None else roles_of(graph)


def by_name(heads: Sequence[Name]) -> str:
    """Return in one line what a graph of such heads is worth."""
    kinds = f"{len(heads)} head" + "s" * (len(heads) != 1)
    shown = ", ".join(map(plain, heads[:2])) + (", …" if len(heads) > 2 else "")
    return f"{BY_NAME}: {kinds} ({shown}) of the library's own; what they mean is not checked"


def _is_held(constant: Constant) -> bool:
    return makes(constant, NODE) or last_component(constant.name) in _VECTORS


@dataclass(slots=True)
class _Made:
    """What was read of an application of a head."""

    head: Name
    op: str | None
    operands: list[_Operand] = field(default_factory=list)
    params: dict[str, Param] = field(default_factory=dict)
    sizes: dict[str, Shape] = field(default_factory=dict)
    contexts: dict[str, tuple[Shape, ...]] = field(default_factory=dict)


class _Reader(Reader):
    """One extraction in upstream's words."""

    scalars_first = 0
    held = staticmethod(_is_held)

    def _argument_kind(self, domain: Value, info: BinderInfo) -> ArgumentKind:
        del info
        kinds: dict[str, ArgumentKind] = {"Nat": "dim", "Spec.Shape": "shape", "Real": "scalar"}
        if _is_constant(domain, "Nat", "Spec.Shape", "Real"):
            assert isinstance(domain, VStuck)
            return kinds[domain.head]
        return "map" if self._is_map(domain) or self._is_vector(domain) else "erased"

    def _assumed(self, domain: Value, info: BinderInfo, types: object) -> str | None:
        del types
        return describe(domain) if self._argument_kind(domain, info) == "erased" else None

    def _is_map(self, domain: Value) -> bool:
        return isinstance(domain, VStuck) and last_component(domain.head) in _MAPS

    def _is_vector(self, domain: Value) -> bool:
        if isinstance(domain, VStuck):
            return last_component(domain.head) in _VECTORS
        if not isinstance(domain, VPi):
            return False
        result = self._machine.instantiate(domain, variable(domain.name))
        index = self._machine.force(domain.domain)
        return _is_constant(result, "Real") and isinstance(index, VStuck) and index.head == "Fin"

    def _node(self, thunk: Thunk, entry: str, shape: Shape, shapes: list[Shape], where: str) -> Node:
        made = self._recognised(thunk, shape, where)
        assert made.op is not None, made.head
        for position, expected in made.operands:
            check_operand(position, expected, shapes, f"{where}: {made.head}")
        return Node(
            name=entry,
            op=made.op,
            lean_op=f"Proofs.Autograd.Op.{made.op}",
            recognised=made.head,
            operands=tuple(position for position, _ in made.operands),
            params=made.params,
            shape=shape,
        )

    def _recognised(self, thunk: Thunk, shape: Shape, where: str) -> _Made:
        """Return what a node was made of by a head that is known; what else makes nodes unfolds to one."""
        value, passed = self._machine.force(thunk), list[Name]()
        while isinstance(value, VStuck) and not value.is_variable:
            head = HEADS.get(_PRIVATE.sub("", value.head))
            constant = self._environment.constant(value.head)
            assert constant is not None
            if head is not None:
                return self._of_head(head, constant, value, shape, where)
            passed.append(plain(value.head))
            if value.head in _CLOSURES or constant.kind != "definition" or constant.value is None:
                break
            value = self._machine.apply(self._machine.evaluate(constant.value), value.args)
        first = passed[0] if passed else describe(value)
        below = f", which unfolds to {', then '.join(passed[1:])}" if len(passed) > 1 else ""
        raise UnsupportedOp(
            first,
            f"{where}: unknown head {first}{below}{other_era(passed)}: a node is known by the name of what "
            "makes it, and the table of heads has none of this name",
        )

    def _of_head(self, head: Head, constant: Constant, value: VStuck, shape: Shape, where: str) -> _Made:
        where = f"{where}: {plain(value.head)}"
        made, result = self._applied(head, constant, value.args, where)
        if not isinstance(result, VStuck) or result.head != NODE or len(result.args) != 2:
            raise self._unlike(where, f"its result to be a {NODE}", describe(result))
        context, found = self._typed(result, where)
        if context != _joined(head.contexts, made):
            raise self._unlike(
                where, f"its result to be in {' ++ '.join(head.contexts)}", _list_text(context)
            )
        for expected in (self._sized(head.axes or (), made), shape):
            if found != expected:
                raise self._unlike(where, f"its result to be {shape_text(expected)}", shape_text(found))
        if head.op is None:
            inner = self._recognised(value.args[_place(head, "node")], shape, where)
            return self._renumbered(inner, made)
        made.params |= {name: ConstantParam(name=constant) for name, constant in head.fixed.items()}
        return made

    def _renumbered(self, inner: _Made, outer: _Made) -> _Made:
        """Return a node as it stands in a wider context, if the head that takes it there puts inputs in."""
        first, extra = (len(outer.contexts.get(name, ())) for name in ("Γ", "extra"))
        inner.operands = [(at if at < first else at + extra, shape) for at, shape in inner.operands]
        return inner

    def _applied(
        self, head: Head, constant: Constant, args: Sequence[Thunk], where: str
    ) -> tuple[_Made, Value]:
        """Return what the arguments of a head are, whose type is as its row has it, and the type of all."""
        if constant.kind not in ("definition", "constructor"):
            raise self._unlike(where, "a definition", constant.kind)
        made = _Made(constant.name, head.op)
        type_ = self._machine.evaluate(constant.type)
        if len(args) != len(head.arguments):
            raise self._unlike(where, f"{len(head.arguments)} arguments", str(len(args)))
        for number, (argument, arg) in enumerate(zip(head.arguments, args, strict=True), start=1):
            label = f"{where}, argument {number} ({argument.name})"
            if not isinstance(type_, VPi):
                raise self._unlike(where, f"{len(head.arguments)} arguments", str(number - 1))
            domain = self._machine.force(type_.domain)
            called = type_.name.lstrip("_")
            if called != argument.name and called in _operands(head) and argument.kind == "operand":
                raise self._unlike(label, f"an operand called {argument.name}", called)
            self._take(argument, arg, domain, made, label)
            type_ = self._machine.instantiate(type_, arg)
        return made, type_

    def _take(self, argument: Argument, arg: Thunk, domain: Value, made: _Made, where: str) -> None:
        """Read one argument of a head, whose type must be as the row has it."""
        machine, name = self._machine, argument.name
        match argument.kind:
            case "dim" | "axes" if _is_constant(domain, "Nat"):
                dim = to_dim(machine, arg, where)
                made.sizes[name], made.params[name] = (dim,), DimParam(value=dim)
            case "shape" | "axes" if _is_constant(domain, "Spec.Shape"):
                made.sizes[name] = shape = to_shape(machine, arg, where)
                made.params[name] = ShapeParam(value=shape)
            case "operand" if isinstance(domain, VStuck) and domain.head == _INDEX and len(domain.args) == 2:
                (context, found), expected = self._typed(domain, where), self._sized(argument.axes, made)
                if found != expected:
                    raise self._unlike(where, f"an operand of {shape_text(expected)}", shape_text(found))
                if context != made.contexts["Γ"]:
                    raise self._unlike(where, "an operand in Γ", f"one in {_list_text(context)}")
                made.operands.append((to_position(machine, arg, where), found))
            case "scalar" if _is_constant(domain, "Real"):
                made.params[name] = self._param("scalar", arg, where)
            case "map" | "vector" if isinstance(domain, VStuck | VPi) and (
                self._is_map(domain) or self._is_vector(domain)
            ):
                lengths = self._lengths(domain, where)
                wanted = [_size(self._sized(each, made)) for each in (argument.source, argument.axes) if each]
                if lengths != wanted:
                    found_text, wanted_text = (" → ".join(map(str, each)) for each in (lengths, wanted))
                    raise self._unlike(
                        where, f"a {argument.kind} of {wanted_text}", found_text or "no lengths"
                    )
                made.params[name] = self._param("map", arg, where)
            case "shift" if isinstance(domain, VPi):
                made.params[name] = self._shift(arg, where)
            case "one" if isinstance(domain, VPi):
                self._check_one(arg, where)
            case "context" if isinstance(domain, VStuck) and domain.head == "List":
                made.contexts[name] = self._context(arg, where)
            case "record" if isinstance(domain, VStuck) and f"{domain.head}.mk" == INPUTS.name:
                _, packed = constructor_fields(machine, arg, {INPUTS.name: 0}, where)
                constant = self._environment.constant(INPUTS.name)
                assert constant is not None
                inner = self._applied(INPUTS, constant, packed, where)[0]
                if inner.contexts != made.contexts or inner.sizes != made.sizes:
                    raise self._unlike(where, "a record of the head's context and lengths", "one of others")
                made.operands += inner.operands
            case "node" if isinstance(domain, VStuck) and domain.head == NODE and len(domain.args) == 2:
                wanted_type = _joined(argument.source, made), self._sized(argument.axes, made)
                if self._typed(domain, where) != wanted_type:
                    wanted_text = f"a node in {' ++ '.join(argument.source)}"
                    raise self._unlike(
                        where, wanted_text, f"one in {_list_text(self._typed(domain, where)[0])}"
                    )
            case "proof" if self._is_proposition(domain):
                pass
            case _:
                era = other_era([domain.head]) if isinstance(domain, VStuck) else ""
                article = "an" if argument.kind == "operand" else "a"
                raise self._unlike(where, f"{article} {argument.kind}", f"{describe(domain)}{era}")

    def _typed(self, type_: VStuck, where: str) -> tuple[tuple[Shape, ...], Shape]:
        """Return the context and the shape of a node or an operand, of its type."""
        return self._context(type_.args[0], where), to_shape(self._machine, type_.args[1], where)

    def _context(self, shapes: Thunk, where: str) -> tuple[Shape, ...]:
        return tuple(to_shape(self._machine, each, where) for each in to_list(self._machine, shapes, where))

    def _lengths(self, domain: VStuck | VPi, where: str) -> list[Dim]:
        """Return the length of a vector, of its type, or those of what a map takes and makes."""
        machine = self._machine
        if not self._is_map(domain):
            parts = (domain.domain,) if isinstance(domain, VPi) else domain.args
            indices = (part for part in map(machine.force, parts) if isinstance(part, VStuck))
            index = next((each.args[0] for each in indices if each.head == "Fin"), parts[-1])
            return [to_dim(machine, index, where)]
        assert isinstance(domain, VStuck)
        constant = self._environment.constant(domain.head)
        assert constant is not None
        type_, found = machine.evaluate(constant.type), list[Dim]()
        for arg in domain.args:
            assert isinstance(type_, VPi)
            if isinstance(machine.force(type_.domain), VSort):
                part = machine.force(arg)
                if isinstance(part, VStuck | VPi) and self._is_vector(part):
                    found += self._lengths(part, where)
            type_ = machine.instantiate(type_, arg)
        return found

    def _sized(self, axes: Sequence[str], made: _Made) -> Shape:
        return tuple(dim for each in axes for dim in made.sizes[each])

    def _shift(self, arg: Thunk, where: str) -> Param:
        """Return ε of the function that adds it."""
        value, machine = self._of_variable(arg)
        if isinstance(value, VStuck) and value.head == _PLUS and len(value.args) == 6:
            *_, instance, left, right = value.args
            self._check_instance(machine, instance, _SUM, where)
            if _is_variable(machine.force(left), _VARIABLE):
                return self._param("scalar", right, where)
        raise self._unlike(where, "the function fun z => z + ε", describe(value), again="other functions")

    def _check_one(self, arg: Thunk, where: str) -> None:
        value, machine = self._of_variable(arg)
        if isinstance(value, VStuck) and value.head == _NUMERAL and len(value.args) == 3:
            self._check_instance(machine, value.args[2], _ONE, where)
            number = machine.force(value.args[1])
            if isinstance(number, VLit) and number.value == 1:
                return
        raise self._unlike(where, "the function fun _ => 1", describe(value), again="other functions")

    def _of_variable(self, function: Thunk) -> tuple[Value, Machine]:
        """Return a function's value at a variable, with sums, numerals and their instances as written."""

        def is_held(constant: Constant) -> bool:
            return constant.name in (_PLUS, _NUMERAL) or any(makes(constant, each) for each in _CLASSES)

        machine = Machine(self._environment, held=is_held)
        return machine.apply(self._machine.force(function), (variable(_VARIABLE),)), machine

    def _check_instance(self, machine: Machine, instance: Thunk, known: Sequence[Name], where: str) -> None:
        value = machine.force(instance)
        while isinstance(value, VStuck) and value.head in _HANDED_ON and value.args:
            value = machine.force(value.args[-1])
        if not isinstance(value, VStuck) or value.head not in known:
            expected = f"the real numbers' own instance, {' or '.join(known)}"
            raise self._unlike(where, expected, describe(value), again="another instance")

    def _unlike(
        self, where: str, expected: str, found: str, *, again: str = "another type"
    ) -> UnsupportedTerm:
        return UnsupportedTerm(
            f"{where}: expected {expected}, found {found}; "
            f"the table of heads knows none of this name with {again}"
        )


def _is_constant(value: Value, *names: Name) -> bool:
    return isinstance(value, VStuck) and not value.is_variable and not value.args and value.head in names


def _is_variable(value: Value, name: Name) -> bool:
    return isinstance(value, VStuck) and value.is_variable and not value.args and value.head == name


def _joined(names: Sequence[str], made: _Made) -> tuple[Shape, ...]:
    """Return the contexts of these names, one behind the other."""
    return tuple(shape for each in names for shape in made.contexts[each])


def _operands(head: Head) -> list[str]:
    return [argument.name for argument in head.arguments if argument.kind == "operand"]


def _size(shape: Shape) -> Dim:
    return reduce(mul, shape) if shape else Dim.constant(1)


def _list_text(shapes: Sequence[Shape]) -> str:
    return f"[{', '.join(map(shape_text, shapes))}]"


def _place(head: Head, name: str) -> int:
    return [argument.name for argument in head.arguments].index(name)
