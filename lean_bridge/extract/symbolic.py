"""From a compiled graph declaration to a symbolic graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from lean_bridge.errors import DeclarationNotFound, GraphError, ShapeError, UnsupportedOp, UnsupportedTerm
from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VPi,
    VSort,
    VStuck,
    describe,
    variable,
)
from lean_bridge.extract.terms import (
    constructor_fields,
    to_dim,
    to_indexed_shape,
    to_list,
    to_position,
    to_shape,
    to_string,
)
from lean_bridge.letters import plain
from lean_bridge.names import last_component
from lean_bridge.olean.expr import App, BinderInfo, Const, Constant, Lam, LZero, Name, Pi, Proj, Sort
from lean_bridge.olean.levels import is_above_zero
from pybind_models import (
    ArrayArgument,
    ArrayParam,
    DGraph,
    DimParam,
    Entry,
    MapParam,
    Node,
    Param,
    ScalarParam,
    Shape,
    ShapeParam,
    shape_text,
)

OP = "Proofs.Autograd.Op"
GRAPH = "Proofs.Autograd.Graph"
DGRAPH = "Proofs.Autograd.DGraph"
NODE = "Proofs.Autograd.Node"
SCALAR_CLASSES = frozenset(
    f"Proofs.Autograd.{name}" for name in ("AnalyticScalar", "Archimedean", "ScalarOps")
)
"""What a graph may ask of its scalars."""
_TAKEN = frozenset({"Nat", "Spec.Shape", "Proofs.Autograd.CLM"})
"""What it may take besides types, scalars, and functions to these; of each there is always one."""
_OPERANDS = "Proofs.Autograd.Operands"

ArgumentKind = Literal["erased", "dim", "shape", "scalar", "map", "array"]
"""``erased``: types, instances and proofs; ``array``: whole numbers or truth values by typed indices."""

_NAMED: Final[Mapping[ArgumentKind, type[ScalarParam | MapParam | ArrayParam]]] = MappingProxyType(
    {"scalar": ScalarParam, "map": MapParam, "array": ArrayParam}
)


def is_op(constant: Constant) -> bool:
    """Whether a definition is a primitive: its type ends in ``Proofs.Autograd.Op``; no projection."""
    return makes(constant, OP)


def makes(constant: Constant, family: Name) -> bool:
    """Whether a definition's type ends in a family of types; no projection."""
    result = constant.type
    while isinstance(result, Pi):
        result = result.body
    while isinstance(result, App):
        result = result.fn
    body = constant.value
    while isinstance(body, Lam):
        body = body.body
    return isinstance(result, Const) and result.name == family and not isinstance(body, Proj)


def _is_data(type_: Value) -> bool:
    """Whether a type is of whole numbers below a bound, or of truth values."""
    return isinstance(type_, VStuck) and not type_.is_variable and type_.head in ("Fin", "Bool")


def _is_graph(type_: Value) -> bool:
    return isinstance(type_, VStuck) and type_.head in (GRAPH, DGRAPH)


def check_operand(position: int, expected: Shape, shapes: Sequence[Shape], where: str) -> None:
    """Raise ShapeError where an operand is no earlier entry, or one of another shape."""
    if position >= len(shapes) or shapes[position] != expected:
        found = shape_text(shapes[position]) if position < len(shapes) else "no such entry"
        raise ShapeError(f"{where}: operand {position}: expected shape {shape_text(expected)}, found {found}")


def names_declaration(name: Name) -> Name:
    """Return the name of the declaration that calls a graph's entries by their names, if there is one."""
    return f"{name}.names"


def extract_graph(environment: Declarations, name: Name, *, known_ops: Collection[Name]) -> DGraph:
    """Evaluate a declaration of type ``DGraph`` or ``Graph`` and return the graph that it denotes.

    ``known_ops`` are the Lean names of the primitives that may occur. Entry names come from the declaration
    ``<name>.names``, if there is one.

    Raises: DeclarationNotFound; UnsupportedOp naming an op outside ``known_ops``; UnsupportedTerm where the
    declaration is no graph or does not evaluate to one; ShapeError where a shape is not the certified one;
    GraphError where the entry names do not fit; OutOfFuel.
    """
    return Reader(environment, name, known_ops).read()


@dataclass(slots=True)
class _Telescope:
    """A declaration's arguments, opened as free variables, and the type of its value."""

    result: Value
    args: list[Thunk] = field(default_factory=list)
    names: dict[ArgumentKind, list[str]] = field(default_factory=dict)
    arrays: list[ArrayArgument] = field(default_factory=list)

    def of(self, kind: ArgumentKind) -> tuple[str, ...]:
        return tuple(self.names.get(kind, ()))


