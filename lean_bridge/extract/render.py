"""From symbolic graphs back to Lean: a definition of each, and the theorem that it is the declared one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lean_bridge.codes import Code
from lean_bridge.errors import DeclarationNotFound, Declined, UnsupportedTerm
from lean_bridge.extract.machine import Declarations
from lean_bridge.extract.symbolic import DGRAPH, GRAPH
from lean_bridge.extract.upstream import by_name
from lean_bridge.names import PLAIN, ROOT
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Const, Constant, Expr, Name, Pi, bare, head_of, spine
from pybind_models import ArrayArgument, DGraph, Dim, DimParam, Node, Param, Shape, ShapeParam

PACKAGE = "LeanBridge.Certified"
"""Where all that is generated about extraction has its names."""

_IDENTIFIER = re.compile(r"[^\W\d][\w'!?₀-₉]*")
_PERHAPS_RESERVED = re.compile(r"_|[a-z_]{2,}|Prop|Sort|Type|[λΠΣ]")
"""Lean's keywords, and other words that are as well written in ``«»``."""

_BY_RANK = (".scalar", ".vec", ".mat", ".cube")
"""Constructors of ``Spec.Shape`` and abbreviations for them, which Lean elaborates in half the time."""


def extracted_name(graph: DGraph) -> Name:
    """Return the Lean name of the extracted graph, a definition over any ``ScalarOps``.

    After the scalars' type and its instance it takes the declaration's dimensions, scalars, maps and arrays.
    """
    return f"{PACKAGE}.{graph.lean_name}.extracted"


def certificate_name(graph: DGraph) -> Name:
    """Return the Lean name of the theorem that the declared graph is the extracted one."""
    return f"{PACKAGE}.{graph.lean_name}.declared_eq_extracted"


def scalars_name(graph: DGraph) -> Name:
    """Return what the extracted graph calls the type of its scalars: nothing that the graph takes."""
    return _fresh("R", graph.arguments)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What Lean is to check about one graph, in Lean."""

    graph: DGraph
    text: str

    @property
    def subject(self) -> Name:
        """The declaration that it is about."""
        return self.graph.lean_name


def render_graph(graph: DGraph, declarations: Declarations) -> Certificate:
    """Return :func:`extracted_name` and :func:`certificate_name` of a graph, as Lean source.

    The theorem is proved by ``rfl``, for all dimensions and parameters; of a ``DGraph`` it is about the graph
    in it. The names of the entries appear in comments only: nothing certifies them.

    Raises: DeclarationNotFound if the declaration or an op is not defined; UnsupportedTerm if the declaration
    has an argument that cannot be written; Declined, by LB309, if an op of it was recognised by name.
    """
    if graph.recognised:
        raise Declined(f"{graph.lean_name}: {by_name(graph.recognised)}", code=Code.BY_NAME)
    name = f"{PACKAGE}.{graph.lean_name}"
    definition, theorem = render_definition(graph, declarations), _theorem(graph, declarations)
    return Certificate(graph, f"namespace {name}\n\n{definition}\n{theorem}\nend {name}\n")


def render_module(
    certificates: Sequence[Certificate], environment: Environment
) -> tuple[str, tuple[range, ...]]:
    """Return the source of a module with some certificates, and the lines of each, counted from 1.

    It imports the modules of ``environment`` that define the declarations and their ops, and is written in
    the module system if all of these are.
    """
    graphs = [certificate.graph for certificate in certificates]
    names = {name for graph in graphs for name in (graph.lean_name, *(node.lean_op for node in graph.nodes))}
    imports = sorted({module for module in map(environment.module_of, names) if module})
    if all(environment.module(name).is_module for name in imports):
        lines = ["module", *(f"public import {name}" for name in imports), "@[expose] public section"]
    else:
        lines = [f"import {name}" for name in imports]
    ranges = []
    for certificate in certificates:
        first = len(lines) + 1
        lines += ["", *certificate.text.splitlines()]
        ranges.append(range(first, len(lines) + 1))
    return "\n".join(lines) + "\n", tuple(ranges)


def render_source(graph: DGraph, environment: Environment) -> str:
    """Return the module of one graph's certificate. Raises: as :func:`render_graph`."""
    return render_module([render_graph(graph, environment)], environment)[0]


def render_definition(graph: DGraph, declarations: Declarations) -> str:
    """Return the definition ``extracted`` of a graph, in the name space that it shall have.

    Raises: as :func:`render_graph`, of ops and arguments.
    """
    scalars = scalars_name(graph)
    groups = ((graph.dims, f"{ROOT}.Nat"), (graph.scalars, scalars), (graph.maps, "_"))
    binders = "".join(f" ({' '.join(map(_written, names))} : {type_})" for names, type_ in groups if names)
    binders += "".join(f" ({_written(each.name)} : {_array_type(each)})" for each in graph.arrays)
    context = _shapes(entry.shape for entry in graph.context)
    body = f"  {ROOT}.{GRAPH}.nil (R := {scalars}) (Γ := {context})\n"
    for count, node in enumerate(graph.nodes):
        # without the list as a literal Lean compares nested appends, and runs out of time
        saved = _shapes(before.shape for before in graph.nodes[:count])
        name = f" -- {node.name}" if node.name.isprintable() else ""
        body += f"    |>.snoc (ss := {saved}) (τ := {_shape(node.shape)}){name}\n"
        body += f"      {_node(node, declarations)}\n"
    return (
        "/-- What was extracted from the declaration of this name. -/\n"
        f"noncomputable def extracted {{{scalars} : Type}} [{ROOT}.Proofs.Autograd.ScalarOps {scalars}]"
        f"{binders} :=\n{body}"
    )


