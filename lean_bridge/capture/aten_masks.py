"""Operators of PyTorch about masks and attention: −∞ before a softmax is what a mask does not allow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from torch import Tensor

from lean_bridge.capture.aten_made import Made, alike, allowed_by, causal, turned
from lean_bridge.capture.moves import ONE, number_of
from lean_bridge.capture.nearest import none_for
from lean_bridge.capture.source import said_by
from lean_bridge.capture.trace import Data, Misfit, Scalar, Size, Value
from lean_bridge.names import listed
from pybind_models import ArrayArgument, Dim, Shape

_LEAST: Final = 2
"""The least length of the axes that vary, at which PyTorch traces."""
_LENGTHS: Final = (1, _LEAST, 3, 5, 16, 67, 130)
"""The lengths where it is looked at what numbers of the code are, next to those of the examples."""
_LARGE: Final = 2**24
"""How many numbers are not looked at."""


@dataclass(frozen=True, slots=True)
class Forbidding:
    """Truth values that are an argument, the other way round."""

    mask: Data

    def __repr__(self) -> str:
        return f"the other way round of {self.mask!r}"


Mask: TypeAlias = Made | Data | Forbidding
"""What allows something."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Scores, and −∞ in the place of those that a mask does not allow."""

    scores: Value | None
    """Those, if not 0."""
    mask: Mask

    def __repr__(self) -> str:
        return "numbers of which some are -inf; nearest: softmax along the last axis, right after"


