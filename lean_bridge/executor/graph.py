"""From an extracted graph to a program: look up the primitives, bind the dimensions, fix the scalars."""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lean_bridge.errors import BindingError, GraphError, NoStanding, ShapeError, UnsupportedOp
from lean_bridge.executor.arrays.backends import ArrayAPIReals
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import REALS, Array, Reals, Scalars
from lean_bridge.executor.arrays.shape import Shape, Shapes, is_size, text_of
from lean_bridge.executor.checks import CheckedProgram
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.looked_at import LookedAtProgram
from lean_bridge.executor.rules.arguments import BoundArray, by_name, labelled
from lean_bridge.executor.rules.constants import CONSTANTS
from lean_bridge.executor.rules.parameters import (
    Parameter,
    Site,
    kept,
)
from lean_bridge.executor.rules.primitive import Primitive, Setting
from lean_bridge.executor.rules.program import Program, Step
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.letters import shown
from lean_bridge.notebooks import graph_svg
from pybind_models import (
    NOT_JUDGED,
    ArrayArgument,
    ArrayParam,
    ConstantParam,
    DGraph,
    DimParam,
    GraphStanding,
    MapParam,
    Node,
    ScalarParam,
    ShapeParam,
)
from pybind_models.graph import NAMED

MOST_COORDINATES: Final = sys.maxsize // np.dtype(float).itemsize
"""Of an array, in any memory."""

MOST_AXES: Final = 32
"""Of an entry: NumPy broadcasts arrays of no more."""

_MOST_BITS: Final = 1000
"""Of a dimension that is looked at: memory has addresses of 64."""


class ExecutableGraph:
    """A graph of ops that the executor has, with what is known of the declaration behind it.

    ``standing`` is what a project found when it read the graph; everything that is made of it keeps that. Of
    a graph that was made by hand, composed of others or read from a file, and of one that other primitives
    run than this package's, nobody has judged anything, and its standing says so.

    Raises: UnsupportedOp naming the first op that ``primitives`` lacks; GraphError if a node has the wrong
    number of operands, or other arguments than its op takes; NoStanding if the declaration was rejected and
    ``allow_uncertified`` is false, or if the standing is another graph's.
    """

    def __init__(
        self,
        model: DGraph,
        primitives: Mapping[str, Primitive] = PRIMITIVES,
        *,
        standing: GraphStanding = NOT_JUDGED,
        allow_uncertified: bool = False,
    ) -> None:
        self.standing = _standing_of(model, standing, allow_uncertified=allow_uncertified)
        """What is known of the declaration from which it was read."""
        if primitives is not PRIMITIVES and standing.status == "accepted":
            self.standing = NOT_JUDGED.model_copy(
                update={"reason": "other primitives run than the package's"}
            )
        self.model = model
        self.primitives = tuple(
            _primitive(model, position, node, primitives)
            for position, node in enumerate(model.nodes, start=len(model.context))
        )
        """One per node."""

    def __repr__(self) -> str:
        return shown(f"<ExecutableGraph {self.model.lean_name}: {self.standing.text}>")

    def _repr_svg_(self) -> str:
        return graph_svg(self.model, self.standing)

    def nodes(self) -> Iterator[tuple[int, Node, Primitive]]:
        """Yield each node with its position in ``Γ ++ ss`` and its primitive."""
        for offset, (node, primitive) in enumerate(zip(self.model.nodes, self.primitives, strict=True)):
            yield len(self.model.context) + offset, node, primitive

    def bind(self, /, **dims: int) -> BoundGraph:
        """Return the graph at the given values of the declaration's dimension arguments.

        Raises: BindingError if a dimension is missing, unknown, negative or no integer, or an entry has more
        axes than arrays can; ShapeError if an op's shape rule disagrees with a certified shape.
        """
        return BoundGraph(self, sizes_of(self.model, dims))


