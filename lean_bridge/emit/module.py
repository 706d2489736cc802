"""A graph as a Lean module: the graph, its certificate, and what that is good for, for all dimensions.

The text depends on the graph and on what is said of its origin, and on nothing else. That it says what it
should is for Lean and for extraction to find out: what is read back from it is compared with the graph.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from lean_bridge.emit.forms import FORMS, Form
from lean_bridge.errors import UnsupportedOp, UnsupportedTerm
from lean_bridge.names import PLAIN
from pybind_models import (
    ArrayArgument,
    ArrayParam,
    DGraph,
    Dim,
    DimParam,
    Entry,
    Node,
    Param,
    ScalarParam,
    Shape,
    ShapeParam,
)

WIDTH: Final = 100
"""Of a line."""

STAGE: Final = 16
"""How many nodes one definition adds: what Lean does for a longer one grows faster than its length."""

_BY_RANK: Final = ("vec", "mat", "cube")
_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\\x7f-\xa0\u2028\u2029]')
"""What a string of Lean's has not as it is."""
_NO_BREAK: Final = "\u00a0"
_LEAN_S: Final = """
abbrev at attribute axiom by calc catch class decreasing_by def deriving do elab else end example exists
export extends finally for forall from fun have haveI if import in include inductive infix infixl infixr
initialize instance let letI local macro match meta mut mutual namespace nofun nomatch noncomputable
nonrec notation omit opaque open partial postfix prefix private protected public rec repeat return scoped
seal section set_option show simproc sorry structure suffices syntax termination_by then theorem this try
universe unless unsafe unseal using variable where with Prop Sort Type
"""
_KEYWORDS: Final = frozenset(_LEAN_S.split())
"""What is no name without ``«»``. Of one that is missing here, Lean refuses the module."""
_SAID: Final = """
R xV seedV Nat String List Shape Spec Proofs Graph DGraph TapeNodes ScalarOps AnalyticScalar CtxVec
HasFDerivAt GraphFDerivCorrect fderiv vec mat cube scalar rfl grind AllowsSome Bool Fin _
"""
_OWN: Final = frozenset(_SAID.split())
"""What is meant by its name in every module that is written."""


def check_names(graph: DGraph) -> None:
    """Raise UnsupportedTerm where an argument cannot be called in Lean as it is here."""
    parts = re.compile(rf"{re.escape(graph.lean_name)}(Inputs|Saved|D?Graph\d*|Certificate\d*)")
    for name in graph.arguments:
        if not re.fullmatch(PLAIN, name) or name in _OWN or parts.fullmatch(name):
            raise UnsupportedTerm(
                f"{graph.lean_name}: {name} is the name of something else in Lean; give it another one"
            )


def render_library_module(graph: DGraph, space: str, origin: str) -> str:
    """Return the source of a module that declares a graph in a name space, of what ``origin`` says it is.

    It declares ``NAMEInputs``, ``NAMESaved``, ``NAMEGraph``, what ``declared_name`` says with the names of
    its entries, and the theorems ``NAME_hasFDerivAt`` and ``NAME_backpropVec_eq_adjoint_fderiv``, where NAME
    is the name of the graph. What certificates ask for are hypotheses of the theorems, each with a name.
    Raises: UnsupportedOp for an op that has no form; UnsupportedTerm for a name that
    Lean has no room for.
    """
    check_names(graph)
    return _Module(graph, space, origin).text()


def conditions_at_points(graph: DGraph) -> tuple[str, ...]:
    """Return the names of the hypotheses that are about what the graph computes, and not about arguments.

    Raises: UnsupportedOp.
    """
    found = _Module(graph, "", "").hypotheses
    return tuple(each.name for each in found if _form(graph, graph.nodes[each.at]).operand is not None)