class MaskOperators:
    """The operators, as methods of what writes them down."""

    trace: Any
    """The trace that operators are written down in."""
    dims: tuple[str, ...]
    lengths: Mapping[str, int]
    """Those of the examples."""
    arrays: list[ArrayArgument]
    data: dict[str, Made]

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        raise NotImplementedError

    def _value(self, given: Any) -> Value:
        raise NotImplementedError

    def _scalar(self, value: float, name: str = "c") -> Scalar:
        raise NotImplementedError

    def _free(self, name: str) -> str:
        raise NotImplementedError

    def _known(self, made: Made, shape: Shape, name: str, below: Dim | None = None) -> Data:
        """Return the parameter of the graph that is what the code makes, at a shape."""
        for each, other in self.data.items():
            declared = next(array for array in self.arrays if array.name == each)
            if other.key == made.key and (declared.shape, declared.below) == (shape, below):
                self.data[each] = alike(other, made)
                return Data(self.trace, declared)

        def at(sizes: Mapping[str, int]) -> Tensor:
            numbers = made.at(sizes)
            while numbers.dim() > len(shape):  # axes of length 1, as was seen
                numbers = numbers[0]
            return numbers.expand([dim.evaluate(sizes) for dim in shape])

        least = dict.fromkeys(self.lengths, _LEAST)
        try:
            at(least)
        except Exception as error:  # noqa: BLE001 - PyTorch's
            sizes = listed([f"{name} = {length}" for name, length in least.items()], 8)
            raise Misfit(
                f"expected numbers that the code makes at every length from {_LEAST} on, found none "
                f"at {sizes or 'its own'}: {said_by(error)}; nearest: an argument"
            ) from None
        declared = ArrayArgument(name=self._free(name), shape=shape, below=below)
        self.arrays.append(declared)
        self.data[declared.name] = Made(shape, made.key, at)
        return Data(self.trace, declared)

    def _ids(self, given: Any, source: Any, axis: int) -> Any:
        """Return whole numbers that choose along an axis; of those that the code makes, their parameter."""
        shape = getattr(source, "known", None)
        if not isinstance(given, Made) or shape is None:
            return given
        if self._example(given).dtype.is_floating_point or self._is_boolean(given):
            raise Misfit(f"expected whole numbers, found {given!r}")
        return self._known(given, given.shape, "index", shape[axis])

    def _example(self, made: Made) -> Tensor:
        return made.at(self.lengths)

    def _looked_at(self, made: Made) -> Iterator[Tensor]:
        """Yield what numbers of the code are at the lengths of the examples, and at others that it takes."""
        yield self._example(made)
        every = [dict.fromkeys(self.lengths, length) for length in _LENGTHS]
        every += [{**self.lengths, name: length} for name in self.lengths for length in _LENGTHS]
        every.append({name: 2 * length + 1 for name, length in self.lengths.items()})
        for sizes in every if self.lengths else ():
            if number_of(made.shape).evaluate(sizes) <= _LARGE:
                with suppress(Exception):  # PyTorch's, where the code does not take that length
                    yield made.at(sizes)

    def _is_boolean(self, made: Made) -> bool:
        return str(self._example(made).dtype) == "torch.bool"

    def _is_all(self, given: Any, number: float) -> bool:
        """Whether something is one number, however often."""
        if isinstance(given, Made):
            if not bool((self._example(given) == number).all()):
                return False
            if not given.is_one():
                raise Misfit(
                    f"expected one number whatever the lengths, found {number:g} of the examples, which "
                    "the code makes of positions or lengths; nearest: that number"
                )
            return True
        return isinstance(given, int | float) and given == number

    def _is_added(self, made: Made) -> bool:
        """Whether numbers are a mask that is added to scores: 0 and −∞."""
        return self._example(made).dtype.is_floating_point and all(
            bool(((each == 0) | (each == -math.inf)).all()) for each in self._looked_at(made)
        )

    def _hidden(self, a: Any, b: Any) -> Hidden | None:
        """Return what a sum is where one of the two has −∞ for what is not allowed."""
        for scores, mask in ((a, b), (b, a)):
            if isinstance(mask, Hidden) and mask.scores is None and isinstance(scores, Value):
                return Hidden(scores, mask.mask)
            if isinstance(mask, Made) and isinstance(scores, Value) and self._is_added(mask):
                return Hidden(scores, allowed_by(mask))
        return None

    def _turned(self, mask: Any) -> Mask:
        if isinstance(mask, Forbidding):
            return mask.mask
        if isinstance(mask, Made) and self._is_boolean(mask):
            return turned(mask)
        if isinstance(mask, Data) and mask.declared.below is None:
            return Forbidding(mask)
        raise Misfit(f"expected truth values that are an argument, or that the code makes, found {mask!r}")

    def _write_logical_not(self, mask: Any) -> Any:
        return self._turned(mask)

    _write_bitwise_not = _write_logical_not

    def _write_eq(self, mask: Any, other: Any) -> Any:
        if not isinstance(mask, Data | Forbidding) or other != 0:
            raise Misfit(none_for("eq"))
        return self._turned(mask)

    def _write_where(self, mask: Any, a: Any, b: Any) -> Any:
        forbidden = self._is_all(a, -math.inf)
        if not forbidden and not self._is_all(b, -math.inf):
            known = next((each.known for each in (a, b) if isinstance(each, Value)), None)
            raise Misfit(none_for("where"), known)
        scores = b if forbidden else a
        if not isinstance(scores, Value) and not self._is_all(scores, 0):
            raise Misfit(f"expected scores, found {scores!r}")
        either = self._turned(mask)
        return Hidden(
            scores if isinstance(scores, Value) else None, either if forbidden else self._turned(either)
        )

    def _write_softmax(self, a: Any, axis: int, half: bool = False) -> Value:
        if half:
            raise Misfit("no certified op: it converts to another precision")
        if isinstance(a, Hidden):
            return self._masked(a, axis)
        return self._call("softmax", a, axis=axis)

    def _write_safe_softmax(self, a: Any, axis: int, dtype: Any = None) -> Value:
        """Write the softmax that is 0 where a row has −∞ alone, which no row of numbers has."""
        if dtype is not None:
            raise Misfit(f"no certified op with dtype={dtype}; nearest: one precision")
        return self._write_softmax(a, axis)

    def _masked(self, hidden: Hidden, axis: int) -> Value:
        """Return the softmax of scores over what a mask allows."""
        scores = self._value(hidden.scores)
        if (shape := scores.known) is None:
            return Value(self.trace, None, None)
        if axis % len(shape) != len(shape) - 1:
            raise Misfit("no certified op with a mask but along the last axis; nearest: movedim before it")
        mask = hidden.mask
        if isinstance(mask, Forbidding):
            raise Misfit(
                f"no certified op of a mask that forbids where it is true, found {mask!r}; nearest: an "
                "argument that allows where it is true, and ~ of it here",
                shape,
            )
        allowed = mask.shape if isinstance(mask, Made) else mask.known
        while allowed and allowed[0] == ONE and len(allowed) > 1:
            allowed = allowed[1:]
        if isinstance(mask, Made):
            return self._call("masked_softmax", scores, self._known(mask, shape[-len(allowed) :], "mask"))
        given = mask if allowed != mask.declared.shape else Data(self.trace, mask.declared)
        return self._call("masked_softmax", scores, given)

    def _write_scaled_dot_product_attention(
        self,
        q: Any,
        k: Any,
        v: Any,
        mask: Any = None,
        dropout: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Value:
        if dropout:
            raise Misfit("no certified op with dropout_p; nearest: .eval()")
        if is_causal and mask is not None:
            raise Misfit("no certified op with both attn_mask and is_causal")
        shapes = [self._value(each).known for each in (q, k, v)]
        if any(each is None for each in shapes):
            return Value(self.trace, None, None)
        (*lead, n, width), (*kept, m, _), (*_, out) = (each for each in shapes if each is not None)
        if scale is None and width.names:
            raise Misfit("no certified op without a scale where the width varies; nearest: scale=…")
        scale = 1 / math.sqrt(width.evaluate({})) if scale is None else scale
        group = _group(tuple(lead), tuple(kept)) if enable_gqa else ONE
        count, rows = number_of(tuple(kept if enable_gqa else lead)), number_of((group, n))
        q, k, v = (
            self._reshaped(each, (count, *shape))
            for each, shape in ((q, (rows, width)), (k, (m, width)), (v, (m, out)))
        )
        products = self._call("matmul", q, self._call("matrix_transpose", k))
        scores = self._reshaped(self._call("multiply", products, self._scalar(scale)), (*lead, n, m))
        hidden: Any = scores
        if is_causal:
            hidden = Hidden(scores, causal(n, m))
        elif isinstance(mask, Value):
            hidden = self._call("add", scores, mask)
        elif mask is not None:
            found = self._hidden(scores, mask)
            hidden = found or Hidden(scores, self._turned(self._turned(mask)))
        weights = self._reshaped(self._write_softmax(hidden, -1), (count, rows, m))
        return self._reshaped(self._call("matmul", weights, v), (*lead, n, out))

    def _reshaped(self, x: Any, shape: Shape) -> Value:
        return self._call("reshape", x, tuple(Size(self.trace, dim) for dim in shape))


def _group(lead: Shape, kept: Shape) -> Dim:
    """Return how many heads, which stand below one another, share keys and values. Raises: Misfit."""
    if lead == kept:
        return ONE
    if lead[:-1] == kept[:-1] and kept:
        heads, few = lead[-1], kept[-1]
        if few == ONE:
            return heads
        if not (heads.names or few.names or heads.evaluate({}) % few.evaluate({})):
            return Dim.constant(heads.evaluate({}) // few.evaluate({}))
    raise Misfit("no certified op with enable_gqa but of numbers of heads in the code, one a multiple")
