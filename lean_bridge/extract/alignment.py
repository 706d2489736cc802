"""Two graphs beside one another: which entry of one takes the place of which of the other, and what differs.

Names decide nothing alone. Nodes that compute the same from the same are pairs, from the inputs on; what is
left is aligned in order, as sequences are (Needleman and Wunsch), by op, operands, readers, name and shape.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pybind_models import DGraph, Dim, DimParam, Node, Param, Shape, ShapeParam, shape_text
from pybind_models.diff import DiffRow, GraphDiff

_Pairs: TypeAlias = dict[int, int]
"""From positions of the first graph to positions of the second."""

_NAME: Final = 3
_OP: Final = 3
_SHAPE: Final = 1
_OPERAND: Final = 2
_LEAST: Final = 4
"""What two nodes must have in common to be a pair."""
_NAMES: Final = re.compile(r"[^\W\d][\w'!?₀-₉]*")
"""Of dimensions, where they are written."""
_ROUNDS: Final = 3
"""Of aligning, each with the operands as the one before has paired them."""


def compare(left: DGraph, right: DGraph) -> GraphDiff:
    """Return the second graph beside the first. Dimensions are the same by name, or else by their order."""
    dims = _renamed(left.dims, right.dims)
    both = _Both(left, right, {there: here for here, there in dims.items()})
    pairs = both.aligned()
    return GraphDiff(
        left=left.lean_name,
        right=right.lean_name,
        dims={here: there for here, there in dims.items() if here != there},
        arguments=tuple(_arguments(left, right, dims)),
        rows=tuple(both.rows(pairs)),
    )


def renamed(sizes: Mapping[str, int], left: DGraph, right: DGraph) -> dict[str, int]:
    """Return dimensions of the first graph by what they are called in the second."""
    return {there: sizes[here] for here, there in _renamed(left.dims, right.dims).items()}


def _arguments(left: DGraph, right: DGraph, dims: Mapping[str, str]) -> Iterator[str]:
    """Yield how what the declarations take differs: what one has alone, and what is in another order."""
    taken = (
        ("dimensions", [dims.get(name, name) for name in left.dims], right.dims),
        ("scalars", left.scalars, right.scalars),
        ("maps", left.maps, right.maps),
        ("arrays", _arrays(left, dims), _arrays(right, {})),
    )
    for kind, here, there in taken:
        if tuple(here) != tuple(there):
            yield f"{kind}: {', '.join(here) or 'none'}, there {', '.join(there) or 'none'}"


def _arrays(graph: DGraph, dims: Mapping[str, str]) -> list[str]:
    """Return what the arrays that a declaration takes are, by other names of the dimensions."""

    def renamed(dim: Dim) -> Dim:
        return Dim.parse(_NAMES.sub(lambda name: dims.get(name[0], name[0]), str(dim)))

    return [
        array.replaced(
            shape=tuple(map(renamed, array.shape)),
            below=None if array.below is None else renamed(array.below),
        ).text
        for array in graph.arrays
    ]


def _renamed(here: Sequence[str], there: Sequence[str]) -> dict[str, str]:
    """Return what the dimensions are called in the other graph."""
    found = {name: name for name in here if name in there}
    rest = [name for name in there if name not in found]
    return found | dict(zip((name for name in here if name not in found), rest, strict=False))


class _Both:
    """Two graphs, and what their parts have in common."""

    def __init__(self, left: DGraph, right: DGraph, names: Mapping[str, str]) -> None:
        self.left, self.right = left, right
        self._names = names
        """From dimensions of the second graph to those of the first."""
        self._inputs = len(left.context), len(right.context)

    def aligned(self) -> _Pairs:
        """Return which entries are pairs."""
        pairs = self._inputs_paired()
        self._pair_equals(pairs)
        fixed = dict(pairs)
        for _ in range(_ROUNDS):
            pairs = fixed | self._in_order(fixed, pairs)
        return pairs

    def rows(self, pairs: _Pairs) -> Iterator[DiffRow]:
        """Yield every entry: the first graph's in order, and the second's own where it has them."""
        taken = set(pairs.values())
        own = [at for at in range(len(self.right.entries)) if at not in taken]
        for is_node in (False, True):
            start, end = (self._inputs[0], len(self.left.entries)) if is_node else (0, self._inputs[0])
            mine = [at for at in own if (at >= self._inputs[1]) == is_node]
            reached = -1
            for at in range(start, end):
                there = pairs.get(at)
                if there is None:
                    yield DiffRow(mark="removed", left=at, right=None)
                    continue
                reached = max(reached, there)
                while mine and mine[0] < reached:
                    yield DiffRow(mark="added", left=None, right=mine.pop(0))
                changes = tuple(self._changes(at, there, pairs))
                yield DiffRow(mark="changed" if changes else "same", left=at, right=there, changes=changes)
            for at in mine:
                yield DiffRow(mark="added", left=None, right=at)

    def _inputs_paired(self) -> _Pairs:
        """Pair inputs of one name; of the others, in order, those of one shape."""
        here, there = self.left.context, self.right.context
        by_name = {entry.name: at for at, entry in enumerate(there)}
        pairs = {at: by_name[entry.name] for at, entry in enumerate(here) if entry.name in by_name}
        free = [at for at in range(len(there)) if at not in pairs.values()]
        for at, entry in enumerate(here):
            if at in pairs:
                continue
            like = [each for each in free if self._shape(there[each].shape, True) == self._shape(entry.shape)]
            if like:
                pairs[at] = like[0]
                free.remove(like[0])
        return pairs

    def _pair_equals(self, pairs: _Pairs) -> None:
        """Pair nodes that compute the same from the same, those of one name first."""
        taken: set[int] = set()
        numbers: dict[Any, int] = {}
        """Of what is computed, by how: equal ones have one number."""
        waiting: dict[int, list[int]] = defaultdict(list)
        there = {each: numbers.setdefault(("pair", at), len(numbers)) for at, each in pairs.items()}
        here = {at: numbers["pair", at] for at in pairs}

        def number(known: dict[int, int], side: str, node: Node) -> int:
            operands = [
                known.setdefault(each, numbers.setdefault((side, each), len(numbers)))
                for each in node.operands
            ]
            return numbers.setdefault(self._key(node, operands, side == "right"), len(numbers))

        for at, node in self._nodes(self.right):
            there[at] = number(there, "right", node)
            waiting[there[at]].append(at)
        for at, node in self._nodes(self.left):
            here[at] = number(here, "left", node)
            like = [each for each in waiting[here[at]] if each not in taken]
            if like:
                named = [each for each in like if self._node(self.right, each).name == node.name]
                pairs[at] = (named or like)[0]
                taken.add(pairs[at])

    def _in_order(self, fixed: _Pairs, pairs: _Pairs) -> _Pairs:
        """Return the best alignment of the nodes that are not fixed, operands paired as they were before."""
        here = [at for at, _ in self._nodes(self.left) if at not in fixed]
        there = [at for at, _ in self._nodes(self.right) if at not in fixed.values()]
        score = [[0] * (len(there) + 1) for _ in range(len(here) + 1)]
        for i in range(len(here) - 1, -1, -1):
            for j in range(len(there) - 1, -1, -1):
                both = self._likeness(here[i], there[j], pairs)
                score[i][j] = max(score[i + 1][j], score[i][j + 1], both and both + score[i + 1][j + 1])
        found: _Pairs = {}
        i = j = 0
        while i < len(here) and j < len(there):
            both = self._likeness(here[i], there[j], pairs)
            if both and score[i][j] == both + score[i + 1][j + 1]:
                found[here[i]] = there[j]
                i, j = i + 1, j + 1
            elif score[i][j] == score[i + 1][j]:
                i += 1
            else:
                j += 1
        return found

    def _likeness(self, here: int, there: int, pairs: _Pairs) -> int:
        """Return how much two nodes have in common; 0 if that is too little."""
        a, b = self._node(self.left, here), self._node(self.right, there)
        found = _NAME * (a.name == b.name) + _OP * (a.lean_op == b.lean_op)
        found += _SHAPE * (self._shape(a.shape) == self._shape(b.shape, True))
        found += _OPERAND * sum(pairs.get(x) == y for x, y in zip(a.operands, b.operands, strict=False))
        return found if found >= _LEAST else 0

    def _changes(self, here: int, there: int, pairs: _Pairs) -> Iterator[str]:
        a, b = self.left.entries[here], self.right.entries[there]
        if a.name != b.name:
            yield f"name: {a.name}, there {b.name}"
        if here < self._inputs[0] and (own := self._rank(pairs, here)) is not None:
            yield f"place: input {own[0]}, there input {own[1]}"
        if here >= self._inputs[0]:
            x, y = self._node(self.left, here), self._node(self.right, there)
            if x.lean_op != y.lean_op:
                yield f"op: {x.op}, there {y.op}"
            elif self._params(x) != self._params(y, True):
                yield f"arguments: {_params_text(x)}, there {_params_text(y)}"
            if [pairs.get(each) for each in x.operands] != list(y.operands):
                names = [self.left.entries[each].name for each in x.operands]
                others = [self.right.entries[each].name for each in y.operands]
                yield f"operands: {', '.join(names)}, there {', '.join(others)}"
        if self._shape(a.shape) != self._shape(b.shape, True):
            yield f"shape: {shape_text(a.shape)}, there {shape_text(b.shape)}"

    def _rank(self, pairs: _Pairs, here: int) -> tuple[int, int] | None:
        """Return where an input stands in each graph, if among those of both that is another place."""
        common = [at for at in range(self._inputs[0]) if at in pairs]
        order = sorted(common, key=pairs.__getitem__)
        return (here, pairs[here]) if common.index(here) != order.index(here) else None

    def _key(self, node: Node, operands: Sequence[Any], is_right: bool = False) -> Any:
        return node.lean_op, self._params(node, is_right), self._shape(node.shape, is_right), tuple(operands)

    def _params(self, node: Node, is_right: bool = False) -> tuple[Any, ...]:
        def key(param: Param) -> Any:
            if isinstance(param, ShapeParam):
                return self._shape(param.value, is_right)
            return self._shape((param.value,), is_right) if isinstance(param, DimParam) else param.name

        return tuple((binder, key(param)) for binder, param in node.params.items())

    def _shape(self, shape: Shape, is_right: bool = False) -> Any:
        """Return a shape in the first graph's dimensions."""
        names = self._names if is_right else {}
        return tuple(
            frozenset(
                (tuple(sorted((names.get(name, name), power) for name, power in monomial)), count)
                for monomial, count in dim.terms
            )
            for dim in shape
        )

    def _nodes(self, graph: DGraph) -> Iterator[tuple[int, Node]]:
        yield from enumerate(graph.nodes, start=len(graph.context))

    def _node(self, graph: DGraph, position: int) -> Node:
        return graph.nodes[position - len(graph.context)]


def _params_text(node: Node) -> str:
    def text(param: Param) -> str:
        if isinstance(param, ShapeParam):
            return shape_text(param.value)
        return str(param.value) if isinstance(param, DimParam) else param.name

    return ", ".join(f"{binder}={text(param)}" for binder, param in node.params.items()) or "none"
