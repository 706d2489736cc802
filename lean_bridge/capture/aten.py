"""What PyTorch exported, operator by operator, as certified ops. Imports PyTorch.

The operators are those of the core ATen set; what each is was looked up in PyTorch's own documentation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from numbers import Number
from typing import Any, Final

import torch
from torch import Tensor
from torch.export.graph_signature import InputKind
from torch.utils import _pytree as pytree

from lean_bridge.capture.aten_data import DataOperators, bounds_of
from lean_bridge.capture.aten_made import Made, Maker
from lean_bridge.capture.aten_masks import Forbidding, Hidden, MaskOperators
from lean_bridge.capture.aten_program import dense_of, named, place_of
from lean_bridge.capture.moves import number_of
from lean_bridge.capture.nearest import none_for
from lean_bridge.capture.numbers import NumberOperators, float_of
from lean_bridge.capture.ops import apply
from lean_bridge.capture.trace import (
    Data,
    Misfit,
    Size,
    Trace,
    Value,
    canonical,
    is_any_unknown,
    told,
)
from lean_bridge.errors import NotCaptured
from lean_bridge.names import PLAIN, listed
from pybind_models import ArrayArgument, Dim, Shape

_END: Final = 2**63 - 1
"""Where PyTorch ends a slice that goes to the end of its axis."""
_KAPPA: Final = math.sqrt(2 / math.pi)
_SAME: Final = frozenset(("alias", "clone", "contiguous", "lift_fresh_copy", "_to_copy"))
"""What gives back the numbers that it is given, where their dtype stays."""
_MOVES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "unsqueeze", "squeeze"), "reshape"),
    "expand": "broadcast_to",
}
"""What has the same numbers at another shape, which the traced result says."""
_DATA: Final = frozenset((torch.int64, torch.int32, torch.bool))
"""The dtypes of what chooses, and of masks."""
_ALONE: Final = frozenset(("abs", "exp", "relu", "sigmoid", "silu", "tanh"))
"""What is the function of the same name, of one array."""


class _ExportTrace(Trace):
    """A trace of operators, each with the line of the user's code that it came from."""

    place = ""

    def note(self, problem: str) -> None:
        if (found := f"{self.place}: {problem}") not in self.problems:
            self.problems.append(found)

    def look_at_names(self) -> None:
        """Leave nodes the names of their ops: what holds tensors is PyTorch's."""