def declared_name(graph: DGraph) -> str:
    """Return what a module of a graph declares it as: with its certificate, where that has no condition.

    Raises: UnsupportedOp.
    """
    is_bare = any(_form(graph, node).condition for node in graph.nodes)
    return f"{graph.lean_name}{'Graph' if is_bare else 'DGraph'}"


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """What the theorems are proved under."""

    name: str
    text: str
    at: int
    """The first node that needs it."""

    @property
    def binder(self) -> str:
        """It, as it is bound."""
        return f"({self.name} : {self.text})"


class _Module:
    """One graph, and how its parts are called."""

    def __init__(self, graph: DGraph, space: str, origin: str) -> None:
        self._graph, self._space, self._origin = graph, space, origin
        self._name = graph.lean_name
        self._dims = list(map(_written, graph.dims))
        self._scalars = list(map(_written, graph.scalars))
        self._arguments = " ".join(map(_written, graph.arguments))
        self._inputs = " ".join([f"{self._name}Inputs", *self._dims_of(graph.context)])
        self._saved = " ".join([f"{self._name}Saved", *self._dims_of(graph.nodes)])
        self.hypotheses = list(self._asked())
        self._is_pointed = any(_form(graph, node).operand is not None for node in graph.nodes)
        self._declared = declared_name(graph)
        if self.hypotheses:
            self._run = f"({self._applied_to(self._declared)})"
        else:
            applied = f"{self._declared} {self._arguments}"
            self._applied = f"({applied})" if self._arguments else self._declared
            self._run = f"{self._applied}.g"

    def text(self) -> str:
        modules = {_form(self._graph, node).module for node in self._graph.nodes}
        imports = "\n".join(
            f"public import {each}" for each in (*sorted(modules), "Proofs.Autograd.Tape.DGraph")
        )
        parts = [
            f"module\n\n{imports}",
            f"/-!\n# The graph of `{self._name}`\n\n{_filled(self._said())}\n-/",
            "@[expose] public section",
            f"namespace {self._space}",
            "open Spec Shape Proofs.Autograd",
            "noncomputable section",
            *self._lists(),
            *self._stages(),
            *self._theorems(),
            "end",
            f"end {self._space}",
        ]
        return "\n\n".join(parts) + "\n"

    def _said(self) -> str:
        return (
            f"{self._origin} Each saved tensor is one op. Main results: `{self._name}_hasFDerivAt` and "
            f"`{self._name}_backpropVec_eq_adjoint_fderiv`, for all dimensions, {self._where()}: the reverse "
            "pass is the adjoint of the derivative."
        )

    def _where(self) -> str:
        names = ", ".join(f"`{each.name}`" for each in self.hypotheses)
        if self._is_pointed:
            return f"at all inputs of which the hypotheses hold ({names})"
        return f"at all inputs, under the hypotheses {names}" if names else "at all inputs"

    def _asked(self) -> Iterable[_Hypothesis]:
        """Give the hypotheses, in order: of a scalar once, however many nodes need it."""
        asked = set()
        taken = {*self._graph.arguments}
        for at, node in enumerate(self._graph.nodes):
            form, text = _form(self._graph, node), self._condition(at)
            if not text or text in asked:
                continue
            asked.add(text)
            about = [node.name] if form.operand is not None else _named_in(form.condition, node)
            name = f"h_{re.sub(r'[^A-Za-z0-9_]', '_', '_'.join(about))}"
            while name in taken:
                name += "'"
            taken.add(name)
            yield _Hypothesis(name, text, at)

    def _condition(self, at: int) -> str:
        """Return what the certificate of a node asks for, as a term of Lean, or nothing."""
        node = self._graph.nodes[at]
        form = _form(self._graph, node)
        given = {binder: _param(self._graph, param) for binder, param in node.params.items()}
        if form.operand is None:
            return form.condition.format(**given)
        position = node.operands[form.operand]
        before, shape = self._before(at), _argument(self._graph.entries[position].shape)
        value = f"CtxVec.get (.pos {position} rfl : Idx ({self._inputs} ++ {before}) {shape})"
        return f"∀ k, {form.condition.format(x=f'{value} ({self._evaluated(at)}.evalVec xV) k', **given)}"

    def _evaluated(self, at: int) -> str:
        """Return the graph of the first nodes, as a term."""
        if at:
            return f"({self._applied_to(self._part('Graph', at))})"
        return f"(Graph.nil : Graph R ({self._inputs}) [])"

    def _lists(self) -> Iterable[str]:
        context, nodes = self._graph.context, self._graph.nodes
        for what, name, entries in (("inputs", "Inputs", context), ("saved tensors", "Saved", nodes)):
            said = f"The shapes of the {what}: {', '.join(f'`{each.name}`' for each in entries)}."
            binders = _binders(self._dims_of(entries), "Nat")
            head = " ".join(filter(None, [f"abbrev {self._name}{name}", binders, ": List Shape :="]))
            yield f"{_documented(said)}\n{head}\n{_list(_shape(each.shape) for each in entries)}"
        names = _list(_quoted(each.name) for each in self._graph.entries)
        yield (
            "/-- The names of inputs and saved tensors. -/\n"
            f"def {self._declared}.names : List String :=\n{names}"
        )

    def _stages(self) -> Iterable[str]:
        """Give the graph and its certificate, each by definitions that add some nodes to the one before.

        Every step says what is saved before it. Where that is left to Lean to find out, it compares lists of
        which it knows the last entries only, again and again, and comes to no end with twenty nodes.
        """
        ends = [0]
        for at, node in enumerate(self._graph.nodes):
            if at - ends[-1] == STAGE or (at > ends[-1] and _form(self._graph, node).operand is not None):
                ends.append(at)  # what is asked of an operand is asked of the graph up to there
        parts = list(pairwise([*ends, len(self._graph.nodes)]))
        yield from (self._graph_of(first, last) for first, last in parts)
        yield from (self._certificate_of(first, last) for first, last in parts)

    def _graph_of(self, first: int, last: int) -> str:
        whole = last == len(self._graph.nodes)
        said = f"The graph of `{self._name}`{'' if whole else f', its first {last} nodes'}."
        head = self._head(f"def {self._part('Graph', last)}", "[ScalarOps R]")
        type_ = f"Graph R ({self._inputs}) ({self._saved if whole else self._before(last)})"
        before = self._applied_to(self._part("Graph", first)) if first else "Graph.nil"
        steps = "\n".join(
            f"    |>.snoc (ss := {self._before(at)})\n      {_node(self._graph, self._graph.nodes[at])}"
            for at in range(first, last)
        )
        return f"{_documented(said)}\n{head} :\n    {type_} :=\n  {before}\n{steps}"

    def _certificate_of(self, first: int, last: int) -> str:
        whole = last == len(self._graph.nodes)
        graph = self._applied_to(self._part("Graph", last))
        before = self._certified(first) if first else f"GraphFDerivCorrect{self._at()}.nil"
        steps = "\n".join(
            f"    |>.snoc (ss := {self._before(at)})\n      {self._certificate(at)}"
            for at in range(first, last)
        )
        if not whole or self.hypotheses:
            head = self._head(f"def {self._part('Certificate', last)}", "[AnalyticScalar R]")
            point = "\n    " + self._point() if self._is_pointed else ""
            asked = "".join(f"\n    {_wrapped(each.binder, 6, first=4)}" for each in self._needed(last))
            type_ = f"GraphFDerivCorrect{self._at()} ({graph}){' xV' if self._is_pointed else ''}"
            return (
                f"/-- The certificate of `{self._part('Graph', last)}`. -/\n"
                f"{head}{point}{asked} :\n    {type_} :=\n  {before}\n{steps}"
            )
        head = self._head(f"def {self._name}DGraph", "[AnalyticScalar R]")
        return (
            f"/-- `{self._name}Graph` and its certificate, one step for each node. -/\n"
            f"{head} :\n    DGraph R ({self._inputs}) ({self._saved}) where\n"
            f"  g := {graph}\n  hg := {before}\n{steps}"
        )

    def _certificate(self, at: int) -> str:
        """Return the certificate of a node, at the point where that is what the graph has."""
        node = self._graph.nodes[at]
        form = _form(self._graph, node)
        proof = f" ({form.hypothesis} := {self._name_of(at)})" if form.condition else ""
        made = f"({form.certificate}{proof} ..)"
        return f"({made}.at _)" if self._is_pointed and form.operand is None else made

    def _name_of(self, at: int) -> str:
        """Return the hypothesis that a node needs."""
        text = self._condition(at)
        return next(each.name for each in self.hypotheses if each.text == text)

    def _needed(self, last: int) -> list[_Hypothesis]:
        """Return the hypotheses that the first nodes need."""
        return [each for each in self.hypotheses if each.at < last]

    def _certified(self, last: int) -> str:
        """Return the certificate of the first nodes, as a term."""
        point = ["xV"] if self._is_pointed else []
        return " ".join(
            [
                self._applied_to(self._part("Certificate", last)),
                *point,
                *(each.name for each in self._needed(last)),
            ]
        )

    def _at(self) -> str:
        return "At" if self._is_pointed else ""

    def _point(self) -> str:
        return f"(xV : CtxVec R ({self._inputs}))"

    def _part(self, what: str, last: int) -> str:
        """Return what the definition of the first nodes is called, and that of all nodes."""
        return f"{self._name}{what}{'' if last == len(self._graph.nodes) else last}"

    def _applied_to(self, name: str) -> str:
        return f"{name} (R := R) {self._arguments}".rstrip()

    def _before(self, at: int) -> str:
        """Return what is saved before a node, as a term of Lean."""
        return f"({self._saved}).take {at}" if at else "[]"

    def _theorems(self) -> Iterable[str]:
        graph, point = self._run, self._point()
        asked = "".join(f"\n    {_wrapped(each.binder, 6, first=4)}" for each in self.hypotheses)
        certified, by = f"({self._certified(len(self._graph.nodes))})", "_at" if self._is_pointed else ""
        at = "" if self._is_pointed else " xV"
        head = self._head(f"theorem {self._name}_hasFDerivAt", "[AnalyticScalar R]")
        proof = f"Graph.hasFDerivAt_evalVec{by} {certified}{at}"
        if not self.hypotheses:
            proof = f"{self._applied}.hasFDerivAt_evalVec xV"
        yield (
            f"/-- The graph is differentiable{'' if self._is_pointed else ' at every point'}, and its "
            f"derivative is its JVP. -/\n{head}\n    {point}{asked} :\n"
            f"    HasFDerivAt {graph}.evalVec\n      ({graph}.jvpCLM xV) xV :=\n"
            f"  {_wrapped(proof, 6, first=2)}"
        )
        head = self._head(f"theorem {self._name}_backpropVec_eq_adjoint_fderiv", "[AnalyticScalar R]")
        proof = f"Graph.backpropVec_eq_adjoint_fderiv{by} {certified}{at} seedV"
        if not self.hypotheses:
            proof = f"{self._applied}.backpropVec_eq_adjoint_fderiv xV seedV"
        yield (
            "/-- The reverse pass of the graph is the adjoint of its derivative. -/\n"
            f"{head}\n    {point}{asked}\n"
            f"    (seedV : CtxVec R ({self._inputs} ++ {self._saved})) :\n"
            f"    {graph}.backpropVec xV seedV =\n"
            f"      (fderiv R {graph}.evalVec xV).adjoint seedV :=\n"
            f"  {_wrapped(proof, 6, first=2)}"
        )

    def _dims_of(self, entries: Iterable[Entry | Node]) -> list[str]:
        """Return the dimensions that some shapes are about, in their order."""
        named = {name for each in entries for dim in each.shape for name in dim.names}
        return [_written(name) for name in self._graph.dims if name in named]

    def _head(self, name: str, scalars: str) -> str:
        binders = [f"{{R : Type}} {scalars}", _binders(self._dims, "Nat"), _binders(self._scalars, "R")]
        arrays = (_binders([_written(each.name)], _array_type(each)) for each in self._graph.arrays)
        return _wrapped(" ".join([name, *_kept_together([*binders, *arrays])]), 4)