def sizes_of(model: DGraph, dims: Mapping[str, Any]) -> dict[str, int]:
    """Return dimensions by the names that they have in the declaration.

    Raises: BindingError if one is missing, unknown, given twice, negative or no integer.
    """
    sizes = by_name(model.lean_name, dict.fromkeys(model.dims, "dimension"), "dimension", dims)
    for name, value in sizes.items():
        label = f"{model.lean_name}: dimension {name}"
        if isinstance(value, int) and (bits := value.bit_length()) > _MOST_BITS:  # not to be written out
            raise BindingError(f"{label}: expected a size, found an integer of {bits:,} bits")
        if not is_size(value):
            raise BindingError(f"{label}: expected an integer ≥ 0, found {reprlib.repr(value)}")
    return sizes


@dataclass(frozen=True)
class Argument:
    """A use that a node makes of one of the declaration's arguments."""

    name: str
    """The argument of the declaration."""
    binder: str
    """The argument of the op."""
    parameter: Parameter
    site: Site

    @property
    def shapes(self) -> Shapes:
        """The shapes of the node's operands."""
        return self.site.shapes

    @property
    def out(self) -> Shape:
        """The shape of the node."""
        return self.site.out

    def check(self, value: object, kind: Scalars) -> Any:
        """Return what the rules get for a caller's value. Raises: as the parameter's own check."""
        return self.parameter.check(value, self.site, kind)

    def draw(self, rng: np.random.Generator) -> Any:
        """Return a random value. Raises: Declined if there is none."""
        return self.parameter.draw(rng, self.site)