class Writer(NumberOperators, MaskOperators, DataOperators):
    """Writes an exported program down, operator by operator."""

    def __init__(
        self,
        exported: Any,
        examples: Mapping[str, Tensor],
        dynamic: Mapping[str, Mapping[int, str]],
        where: str,
        hidden: Sequence[str],
    ) -> None:
        self.trace = _ExportTrace(apply)
        self.trace.problems += hidden
        self.constants: dict[str, float] = {}
        self.arrays: list[ArrayArgument] = []
        self.data: dict[str, Made] = {}
        """What those are that the code makes itself, by their names."""
        self._where = where
        self._symbols: dict[str, str] = {}
        self._values: dict[Any, Any] = {}
        signature, nodes = exported.graph_signature, list(exported.graph.nodes)
        self.trace.place = where
        if mutated := [*signature.buffers_to_mutate.values(), *signature.user_inputs_to_mutate.values()]:
            self.trace.note(f"writes to {listed(mutated, 4)}; nearest: .eval(), and no operations in place")
        specs = {spec.arg.name: spec for spec in signature.input_specs}
        self._maker = Maker(exported, nodes, specs, self._dim)
        self.buffers = self._maker.buffers
        self._needed = self._reached(nodes)
        asked = [each for each in nodes if each.op == "placeholder"]
        asked = [each for each in asked if specs[each.name].kind is InputKind.USER_INPUT]
        self._arguments = dict(zip((each.name for each in asked), examples, strict=True))
        """What the arguments are called, for which PyTorch has names of its own."""
        held = {spec.target for spec in specs.values() if spec.target is not None}
        if twice := [each for each in examples if each in held]:
            found = f"found {twice[0]} for an argument and for a parameter or buffer; rename one of them"
            raise NotCaptured(f"{where}: expected names that differ, {found}")
        for node in asked:
            self._learn(node, dynamic.get(self._arguments[node.name], {}))
        self.lengths = lengths_of(examples, dynamic)
        self.dims = tuple(dict.fromkeys(self._symbols.values()))
        for node in nodes:
            if node.op == "placeholder":
                self._enter(node, specs[node.name])
            elif node.op == "call_function" and node in self._needed:
                self._write(node)
        self.trace.place = where
        returned = list(pytree.tree_leaves(nodes[-1].args[0]))
        if not all(isinstance(self._values.get(each), Value) for each in returned):
            self.trace.note("expected to return tensors of floats alone")
        self.trace.finish()
        if not self.trace.nodes:
            raise NotCaptured(f"{where}: expected at least one op, found none")
        values = [self._values[each] for each in returned]
        self.outputs: tuple[str, ...]
        self.nodes, self.outputs = self.trace.named([each for each in values if isinstance(each, Value)])

    def _reached(self, nodes: Sequence[Any]) -> set[Any]:
        """Return the nodes that what is returned is made of; of a transposed weight the weight alone.

        What the code makes itself is made of nothing.
        """
        reached = {each for each in nodes if each.op == "output"}
        for node in reversed(nodes):
            if node in reached and node not in self._maker:
                dense = dense_of(node)
                reached.update(dense if dense else node.all_input_nodes)
        return reached

    def _learn(self, node: Any, axes: Mapping[int, str]) -> None:
        """Keep which of the tracer's symbols is which dimension."""
        for axis, name in axes.items():
            self._symbols[str(node.meta["val"].shape[axis])] = name

    def _shape(self, node: Any) -> Shape:
        return tuple(canonical(self._dim(length)) for length in node.meta["val"].shape)

    def _dim(self, length: Any) -> Dim:
        if isinstance(length, int):
            return Dim.constant(length)
        return self._polynomial(length.node.expr)

    def _polynomial(self, expr: Any) -> Dim:
        if expr.is_Integer and expr >= 0:
            return Dim.constant(int(expr))
        if expr.is_Symbol and str(expr) in self._symbols:
            return Dim.variable(self._symbols[str(expr)])
        parts = expr.args
        if expr.is_Pow and parts[1].is_Integer and parts[1] > 0:
            base = self._polynomial(parts[0])
            return math.prod([base] * int(parts[1]), start=Dim.constant(1))
        if expr.is_Mul:
            return math.prod(map(self._polynomial, parts), start=Dim.constant(1))
        if expr.is_Add:
            return sum(map(self._polynomial, parts), start=Dim.constant(0))
        raise Misfit(f"expected lengths that are polynomials in the dimensions, found {expr}")

    def _enter(self, node: Any, spec: Any) -> None:
        if node not in self._needed:
            return
        name, held = spec.target or self._arguments.get(node.name, node.name), node.meta.get("val")
        self.trace.place = f"{self._where}: {name}"
        if node in self._maker:
            self._values[node] = self._maker.made(node, self._shape(node))
            return
        if spec.kind is InputKind.USER_INPUT and isinstance(held, Tensor) and held.dtype in _DATA:
            self._values[node] = self._data(name, node)
            return
        if not isinstance(held, Tensor) or not held.dtype.is_floating_point:
            found = getattr(held, "dtype", type(held).__name__)
            self.trace.note(f"expected a tensor of floats, found {found}")
            self._values[node] = Value(self.trace, None, None)
            return
        if spec.kind is InputKind.CONSTANT_TENSOR:
            self.trace.note("a tensor that is no parameter, buffer or argument; nearest: register_buffer")
        self._values[node] = self.trace.enter(name, self._shape(node))

    def _data(self, name: str, node: Any) -> Value | Data:
        """Return truth values that are an argument, or whole numbers, below what they choose from."""
        is_mask = node.meta["val"].dtype is torch.bool
        try:
            bounds: dict[Dim | None, None] = {None: None} if is_mask else {}
            if not is_mask:
                bounds |= dict.fromkeys(canonical(self._dim(each)) for each in bounds_of(node, named))
            if len(bounds) != 1:
                found = " and ".join(map(str, bounds)) or "none"
                raise Misfit(
                    "expected whole numbers that choose along axes of one length, as those of an embedding "
                    f"or the targets of a loss do, found {found}"
                )
            if not re.fullmatch(PLAIN, name) or name in self._symbols.values():
                raise Misfit(f"expected a name that Lean has too, and no dimension, found {name!r}")
            declared = ArrayArgument(name=name, shape=self._shape(node), below=next(iter(bounds)))
        except Misfit as misfit:
            self.trace.note(str(misfit))
            return Value(self.trace, None, None)
        self.arrays.append(declared)
        return Data(self.trace, declared)

    def _write(self, node: Any) -> None:
        held = node.meta.get("val")
        source = node.args[0] if named(node) == "getitem" else None
        if isinstance(source, torch.fx.Node) and source in self._values:  # of what was told
            self._values[node] = Value(self.trace, None, None)
            return
        if not isinstance(held, Tensor | tuple | list) or self._of_parts(node):
            return  # a length, which shapes of what is made of it say; or parts, each of which is asked for
        self.trace.place = place_of(node, self._where)
        try:
            if not isinstance(held, Tensor):
                raise Misfit(none_for(named(node)))
            shape = self._shape(node)
            made = self._made(node, shape)
            if isinstance(made, Made | Forbidding | Hidden):
                self._values[node] = made
                return
            if made.known is not None and made.known != shape:
                raise Misfit(f"captured with shape {told(made.known)}, PyTorch has {told(shape)}", shape)
        except Misfit as misfit:
            self.trace.note(f"{named(node if source is None else source)}: {misfit}")
            made = Value(self.trace, None, None)
        if made.position is None and isinstance(held, Tensor):  # what comes after it is told, too
            with suppress(Misfit):
                made = Value(self.trace, None, self._shape(node))
        self._values[node] = made

    def _of_parts(self, node: Any) -> Any:
        """Return what writes the parts of what a node makes, where it makes several values."""
        return getattr(self, f"_part_{named(node)}", None)

    def _made(self, node: Any, shape: Shape) -> Any:
        if node in self._maker:
            return self._maker.made(node, shape)
        if (name := named(node)) == "getitem" and (writer := self._of_parts(node.args[0])) is not None:
            source, at = node.args
            part: Value = writer(at, *map(self._given, source.args), **source.kwargs)
            return part
        given = [self._given(each) for each in node.args]
        if name in _ALONE and len(given) == 1 and not node.kwargs:
            return self._call(name, given[0])
        if name in _SAME or name in _MOVES:
            (source, *_), dtype = node.args, node.meta["val"].dtype
            if source.meta["val"].dtype != dtype:
                raise Misfit(f"no certified op: it converts to {dtype}; nearest: one precision", shape)
            if name in _MOVES:
                return self._moved(_MOVES[name], given[0], tuple(_sizes(self.trace, shape)))
            return self._value(given[0])
        if (dense := dense_of(node)) is not None:
            return self._call("linear", *map(self._given, dense))
        writer = getattr(self, f"_write_{name.strip('_')}", None)
        if writer is None:
            raise Misfit(none_for(name), shape)
        made: Value = writer(*given, **node.kwargs)
        return made

    def _write_add(self, a: Any, b: Any, alpha: Any = 1) -> Value | Hidden:
        b = self._times(b, alpha)
        if (hidden := self._hidden(a, b)) is not None:
            return hidden
        return self._added(a, b)

    def _write_sub(self, a: Any, b: Any, alpha: Any = 1) -> Value:
        return self._subtracted(a, self._times(b, alpha))

    def _write_rsub(self, a: Any, b: Any, alpha: Any = 1) -> Value:
        return self._write_sub(b, self._times(a, alpha))

    def _write_mul(self, a: Any, b: Any) -> Value:
        return self._multiplied(a, b)

    def _write_div(self, a: Any, b: Any, **how: Any) -> Value:
        return self._divided(a, None if how else b)

    def _write_neg(self, a: Any) -> Value:
        return self._call("negative", a)

    def _write_pow(self, a: Any, exponent: Any) -> Value:
        return self._call("power", a, exponent)

    def _write_gelu(self, a: Any, approximate: str = "none") -> Value:
        if approximate != "tanh":
            raise Misfit("no certified op, with erf; nearest: approximate='tanh', which is another function")
        return self._call("gelu", a, self._scalar(_KAPPA, "kappa"))

    def _write_leaky_relu(self, a: Any, slope: float = 0.01) -> Value:
        return self._call("leaky_relu", a, self._scalar(float_of(slope), "slope"))

    def _write_clamp(self, a: Any, low: Any = None, high: Any = None) -> Value:
        return self._clamped(a, low, high)

    def _write_hardtanh(self, a: Any, low: float = -1.0, high: float = 1.0) -> Value:
        return self._write_clamp(a, low, high)

    def _write_log_softmax(self, a: Any, axis: int, half: bool = False) -> Value:
        if half:
            raise Misfit("no certified op: it converts to another precision")
        return self._call("log_softmax", a, axis=axis)

    def _write_logsumexp(self, a: Any, axis: Sequence[int], keepdim: bool = False) -> Value:
        return self._call("logsumexp", a, axis=tuple(axis) or None, keepdims=keepdim)

    def _write_huber_loss(self, a: Any, b: Any, reduction: int = 1, delta: float = 1.0) -> Value:
        apart = self._write_sub(a, b)
        made = self._call("huber", apart, self._scalar(float_of(delta), "delta"))
        return made if reduction == 0 else self._call("mean" if reduction == 1 else "sum", made)

    def _write_smooth_l1_loss(self, a: Any, b: Any, reduction: int = 1, beta: float = 1.0) -> Value:
        return self._write_div(self._write_huber_loss(a, b, reduction, beta), beta)

    def _write_softplus(self, a: Any, beta: float = 1, threshold: float = 20) -> Value:
        if beta != 1 or threshold < 20:
            raise Misfit("no certified op but with beta=1 and threshold=20; nearest: products with numbers")
        return self._call("softplus", a)

    def _write_log_sigmoid(self, a: Any) -> Value:
        return self._write_neg(self._call("softplus", self._write_neg(a)))

    def _write_cat(self, arrays: Sequence[Any], axis: int = 0) -> Value:
        return self._call("concat", [self._given(each) for each in arrays], axis=axis)

    def _write_select(self, a: Any, axis: int, at: Any) -> Value:
        return self._along(a, axis, at)

    def _write_slice(
        self, a: Any, axis: int = 0, start: Any = None, stop: Any = None, step: Any = 1
    ) -> Value:
        if isinstance(a, Data) and (start or 0, stop, step) == (0, _END, 1):  # all of it
            return self._call("indexing", a, ...)
        return self._along(a, axis, slice(start, None if stop == _END else stop, step))

    def _part_split_with_sizes(self, at: int, a: Any, sizes: Sequence[Any], axis: int = 0) -> Value:
        start, stop = list(pairwise(accumulate(map(self._given, sizes), initial=0)))[at]
        return self._along(a, axis, slice(start, stop))

    def _part_native_layer_norm(
        self, at: int, a: Any, lengths: Sequence[Any], weight: Any, bias: Any, eps: float
    ) -> Value:
        if at or weight is None or bias is None:
            raise Misfit("no certified op but with weight and bias; nearest: nn.LayerNorm with both")
        return self._normed("layer_norm", a, len(lengths), eps, weight, bias)

    def _write_rms_norm(
        self, a: Any, lengths: Sequence[Any], weight: Any = None, eps: float | None = None
    ) -> Value:
        if weight is None or eps is None:
            raise Misfit("no certified op but with weight and eps; nearest: nn.RMSNorm with both")
        return self._normed("rms_norm", a, len(lengths), eps, weight)

    def _normed(self, name: str, a: Any, axes: int, eps: float, *parameters: Any) -> Value:
        """Return what a normalisation along the last axes makes, as one along the last alone."""
        shape = self._value(a).known
        if not eps > 0:
            raise Misfit(f"no certified op but with eps > 0, found {eps}", shape)
        if shape is None:
            return Value(self.trace, None, None)
        flat = [self._call("flatten", each) for each in parameters]
        rows = self._call("reshape", a, (*_sizes(self.trace, shape[:-axes]), *flat[0].shape))
        made = self._call(name, rows, *flat, self._scalar(float_of(eps), "eps"))
        return self._call("reshape", made, tuple(_sizes(self.trace, shape)))

    def _along(self, a: Any, axis: int, key: Any) -> Value:
        known = self._value(a).known
        axis = axis % len(known) if known else 0
        return self._call("indexing", a, (*(slice(None),) * axis, key))

    def _write_permute(self, a: Any, axes: Sequence[int]) -> Value:
        return self._call("permute_dims", a, tuple(axes))

    def _write_mm(self, a: Any, b: Any) -> Value:
        return self._call("matmul", a, b)

    _write_bmm = _write_mm

    def _write_addmm(self, bias: Any, a: Any, b: Any, **how: Any) -> Value:
        if any(each != 1 for each in how.values()):
            raise Misfit(f"no certified op with {listed(how)}; nearest: products and sums")
        return self._call("add", self._call("matmul", a, b), bias)

    def _write_mean(self, a: Any, axis: Any = None, keepdim: bool = False, dtype: Any = None) -> Value:
        return self._reduced("mean", a, axis, keepdim, dtype)

    def _write_sum(self, a: Any, axis: Any = None, keepdim: bool = False, dtype: Any = None) -> Value:
        return self._reduced("sum", a, axis, keepdim, dtype)

    def _write_var(self, a: Any, axis: Any = None, correction: Any = 1, keepdim: bool = False) -> Value:
        axes, shape = tuple(axis) if axis else None, self._value(a).known
        biased = self._call("var", a, axis=axes, keepdims=keepdim)
        if correction in (0, None) or shape is None:
            return biased
        count = number_of(shape if axes is None else tuple(shape[each] for each in axes))
        if count.names or count.evaluate({}) <= correction:
            raise Misfit("no certified op but of more numbers, whose number is known; nearest: correction=0")
        number = count.evaluate({})
        return self._write_mul(biased, number / (number - correction))

    def _reduced(self, name: str, a: Any, axis: Any, keepdim: bool, dtype: Any) -> Value:
        if dtype is not None:
            raise Misfit(f"no certified op with dtype={dtype}; nearest: one precision")
        return self._call(name, a, axis=tuple(axis) if axis else None, keepdims=keepdim)

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        if is_any_unknown(args):
            return Value(self.trace, None, None)
        if strange := [each for each in args if isinstance(each, Made | Forbidding | Hidden)]:
            raise Misfit(f"expected an array, found {strange[0]!r}")
        return apply(self.trace, name, args, kwargs)

    def _moved(self, name: str, given: Any, sizes: Sequence[Any]) -> Any:
        """Return the same numbers at another shape, also of a mask that is added."""
        if isinstance(given, Hidden) and given.scores is None:
            return Hidden(None, self._moved(name, given.mask, sizes))
        if isinstance(given, Forbidding):
            return Forbidding(self._moved(name, given.mask, sizes))
        return self._call(name, given, sizes)

    def _given(self, argument: Any) -> Any:
        if isinstance(argument, torch.fx.Node):
            if argument in self._values:
                return self._values[argument]
            if argument not in self._needed:
                return None
            raise Misfit("a length as a number is no certified op; nearest: a number, or mean for sum")
        return argument

    def _value(self, given: Any) -> Value:
        if not isinstance(given, Value):
            raise Misfit(f"expected a tensor, found {given!r}")
        return given

    def _times(self, a: Any, factor: Any) -> Any:
        if factor == 1:
            return a
        return float_of(a) * factor if isinstance(a, Number) else self._write_mul(a, factor)

    def _taken(self) -> set[str]:
        taken = {*self._symbols.values(), *self._arguments.values()}
        return taken | {each.name for each in self.arrays}


def lengths_of(examples: Mapping[str, Tensor], dynamic: Mapping[str, Mapping[int, str]]) -> dict[str, int]:
    """Return the lengths that the dimensions have in the examples."""
    return {name: examples[arg].shape[axis] for arg, axes in dynamic.items() for axis, name in axes.items()}


def _sizes(trace: Trace, shape: Shape) -> Iterator[Any]:
    return (Size(trace, dim) for dim in shape)
