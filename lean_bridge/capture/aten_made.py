"""What code of PyTorch makes of sizes and buffers alone, such as positions and masks: known at given sizes.

No argument and no parameter is in it, so that it is the same at every call. Where an op takes whole numbers
or truth values, these are a parameter of the graph, as those that are arguments; here is what they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor
from torch.export.graph_signature import InputKind

from pybind_models import Dim, Shape

_GIVEN: Final = "given"
"""What is made of arguments or parameters, or is another at every call."""
_BUFFER: Final = "buffer"
"""What is made of buffers of real numbers, which are inputs of the graph."""
_SHAPES: Final = frozenset(
    [
        "alias",
        "clone",
        "expand",
        "lift_fresh_copy",
        "permute",
        "reshape",
        "select",
        "slice",
        "squeeze",
        "unsqueeze",
        "view",
    ]
)
"""What gives back of one number, however often, that number."""
_FILLED: Final = frozenset(("full", "full_like", "scalar_tensor"))
"""What is one number, the first that is no shape."""
_LIKE_AN_INPUT: Final = (InputKind.USER_INPUT, InputKind.PARAMETER)


@dataclass(frozen=True, slots=True)
class Made:
    """An array that the code makes itself, of no argument."""

    shape: Shape
    key: object
    """Equal to that of another one which is made in the same way."""
    at: Callable[[Mapping[str, int]], Tensor]
    """What it is at sizes."""
    is_one: Callable[[], bool] = lambda: False
    """Whether it is one number, and the same one whatever the sizes."""

    def __repr__(self) -> str:
        return "numbers that the code makes itself; nearest: an argument, or register_buffer"


def causal(n: Dim, m: Dim) -> Made:
    """Return the mask by which a position is allowed itself and those before it."""

    def at(sizes: Mapping[str, int]) -> Tensor:
        return torch.ones(n.evaluate(sizes), m.evaluate(sizes), dtype=torch.bool).tril()

    return Made((n, m), ("causal", str(n), str(m)), at)


def turned(made: Made) -> Made:
    """Return truth values the other way round."""
    return Made(made.shape, ("not", made.key), lambda sizes: ~made.at(sizes))


def allowed_by(made: Made) -> Made:
    """Return what numbers allow that are added to scores: 0 where something is, −∞ elsewhere.

    Evaluated, it raises ValueError where they are others.
    """

    def at(sizes: Mapping[str, int]) -> Tensor:
        numbers = made.at(sizes)
        if not bool(((numbers == 0) | (numbers == -torch.inf)).all()):
            raise ValueError("expected 0 and -inf alone in a mask that is added")
        return numbers == 0

    return Made(made.shape, ("allows", made.key), at)


def alike(made: Made, other: Made) -> Made:
    """Return what was the same as another, and has to be so where it is asked for.

    Evaluated, it raises ValueError where they are not.
    """

    def at(sizes: Mapping[str, int]) -> Tensor:
        numbers = made.at(sizes)
        if not torch.equal(numbers.squeeze(), other.at(sizes).squeeze()):
            raise ValueError("buffers that were the same when it was captured are others now; capture again")
        return numbers

    return replace(made, at=at)


class Maker:
    """Says which nodes of an exported program are made of sizes and buffers alone, and what they are."""

    def __init__(
        self,
        exported: Any,
        nodes: Sequence[Any],
        specs: Mapping[str, Any],
        dim: Callable[[Any], Dim],
    ) -> None:
        self._dim = dim
        self._held: dict[Any, Tensor] = {}
        """The tensors that are there before anything is called, by their nodes."""
        self.buffers: dict[str, Tensor] = {}
        """Those that things are made of, by their names."""
        self._nodes: set[Any] = set()
        made_of: dict[Any, frozenset[str]] = {}
        for node in nodes:
            value = node.meta.get("val")
            if node.op == "placeholder":
                found = self._of_held(node, specs[node.name], exported)
            elif isinstance(value, int | torch.SymInt) or _is_filled(node):  # of lengths alone
                found = frozenset[str]()
            elif node.op != "call_function" or _is_another_each_time(node):
                found = frozenset((_GIVEN,))
            else:
                found = frozenset[str]().union(*(made_of[each] for each in node.all_input_nodes))
            is_real = isinstance(value, Tensor) and value.dtype.is_floating_point
            if isinstance(value, Tensor) and _GIVEN not in found and not (found and is_real):
                self._nodes.add(node)
                found = frozenset()
            made_of[node] = found

    def _of_held(self, node: Any, spec: Any, exported: Any) -> frozenset[str]:
        if spec.kind in _LIKE_AN_INPUT or not isinstance(node.meta.get("val"), Tensor):
            return frozenset((_GIVEN,))
        held = exported.state_dict.get(spec.target)
        self._held[node] = held if held is not None else exported.constants[spec.target]
        if _is_real(self._held[node]):
            return frozenset((_BUFFER,))
        if spec.kind is InputKind.BUFFER:
            self.buffers[spec.target] = self._held[node]
        return frozenset()

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def made(self, node: Any, shape: Shape) -> Made:
        """Return what a node makes. Raises: as the function that gives lengths."""
        return Made(shape, self._key(node), partial(self._value, node), is_one=partial(self._is_one, node))

    def _is_one(self, node: Any) -> bool:
        """Whether a node is one number whatever the sizes, as what it is made of says, or has none in it."""
        if not self._is_of_sizes(node):
            numbers = self._value(node, {})
            return bool((numbers == numbers.flatten()[:1]).all())
        if node.op != "call_function":
            return False
        name = str(getattr(node.target, "_opname", ""))
        sources = [each for each in node.all_input_nodes if isinstance(each.meta.get("val"), Tensor)]
        if name in _FILLED:
            return not isinstance(node.args[name != "scalar_tensor"], torch.fx.Node)
        if torch.Tag.pointwise in getattr(node.target, "tags", ()):
            return len(sources) == len(node.all_input_nodes) and all(map(self._is_one, sources))
        return name in _SHAPES and all(map(self._is_one, sources))

    def _is_of_sizes(self, node: Any) -> bool:
        """Whether a length that varies is in what a node is made of."""
        if isinstance(node.meta.get("val"), torch.SymInt) or (_is_filled(node) and _varies(node)):
            return True
        return any(map(self._is_of_sizes, () if _is_filled(node) else node.all_input_nodes))

    def _key(self, given: Any) -> object:
        if isinstance(given, list | tuple):
            return tuple(map(self._key, given))
        if not isinstance(given, torch.fx.Node):
            return repr(given)
        if given in self._held:
            held = self._held[given].detach().contiguous()
            digest = hashlib.sha256(held.view(-1).view(torch.uint8).numpy().tobytes()).hexdigest()
            return str(held.dtype), tuple(held.shape), digest
        value: Any = given.meta.get("val")
        if isinstance(value, int | torch.SymInt):
            return str(self._dim(value))
        if _is_filled(given):
            return "filled", tuple(str(self._dim(each)) for each in value.shape), self._key(given.args[1])
        return str(given.target), self._key(given.args), self._key(sorted(given.kwargs.items()))

    def _value(self, given: Any, sizes: Mapping[str, int]) -> Any:
        if isinstance(given, list | tuple):
            return [self._value(each, sizes) for each in given]
        if not isinstance(given, torch.fx.Node):
            return given
        if given in self._held:
            return self._held[given]
        value: Any = given.meta.get("val")
        if isinstance(value, int | torch.SymInt):
            return self._dim(value).evaluate(sizes)
        if _is_filled(given):
            shape = [self._dim(each).evaluate(sizes) for each in value.shape]
            return torch.full(shape, self._value(given.args[1], sizes), dtype=value.dtype)
        how = {name: self._value(each, sizes) for name, each in given.kwargs.items()}
        target: Any = given.target
        with torch.no_grad():
            return target(*self._value(given.args, sizes), **how)


def _is_real(held: Tensor) -> bool:
    """Whether a buffer has real numbers, and none that is −∞, as masks have."""
    return held.dtype.is_floating_point and not bool((held == -torch.inf).any())


def _is_filled(node: Any) -> bool:
    """Whether a node is one number at the shape of something else, of which it has nothing."""
    return node.op == "call_function" and getattr(node.target, "_opname", "") == "full_like"


def _varies(node: Any) -> bool:
    return any(isinstance(each, torch.SymInt) for each in node.meta["val"].shape)


def _is_another_each_time(node: Any) -> bool:
    tags = getattr(node.target, "tags", ())
    return torch.Tag.nondeterministic_seeded in tags or "empty" in str(node.target)