def _node(node: Node, declarations: Declarations) -> str:
    arguments = {name: _param(param) for name, param in node.params.items()}
    type_: Expr = _constant(declarations, node.lean_op).type
    while isinstance(type_ := bare(type_), Pi):
        if type_.info == "default" and type_.name not in arguments:  # extraction erases proofs, nothing else
            arguments[type_.name] = f"by grind [{ROOT}.Spec.Shape.size]"
        type_ = type_.body
    op = " ".join(
        [f"{ROOT}.{node.lean_op}", *(f"({_written(name)} := {text})" for name, text in arguments.items())]
    )
    operands = "".join(f".cons (.pos {position} rfl) <| " for position in node.operands)
    return f"⟨_, {op}, {operands}.nil⟩"


def _theorem(graph: DGraph, declarations: Declarations) -> str:
    arguments: list[Pi] = []
    type_ = _constant(declarations, graph.lean_name).type
    while isinstance(type_ := bare(type_), Pi):
        arguments.append(type_)
        type_ = type_.body
    given = [argument.name for argument in arguments]
    names = _distinct(given)
    binders = [
        f"[{name} : {_class(argument.type, names[:count], graph.lean_name)}]"
        if argument.info == "instImplicit"
        else f"({name} : _)"  # what the declaration takes there
        for count, (name, argument) in enumerate(zip(names, arguments, strict=True))
    ]
    declared = " ".join([f"@{ROOT}.{graph.lean_name}", *names])
    if is_dgraph(type_, graph.lean_name):
        declared = f"({declared}).g"
    taken = graph.arguments
    for name in taken:
        if (found := given.count(name)) != 1:
            raise UnsupportedTerm(f"{graph.lean_name}: expected one argument called {name}, found {found}")
    extracted = " ".join(["extracted", *(names[given.index(name)] for name in taken)])
    return (
        f"theorem declared_eq_extracted {' '.join(binders)} :\n"
        f"    {declared} = {extracted} := by\n"
        "  with_unfolding_all exact rfl\n"
    )


def _distinct(names: Sequence[Name]) -> list[str]:
    """Return a name for each argument: its own, or a fresh one where that is none or means something else."""
    taken = {"extracted", *names}
    distinct: list[str] = []
    for count, name in enumerate(names):
        if not re.fullmatch(PLAIN, name) or name == "extracted" or name in names[:count]:
            name = _fresh(f"a{count}", taken)  # instances and hypotheses often have no name
            taken.add(name)
        distinct.append(_written(name))
    return distinct


def _fresh(name: Name, taken: Collection[Name]) -> Name:
    """Return a name that is not taken, as near as can be to this one."""
    return _fresh(f"{name}'", taken) if name in taken else name


def is_dgraph(type_: Expr, where: Name) -> bool:
    """Whether what a declaration's type ends in is a ``DGraph``, as against a ``Graph``.

    Raises: UnsupportedTerm if it is neither.
    """
    head = head_of(type_)
    if not isinstance(head, Const) or head.name not in (GRAPH, DGRAPH):
        raise UnsupportedTerm(f"{where}: expected a type that ends in {DGRAPH} or {GRAPH}, as written")
    return head.name == DGRAPH


def _class(type_: Expr, earlier: Sequence[str], where: Name) -> str:
    head, arguments = spine(type_)
    given = [earlier[-1 - argument.index] for argument in arguments if isinstance(argument, BVar)]
    if not isinstance(head, Const) or len(given) != len(arguments):
        raise UnsupportedTerm(f"{where}: expected instance arguments of classes on earlier arguments")
    return " ".join([f"{ROOT}.{head.name}", *given])


def _param(param: Param) -> str:
    match param:
        case DimParam(value=dim):
            return _dim(dim)
        case ShapeParam(value=shape):
            return _shape(shape)
    return _written(param.name)


def _array_type(array: ArrayArgument) -> str:
    values = f"{ROOT}.Bool" if array.below is None else f"{ROOT}.Fin {_atom(_dim(array.below))}"
    return f"{ROOT}.Spec.Shape.Index {_atom(_shape(array.shape))} → {values}"


def _shapes(shapes: Iterable[Shape]) -> str:
    return f"[{', '.join(map(_shape, shapes))}]"


def _shape(shape: Shape) -> str:
    if len(shape) < len(_BY_RANK):
        return " ".join([_BY_RANK[len(shape)], *(_atom(_dim(dim)) for dim in shape)])
    return f".dim {_atom(_dim(shape[0]))} {_atom(_shape(shape[1:]))}"


def _dim(dim: Dim) -> str:
    return _IDENTIFIER.sub(lambda name: _written(name[0]), str(dim))


def _atom(text: str) -> str:
    return f"({text})" if {" ", "*"} & set(text) else text


def _written(name: Name) -> str:
    if not re.fullmatch(PLAIN, name):
        raise UnsupportedTerm(f"expected an argument whose name is a plain identifier, found {name}")
    return f"«{name}»" if _PERHAPS_RESERVED.fullmatch(name) else name


def _constant(declarations: Declarations, name: Name) -> Constant:
    constant = declarations.constant(name)
    if constant is None:
        raise DeclarationNotFound(name, f"{name} is not defined by any compiled module")
    return constant