class BoundGraph:
    """A graph at concrete dimensions, where every op's shape rule gives the certified shape."""

    def __init__(self, graph: ExecutableGraph, dims: Mapping[str, int]) -> None:
        self.graph = graph
        self.dims = {name: int(value) for name, value in dims.items()}
        self.entries = tuple(
            BoundEntry(entry.name, tuple(dim.evaluate(self.dims) for dim in entry.shape))
            for entry in graph.model.entries
        )
        """The entries of ``Γ ++ ss``."""
        self.arrays = tuple(map(self._array, graph.model.arrays))
        """The declaration's arguments that are arrays."""
        shapes = [(each.name, each.shape) for each in self.entries]
        for name, shape in [*shapes, *((each.name, each.shape) for each in self.arrays)]:
            if (axes := len(shape)) > MOST_AXES:
                found = f"{graph.model.lean_name}: entry {name} has {axes} axes"
                raise BindingError(f"{found}, expected at most {MOST_AXES}, as NumPy has; join some of them")
        for position, node, primitive in graph.nodes():
            label = f"{_label(graph.model, position)}: {node.op}"
            certified = self.entries[position].shape
            try:
                shape = primitive.shape_rule(tuple(self.entries[i].shape for i in node.operands), certified)
            except ShapeError as error:
                raise ShapeError(f"{label}: {error}") from None
            if shape != certified:
                raise ShapeError(f"{label} makes shape {text_of(shape)}, certified is {text_of(certified)}")

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={value}" for name, value in self.dims.items()) or "no dimensions"
        return shown(f"<BoundGraph {self.graph.model.lean_name} at {sizes}: {self.standing.text}>")

    def _repr_svg_(self) -> str:
        return graph_svg(self.graph.model, self.standing, self.dims)

    @property
    def standing(self) -> GraphStanding:
        """What is known of the graph's declaration."""
        return self.graph.standing

    def scalars(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return values of the declaration's scalars by their names in it.

        Raises: BindingError if one is missing, unknown or given twice.
        """
        model = self.graph.model
        return by_name(model.lean_name, dict.fromkeys(model.scalars, "scalar"), "scalar", given)

    def draw_arrays(self, source: np.random.Generator | int) -> dict[str, Array]:
        """Return random arrays for the arguments that are whole numbers or truth values, by name.

        Where an op takes one, it is in the op's domain. ``source`` is what they are drawn from, or its seed.
        Raises: Declined if one has no value.
        """
        rng = np.random.default_rng(source)
        uses = {use.name: use for use in self.arguments() if use.parameter.kind == "array"}
        return {each.name: uses.get(each.name, each).draw(rng) for each in self.arrays}

    def arguments(self) -> Iterator[Argument]:
        """Yield every use that a node makes of one of the declaration's arguments that are no sizes."""
        for position, node, primitive in self.graph.nodes():
            yield from self._arguments_of(position, node, primitive)

    def compile(self, kind: Scalars = REALS, /, **arguments: Any) -> CompiledProgram:
        """Return a program that plans each request once and then runs it fast. Arguments as ``interpret``."""
        return CompiledProgram(self.interpret(kind, **arguments))

    def interpret(self, kind: Scalars = REALS, /, **arguments: Any) -> Program:
        """Return a program with the given values of the declaration's arguments that are no dimensions.

        It runs node by node, the reference for what ``compile`` returns. ``kind`` is the field to compute in.
        A linear map is given as a ``LinearMap`` or as a matrix of shape (outputs, inputs) on row-major
        coordinates, a bias as an array; whole numbers and truth values as an array of these, of any library.
        They are copied, so that later writes to them change no program. An argument that
        Python cannot spell, like ``ε₁``, may be given as ``ε1``, and in ASCII, as ``eps1``.
        Floating point is checked to be finite; ``with_checks`` of the program has other levels.

        Raises: BindingError if an argument is missing, unknown, not of the field, of another size or dtype,
        out of its range, or an ε that is not positive, or if no memory could hold an array.
        """
        model = self.graph.model
        if not hasattr(kind, "check_scalar"):
            raise BindingError(
                f"{model.lean_name}: expected a field, as backends.torch_reals(), found {reprlib.repr(kind)}"
            )
        for entry in self.entries:
            if math.prod(max(1, length) for length in entry.shape) > MOST_COORDINATES:
                found = f"{model.lean_name}: entry {entry.name} would be {text_of(entry.shape)}"
                raise BindingError(f"{found}, more than memory has addresses for; give smaller dimensions")
        kinds = dict.fromkeys(model.scalars, "scalar") | dict.fromkeys(model.maps, "map")
        kinds |= {array.name: "array" for array in self.arrays}
        given = by_name(model.lean_name, kinds, "argument", arguments)
        given |= {name: kept(given[name]) for name in model.maps}
        for array in self.arrays:
            with labelled(f"{model.lean_name}: array {array.name}"):
                given[array.name] = array.check(given[array.name])
        for name in model.scalars:
            with labelled(f"{model.lean_name}: scalar {name}"):
                kind.check_scalar(given[name])
        steps = []
        for position, node, primitive in self.graph.nodes():
            site = self._site_of(position, node)
            params = {
                binder: primitive.params[binder].check(CONSTANTS[param.name](site.out), site, kind)
                for binder, param in _params(node).items()
                if isinstance(param, ConstantParam)
            }
            for use in self._arguments_of(position, node, primitive):
                with labelled(f"{model.lean_name}: {kinds[use.name]} {use.name}"):
                    params[use.binder] = use.check(given[use.name], kind)
            setting = Setting(site.out, params, kind, site.lengths)
            label = _label(model, position)
            steps.append(Step(label, node.name, position, node.operands, primitive, setting))
        if isinstance(kind, ArrayAPIReals):
            return LookedAtProgram(self.entries, steps, kind, arrays=self.arrays, standing=self.standing)
        made = CheckedProgram if type(kind) is Reals else Program
        return made(self.entries, steps, kind, arrays=self.arrays, standing=self.standing)

    def _arguments_of(self, position: int, node: Node, primitive: Primitive) -> Iterator[Argument]:
        site = self._site_of(position, node)
        for binder, param in _params(node).items():
            if not isinstance(param, ConstantParam):
                yield Argument(param.name, binder, primitive.params[binder], site)

    def _array(self, argument: ArrayArgument) -> BoundArray:
        shape = tuple(dim.evaluate(self.dims) for dim in argument.shape)
        below = None if argument.below is None else argument.below.evaluate(self.dims)
        uses = tuple(
            (number, binder)
            for number, node in enumerate(self.graph.model.nodes)
            for binder, param in node.params.items()
            if isinstance(param, ArrayParam) and param.name == argument.name
        )
        return BoundArray(self.graph.model.lean_name, argument.name, shape, below, uses)

    def _lengths_of(self, node: Node) -> dict[str, Shape]:
        """Return a node's shape arguments, and its dimension arguments as shapes of one axis."""
        given = {
            binder: param.value if isinstance(param, ShapeParam) else (param.value,)
            for binder, param in node.params.items()
            if isinstance(param, ShapeParam | DimParam)
        }
        return {binder: tuple(dim.evaluate(self.dims) for dim in value) for binder, value in given.items()}

    def _site_of(self, position: int, node: Node) -> Site:
        """Return the shapes of a node's operands, its own, and its op's sizes."""
        operands = tuple(self.entries[operand].shape for operand in node.operands)
        return Site(operands, self.entries[position].shape, self._lengths_of(node))


def _standing_of(model: DGraph, standing: GraphStanding, *, allow_uncertified: bool) -> GraphStanding:
    """Return the standing, which is this graph's. Raises: NoStanding, as :class:`ExecutableGraph`."""
    if standing.graph is not None and standing.graph != model.digest:
        raise NoStanding(
            f"{model.lean_name}: expected a standing of this graph, found that of another graph of "
            f"{standing.declaration}; what was changed after it was read has none"
        )
    if standing.status == "rejected" and not allow_uncertified:
        mend = "mend it, or give allow_uncertified=True, on the command line --allow-uncertified"
        raise NoStanding(f"{model.lean_name} has no standing: {standing.reason} ({standing.code}); {mend}")
    return standing


def _primitive(model: DGraph, position: int, node: Node, primitives: Mapping[str, Primitive]) -> Primitive:
    label = _label(model, position)
    primitive = primitives.get(node.op)
    if primitive is None or primitive.lean_name != node.lean_op:
        table = ", ".join(sorted(primitives))
        raise UnsupportedOp(node.op, f"{label}: no primitive for op {node.lean_op}; the executor has {table}")
    if len(node.operands) != primitive.arity:
        raise GraphError(f"{label}: {node.op} takes {primitive.arity} operands, found {len(node.operands)}")
    params = _params(node)
    if tuple(params) != tuple(primitive.params):
        takes, found = ", ".join(primitive.params) or "none", ", ".join(params) or "none"
        raise GraphError(f"{label}: {node.op} takes the parameters {takes}, found {found}")
    for binder, param in params.items():
        if isinstance(param, ConstantParam):
            if param.name not in CONSTANTS:
                found = f"parameter {binder} is the constant {param.name}, expected {' or '.join(CONSTANTS)}"
                raise GraphError(f"{label}: {found}")
            continue
        kind = primitive.params[binder].kind
        known = {"scalar": model.scalars, "map": model.maps}.get(kind, [each.name for each in model.arrays])
        if param.kind != kind or param.name not in known:
            message = f"parameter {binder} is {param.name}, which is no {kind} argument of the graph"
            raise GraphError(f"{label}: {message}")
    return primitive


def _params(node: Node) -> dict[str, ScalarParam | MapParam | ArrayParam | ConstantParam]:
    """Return the parameters of a node that are no sizes, by binder."""
    return {binder: param for binder, param in node.params.items() if isinstance(param, NAMED)}


def _label(model: DGraph, position: int) -> str:
    return f"{model.lean_name}: node {position} ({model.nodes[position - len(model.context)].name})"