def _form(graph: DGraph, node: Node) -> Form:
    form = FORMS.get(node.op)
    if form is None or node.lean_op != f"Proofs.Autograd.Op.{node.op}":
        found = f"{graph.lean_name}: node {node.name}: {node.lean_op} has no certificate that can be written"
        raise UnsupportedOp(node.op, f"{found}; those that have one are {', '.join(FORMS)}")
    return form


def _node(graph: DGraph, node: Node) -> str:
    form = _form(graph, node)
    words = [form.node, *(f"({binder} := {_param(graph, param)})" for binder, param in node.params.items())]
    operands = [f".pos {operand} rfl" for operand in node.operands]
    words += [f"⟨{', '.join(operands)}⟩"] if form.structure else [f"({each})" for each in operands]
    return _wrapped(f"({' '.join(_kept_together([*words, form.proof]))})", 8, first=6)


def _param(graph: DGraph, param: Param) -> str:
    match param:
        case DimParam(value=dim):
            return _dim(dim)
        case ShapeParam(value=shape):
            return _shape(shape)
        case ScalarParam(name=name) | ArrayParam(name=name):
            return _written(name)
    raise UnsupportedTerm(f"{graph.lean_name}: {param.name} is no dimension, shape, scalar or array")


def _shape(shape: Shape) -> str:
    if not shape:
        return "scalar"
    if len(shape) <= len(_BY_RANK):
        return " ".join([_BY_RANK[len(shape) - 1], *(_atom(_dim(dim)) for dim in shape)])
    return f".dim {_atom(_dim(shape[0]))} ({_shape(shape[1:])})"