class Reader:
    """One extraction: the machine, the declaration and what has been read of it."""

    scalars_first = 2
    """How many arguments the types of graphs take before the context: the scalars' type and instance."""
    held: Callable[[Constant], bool] = staticmethod(is_op)
    """What stands for itself in a node, and is not unfolded."""

    def __init__(self, environment: Declarations, name: Name, known_ops: Collection[Name]) -> None:
        self._environment = environment
        self._name = name
        self._known_ops = known_ops
        self._machine = Machine(environment, held=self.held)
        constant = environment.constant(name)
        if constant is None:
            raise DeclarationNotFound(name, f"{name} is not defined by any compiled module")
        if constant.value is None:
            raise UnsupportedTerm(
                f"{name}: expected a definition with a body, found a {constant.kind} without one"
            )
        self._telescope = self._open(constant)
        self._body = self._machine.apply(self._machine.evaluate(constant.value), tuple(self._telescope.args))

    def read(self) -> DGraph:
        """Return the graph. Raises: as :func:`extract_graph`."""
        machine, name, result = self._machine, self._name, self._telescope.result
        if not isinstance(result, VStuck) or not _is_graph(result):
            raise UnsupportedTerm(
                f"{name}: expected a value of type {DGRAPH} or {GRAPH}, found {describe(result)}"
            )
        context, certified = (
            [to_shape(machine, shape, f"{name}, declared type") for shape in to_list(machine, shapes, name)]
            for shapes in result.args[self.scalars_first : self.scalars_first + 2]
        )
        graph = Thunk(None, None, self._body)
        if result.head == DGRAPH:
            _, (graph, *_) = constructor_fields(
                machine, graph, {f"{DGRAPH}.mk": self.scalars_first + 2}, name
            )
        snocs = self._snocs(graph)
        if len(snocs) != len(certified):
            raise ShapeError(f"{name}: expected {len(certified)} nodes by its type, found {len(snocs)}")
        names = self._entry_names(len(context) + len(certified))
        shapes = list(context)
        nodes: list[Node] = []
        for (shape_thunk, node_thunk), expected in zip(snocs, certified, strict=True):
            entry = names[len(shapes)]
            where = f"{name}, node {len(shapes)} ({entry})"
            shape = to_shape(machine, shape_thunk, where)
            if shape != expected:
                raise ShapeError(
                    f"{where}: expected shape {shape_text(expected)} by its type, found {shape_text(shape)}"
                )
            nodes.append(self._node(node_thunk, entry, shape, shapes, where))
            shapes.append(shape)
        return DGraph(
            lean_name=name,
            dims=self._telescope.of("dim"),
            scalars=self._telescope.of("scalar"),
            maps=self._telescope.of("map"),
            arrays=tuple(self._telescope.arrays),
            context=tuple(
                Entry(name=entry, shape=shape) for entry, shape in zip(names, context, strict=False)
            ),
            nodes=tuple(nodes),
        )

    def _open(self, constant: Constant) -> _Telescope:
        telescope = _Telescope(self._machine.evaluate(constant.type))
        types: set[str] = set()
        refused: list[str] = []
        while isinstance(pi := telescope.result, VPi):
            domain = self._machine.force(pi.domain)
            kind = self._argument_kind(domain, pi.info)
            if (assumed := self._assumed(domain, pi.info, types)) is not None:
                refused.append(
                    f"{constant.name}: assumes {plain(assumed)} ({plain(pi.name)}), and would run where that "
                    "does not hold; leave what is assumed to the theorems about the graph"
                )
            if kind == "array" and (array := self._array(pi.name, domain, constant.name)) is not None:
                telescope.arrays.append(array)
            if kind == "shape":
                refused.append(f"{constant.name}: argument {pi.name} is a shape; give it as dimensions")
            if isinstance(domain, VSort):
                types.add(pi.name)
            telescope.names.setdefault(kind, []).append(pi.name)
            telescope.args.append(variable(pi.name))
            telescope.result = self._machine.instantiate(pi, telescope.args[-1])
        if refused and _is_graph(telescope.result):
            raise UnsupportedTerm(refused[0])
        return telescope

    def _argument_kind(self, domain: Value, info: BinderInfo) -> ArgumentKind:
        match domain:
            case VSort():
                return "erased"
            case VStuck("Nat", (), is_variable=False):
                return "dim"
            case VStuck("Spec.Shape", (), is_variable=False):
                return "shape"
            case VStuck(_, (), is_variable=True):
                return "scalar"
            case VPi() if _is_data(self._result_of(domain)):
                return "array"
        return "erased" if info == "instImplicit" or self._is_proposition(domain) else "map"

    def _assumed(self, domain: Value, info: BinderInfo, types: Collection[str]) -> str | None:
        """Return what an argument may not be had of: it is no type, number, scalar of a type, or map to one.

        So a proof, a class that scalars need not be of, and whatever else may have no value.
        """
        if isinstance(domain, VSort):
            return None if is_above_zero(domain.level) else "a proposition"
        if isinstance(domain, VPi) and self._array("", domain, self._name) is not None:
            return None  # whoever gives one is asked for its range
        while isinstance(domain, VPi):
            domain = self._machine.instantiate(domain, variable(f"of {domain.name}"))  # no name that is given
        if not isinstance(domain, VStuck):
            return describe(domain)
        if domain.is_variable:
            return None if domain.head in types else domain.head
        return None if domain.head in (SCALAR_CLASSES if info == "instImplicit" else _TAKEN) else domain.head

    def _result_of(self, pi: VPi) -> Value:
        return self._machine.instantiate(pi, variable(f"of {pi.name}"))  # no name that is given

    def _array(self, name: Name, domain: Value, where: str) -> ArrayArgument | None:
        """Return an argument that is whole numbers or truth values by the indices of a shape."""
        if not isinstance(domain, VPi) or not _is_data(result := self._result_of(domain)):
            return None
        shape = to_indexed_shape(self._machine, domain.domain, f"{where}: argument {name}")
        if shape is None:
            return None
        assert isinstance(result, VStuck)
        below = to_dim(self._machine, result.args[0], f"{where}: argument {name}") if result.args else None
        return ArrayArgument(name=name, shape=shape, below=below)

    def _is_proposition(self, type_: Value) -> bool:
        while isinstance(type_, VPi):
            type_ = self._machine.instantiate(type_, variable(type_.name))
        if not isinstance(type_, VStuck) or type_.is_variable:
            return False
        family = self._environment.constant(type_.head)
        sort = family.type if family else None
        while isinstance(sort, Pi):
            sort = sort.body
        return isinstance(sort, Sort) and isinstance(sort.level, LZero)

    def _snocs(self, graph: Thunk) -> list[tuple[Thunk, Thunk]]:
        """Return shape and node of each ``Graph.snoc``, first node first."""
        found: list[tuple[Thunk, Thunk]] = []
        params = self.scalars_first + 1
        while True:
            constructor, fields = constructor_fields(
                self._machine, graph, dict.fromkeys((f"{GRAPH}.nil", f"{GRAPH}.snoc"), params), self._name
            )
            if constructor == f"{GRAPH}.nil":
                return found[::-1]
            _, shape, graph, node = fields
            found.append((shape, node))

    def _entry_names(self, count: int) -> list[str]:
        declared = self._environment.constant(names_declaration(self._name))
        if declared is None or declared.value is None:
            return [f"entry{position}" for position in range(count)]
        value = Thunk(declared.value, None)
        where = declared.name
        names = [to_string(self._machine, name, where) for name in to_list(self._machine, value, where)]
        if len(names) != count:
            raise GraphError(f"{where}: expected {count} names, one for each entry, found {len(names)}")
        return names

    def _node(self, thunk: Thunk, entry: str, shape: Shape, shapes: list[Shape], where: str) -> Node:
        machine = self._machine
        _, (_, op_thunk, operands) = constructor_fields(machine, thunk, {f"{NODE}.mk": 4}, where)
        positions = []
        while True:
            constructor, fields = constructor_fields(
                machine, operands, {f"{_OPERANDS}.nil": 1, f"{_OPERANDS}.cons": 1}, where
            )
            if constructor == f"{_OPERANDS}.nil":
                break
            operand_shape, _, index, operands = fields
            positions.append(to_position(machine, index, where))
            check_operand(positions[-1], to_shape(machine, operand_shape, where), shapes, where)
        op = machine.force(op_thunk)
        if not isinstance(op, VStuck) or op.is_variable or op.head not in self._known_ops:
            raise UnsupportedOp(
                describe(op), f"{where}: unknown op {describe(op)}; the primitive table has no entry for it"
            )
        return Node(
            name=entry,
            op=last_component(op.head),
            lean_op=op.head,
            operands=tuple(positions),
            params=self._params(op, where),
            shape=shape,
        )

    def _params(self, op: VStuck, where: str) -> dict[str, Param]:
        constant = self._environment.constant(op.head)
        assert constant is not None
        params: dict[str, Param] = {}
        type_ = self._machine.evaluate(constant.type)
        for arg in op.args:
            assert isinstance(type_, VPi)
            kind = self._argument_kind(self._machine.force(type_.domain), type_.info)
            if kind != "erased":
                params[type_.name] = self._param(kind, arg, f"{where}: argument {type_.name} of {op.head}")
            type_ = self._machine.instantiate(type_, arg)
        return params

    def _param(self, kind: ArgumentKind, arg: Thunk, where: str) -> Param:
        match kind:
            case "dim":
                return DimParam(value=to_dim(self._machine, arg, where))
            case "shape":
                return ShapeParam(value=to_shape(self._machine, arg, where))
        value = self._machine.force(arg)
        names = self._telescope.of(kind)
        if isinstance(value, VStuck) and value.is_variable and not value.args and value.head in names:
            return _NAMED[kind](name=value.head)
        raise UnsupportedTerm(
            f"{where}: expected an argument of the declaration ({', '.join(names) or 'it has none'}), "
            f"found {describe(value)}"
        )