def _array_type(array: ArrayArgument) -> str:
    values = "Bool" if array.below is None else f"Fin {_atom(_dim(array.below))}"
    shape = _shape(array.shape)
    return f"({shape}{' : Shape' if shape.startswith('.') else ''}).Index → {values}"


def _named_in(condition: str, node: Node) -> list[str]:
    """Return the scalars and arrays that a condition is about."""
    return [
        param.name
        for binder, param in node.params.items()
        if isinstance(param, ScalarParam | ArrayParam) and f"{{{binder}}}" in condition
    ]


def _argument(shape: Shape) -> str:
    text = _shape(shape)
    return f"({text})" if " " in text else text


def _dim(dim: Dim) -> str:
    return re.sub(PLAIN, lambda name: _written(name[0]), str(dim))


def _atom(text: str) -> str:
    return f"({text})" if {" ", "*"} & set(text) else text


def _written(name: str) -> str:
    return f"«{name}»" if name in _KEYWORDS else name


def _binders(names: Sequence[str], type_: str) -> str:
    return f"({' '.join(names)} : {type_})" if names else ""


def _documented(said: str) -> str:
    return f"/-- {_filled(said, less=7)} -/"


def _filled(text: str, less: int = 0) -> str:
    """Return the lines of a comment, which ends where it is closed, whatever a name or a file in it has."""
    within = text.replace("-/", "- /").replace("/-", "/ -")
    return textwrap.fill(within, WIDTH - less, break_long_words=False, break_on_hyphens=False)


def _quoted(name: str) -> str:
    """Return a name as Lean writes a string."""
    escaped = _ESCAPED.sub(lambda found: "\\" + f"u{ord(found[0]):04x}", name)
    return f'"{escaped}"'


def _list(items: Iterable[str]) -> str:
    return _wrapped(f"  [{', '.join(_kept_together(items))}]", 3, first=2)


def _kept_together(items: Iterable[str]) -> list[str]:
    return [item.replace(" ", _NO_BREAK) for item in items if item]


def _wrapped(text: str, indent: int, *, first: int = 0) -> str:
    """Return a text in lines that end between words; ``first`` is how much stands before it already."""
    lines = textwrap.wrap(
        text.strip(),
        WIDTH,
        initial_indent=" " * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[0 if text.startswith(" ") else first :].replace(_NO_BREAK, " ")
