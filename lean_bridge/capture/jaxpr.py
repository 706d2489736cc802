"""What JAX traced, primitive by primitive, as certified ops. Imports JAX.

What is returned is asked for first, and then what that is made of: a function that is one op as a whole is
found before its parts are, and what nobody reads is no part of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Number
from typing import Any, Final

from lean_bridge.capture.jaxpr_data import Made, chosen_form, indices_of, picked_form, static_starts
from lean_bridge.capture.jaxpr_forms import Form, Mask, form_of
from lean_bridge.capture.jaxpr_terms import Axes, Term, Terms, axes_of
from lean_bridge.capture.moves import ONE, number_of
from lean_bridge.capture.nearest import none_for
from lean_bridge.capture.numbers import NumberOperators
from lean_bridge.capture.ops import apply
from lean_bridge.capture.source import said_by
from lean_bridge.capture.trace import Data, Misfit, Size, Trace, Value, canonical, is_any_unknown, told
from lean_bridge.errors import NotCaptured
from lean_bridge.names import PLAIN
from pybind_models import ArrayArgument, Dim, Shape

_ALONE: Final[Mapping[str, str]] = {
    **{name: name for name in ("abs", "exp", "square", "tanh")},
    "logistic": "sigmoid",
    "neg": "negative",
}
"""What is a function of one array, by its name."""
_BY_NUMBERS: Final[Mapping[str, Callable[[Term], Form | None]]] = {
    "dot_general": picked_form,
    "gather": chosen_form,
    "reduce_sum": picked_form,
}
"""What may be a choice by whole numbers as a whole."""
_NO_DERIVATIVE: Final = (
    "the derivative past it as well: one that is left out is no derivative of the function"
)


class _JaxTrace(Trace):
    """A trace of primitives, each with the line of the user's code that it came from."""

    place = ""

    def note(self, problem: str) -> None:
        if (found := f"{self.place}: {problem}") not in self.problems:
            self.problems.append(found)

    def look_at_names(self) -> None:
        """Leave nodes the names of their ops: what holds arrays is JAX's."""


@dataclass(frozen=True, slots=True)
class _Other:
    """What is no array of the graph, where one is expected."""

    text: str

    def __repr__(self) -> str:
        return self.text


class Writer(NumberOperators):
    """Writes down what a function returns, from the terms of its trace."""

    def __init__(
        self,
        terms: Terms,
        arguments: Mapping[str, Term],
        returned: Sequence[Term],
        lengths: Mapping[str, int],
        problems: Sequence[str] = (),
    ) -> None:
        self.trace = _JaxTrace(apply)
        self.trace.problems += problems
        self.constants: dict[str, float] = {}
        self.arrays: list[ArrayArgument] = []
        self.data: dict[str, Made] = {}
        """What those are that the code makes itself, by their names."""
        self._where = terms.where
        self._arguments = {id(term): name for name, term in arguments.items()}
        self._lengths = lengths
        self._forms: dict[int, Form] = {}
        self._bounds: dict[int, dict[Dim, None]] = {}
        self._values: dict[int, Any] = {}
        self._known: dict[object, str] = {}
        needed = self._reached(terms, returned)
        for term in terms.every:
            if id(term) in needed:
                self._write(term)
        self.trace.place = self._where
        values = [self._values.get(id(each)) for each in returned]
        if not all(isinstance(each, Value) for each in values):
            self.trace.note("expected to return arrays of floats alone, made of what is given")
        self.trace.finish()
        if not self.trace.nodes:
            raise NotCaptured(f"{self._where}: expected at least one op, found none")
        self.outputs: tuple[str, ...]
        self.nodes, self.outputs = self.trace.named([each for each in values if isinstance(each, Value)])

    def _reached(self, terms: Terms, returned: Sequence[Term]) -> set[int]:
        """Return the terms that are written down; keep which of them are one function as a whole."""
        needed = set(map(id, returned))
        for term in reversed(terms.every):
            if id(term) not in needed or term.made:
                continue
            with suppress(Misfit):  # told where it is written
                form = _BY_NUMBERS.get(term.name, form_of)(term)
                if form is not None:
                    self._forms[id(term)] = form
            found = self._forms.get(id(term))
            asked = [each for each in term.args if each.is_real] if found is None else found.operands
            needed |= set(map(id, asked))
            if found is not None and found.chosen is not None:
                x, along = found.operands[0], found.along
                source, _ = indices_of(found.chosen, x.lengths[along])
                with suppress(Misfit):
                    self._bounds.setdefault(id(source), {})[x.shape[along]] = None
                needed.add(id(source))
            if found is not None and found.mask is not None:
                needed.add(id(found.mask.term))
        return needed

    def _taken(self) -> set[str]:
        return {*self._lengths, *self._arguments.values(), *(each.name for each in self.arrays)}

    def _write(self, term: Term) -> None:
        self.trace.place = term.place
        name = self._arguments.get(id(term))
        if term.number is not None or (term.made and name is None):
            return
        shape = None
        try:
            shape = term.shape
            made = self._entered(name, term) if name is not None else self._made(term)
            self._values[id(term)] = made
            if isinstance(made, Value) and made.known is not None and made.known != shape:
                raise Misfit(f"captured with shape {told(made.known)}, JAX has {told(shape)}")
        except Misfit as misfit:
            self.trace.note(f"{misfit}" if name is not None else f"{term.name}: {misfit}")
            self._values[id(term)] = Value(self.trace, None, shape)

    def _entered(self, name: str, term: Term) -> Value | Data:
        if term.is_real:
            entered: Value = self.trace.enter(name, term.shape)
            return entered
        is_mask = term.dtype == "bool"
        bounds: Mapping[Dim, None] = {} if is_mask else self._bounds.get(id(term), {})
        if not is_mask and len(bounds) != 1:
            found = " and ".join(map(str, bounds)) or "none"
            raise Misfit(
                "expected whole numbers that choose along axes of one length, as those of an embedding "
                f"or the targets of a loss do, found {found}"
            )
        if not re.fullmatch(PLAIN, name) or name in self._lengths:
            found = f"found {name!r}; nearest: whole numbers and truth values as arguments of their own"
            raise Misfit(f"expected a name that Lean has too, and no dimension, {found}")
        declared = ArrayArgument(name=name, shape=term.shape, below=next(iter(bounds), None))
        self.arrays.append(declared)
        return Data(self.trace, declared)

    def _made(self, term: Term) -> Any:
        if (form := self._forms.get(id(term))) is not None:
            return self._of_form(term, form)
        if term.name == "stop_gradient":
            raise Misfit(f"no certified op; nearest: {_NO_DERIVATIVE}", term.shape)
        if any(each.is_real and each.dtype != term.dtype for each in term.args):
            raise Misfit(f"no certified op: it converts to {term.dtype}; nearest: one precision", term.shape)
        given = [self._given(each) for each in term.args]
        if (function := _ALONE.get(term.name)) is not None:
            return self._call(function, *given)
        writer: Callable[..., Any] | None = getattr(self, f"_write_{term.name}", None)
        if writer is None or not term.is_real:
            raise Misfit(none_for(term.name), term.shape)
        return writer(term, *given)

    def _of_form(self, term: Term, form: Form) -> Any:
        given = [self._given(each) for each in form.operands]
        if form.mask is not None:
            return self._masked(given[0], form)
        if form.chosen is not None:
            return self._chosen(term, given[0], form)
        if form.function in ("layer_norm", "rms_norm"):
            given[1:] = [self._call("flatten", each) for each in given[1:]]
        scalars = [self._scalar(number, name) for name, number in form.scalars]
        made = self._call(form.function, *given, *scalars, **form.options)
        return made if form.axes is None else self._read(made, form.axes, term.shape)

    def _masked(self, scores: Any, form: Form) -> Value:
        shape = self._value(scores).known
        if shape is None or form.mask is None:
            return Value(self.trace, None, None)
        if form.along != len(shape) - 1:
            raise Misfit("no certified op with a mask but along the last axis; nearest: moveaxis before it")
        return self._call("masked_softmax", scores, self._allowed(form.mask, shape))

    def _allowed(self, mask: Mask, shape: Shape) -> Data:
        """Return the truth values that are a mask of scores. Raises: Misfit where they are no parameter."""
        first = next((at for at, axis in enumerate(mask.axes) if axis is not None), len(mask.axes) - 1)
        axes = mask.axes[first:]
        if mask.term.made:
            made = Made(mask.term, axes, shape[len(shape) - len(axes) :], mask.is_turned)
            return self._parameter(made, "mask")
        given = self._given(mask.term)
        if not isinstance(given, Data):
            raise Misfit(
                f"expected truth values that are an argument, or that the code makes, found {given!r}"
            )
        if mask.is_turned:
            raise Misfit(
                "no certified op of a mask that forbids where it is true, found the other way round of "
                f"{given!r}; nearest: an argument that allows where it is true, and ~ of it here",
                shape,
            )
        if axes != tuple(range(len(given.known))):
            raise Misfit(
                f"expected truth values of the last axes of {told(shape)}, as they were declared, found "
                f"{given!r}"
            )
        return given

    def _parameter(self, made: Made, name: str, below: Dim | None = None) -> Data:
        """Return the parameter of the graph that is what the code makes."""
        key = id(made.term), made.axes, made.lengths, made.is_turned, below
        if key not in self._known:
            try:
                made.at(self._lengths)
            except Misfit:
                raise
            except Exception as error:  # noqa: BLE001 - JAX's
                raise Misfit(
                    f"expected numbers that the code makes, found none: {said_by(error)}; "
                    "nearest: an argument"
                ) from None
            self._known[key] = self._free(name)
            declared = ArrayArgument(name=self._known[key], shape=made.lengths, below=below)
            self.arrays.append(declared)
            self.data[declared.name] = made
        held = next(each for each in self.arrays if each.name == self._known[key])
        return Data(self.trace, held)

    def _chosen(self, term: Term, x: Any, form: Form) -> Value:
        assert form.chosen is not None
        length = self._value(x).known
        if length is None:
            return Value(self.trace, None, None)
        batch = form.chosen.shape[:-1]
        source, axes = indices_of(form.chosen, form.operands[0].lengths[form.along])
        if source.made:
            ids = self._parameter(Made(source, axes[:-1], batch), "index", length[form.along])
        else:
            given = self._given(source)
            if not isinstance(given, Data) or is_any_unknown([given]):
                raise Misfit(f"expected whole numbers that are an argument, found {given!r}")
            long = [at for at, dim in enumerate(given.known) if dim != ONE]
            if [axis for axis in axes if axis is not None] != long or number_of(given.known) != number_of(
                batch
            ):
                raise Misfit(f"expected whole numbers in their order, each once, found others of {given!r}")
            ids = Data(self.trace, given.declared, batch)
        if form.function == "take":
            return self._taken_along(x, ids, form.along, form.options["offset"])
        shape = tuple(ONE if at == form.along else dim for at, dim in enumerate(length))
        if number_of(shape) != number_of(batch):
            found = f"along axis {form.along} for each outside of it, found shape {told(batch)}"
            raise Misfit(f"expected one position {found}", term.shape)
        picked = self._call("take_along_axis", x, Data(self.trace, ids.declared, shape), axis=form.along)
        return self._reshaped(picked, term.shape)

    def _taken_along(self, x: Any, ids: Data, along: int, offset: Sequence[int]) -> Value:
        """Return what whole numbers choose along an axis, with the other axes where they are to be."""
        others = _rest(x, (along,))
        taken = self._call("take", self._call("permute_dims", x, (along, *others)), ids, axis=0)
        count = len(taken.known or ())
        batch = [at for at in range(count) if at not in offset]
        places = [*batch, *offset]
        return self._call("permute_dims", taken, tuple(places.index(at) for at in range(count)))

    def _write_add(self, _: Term, a: Any, b: Any) -> Value:
        return self._added(a, b)

    _write_add_any = _write_add

    def _write_sub(self, _: Term, a: Any, b: Any) -> Value:
        return self._subtracted(a, b)

    def _write_mul(self, _: Term, a: Any, b: Any) -> Value:
        return self._multiplied(a, b)

    def _write_div(self, term: Term, a: Any, b: Any) -> Value:
        if isinstance(b, Value):
            raise Misfit(none_for("div"), term.shape)
        if isinstance(b, _Other):
            raise Misfit(f"expected a number, found {b!r}", term.shape)
        return self._divided(a, b)

    def _write_max(self, _: Term, a: Any, b: Any) -> Value:
        a, b = (b, a) if isinstance(a, Number) else (a, b)
        return self._clamped(a, b)

    def _write_min(self, _: Term, a: Any, b: Any) -> Value:
        a, b = (b, a) if isinstance(a, Number) else (a, b)
        return self._clamped(a, None, b)

    def _write_clamp(self, _: Term, low: Any, a: Any, high: Any) -> Value:
        return self._clamped(a, low, high)

    def _write_integer_pow(self, term: Term, a: Any) -> Value:
        return self._call("power", a, int(term.params["y"]))

    def _write_pow(self, term: Term, a: Any, exponent: Any) -> Value:
        if not isinstance(exponent, Number):
            raise Misfit(none_for("pow"), term.shape)
        return self._call("power", a, exponent)

    def _write_expm1(self, _: Term, a: Any) -> Value:
        return self._plus(self._call("exp", a), -1.0)

    def _write_convert_element_type(self, term: Term, _: Any) -> Value:
        raise Misfit(
            "no certified op: whole numbers choose, and truth values allow, and neither is a real number; "
            "nearest: an argument of floats",
            term.shape,
        )

    def _write_reduce_sum(self, term: Term, a: Any) -> Value:
        return self._call("sum", a, axis=axes_of(term))

    def _write_transpose(self, term: Term, a: Any) -> Value:
        return self._call("permute_dims", a, tuple(map(int, term.params["permutation"])))

    def _write_reshape(self, term: Term, a: Any) -> Value:
        if term.params.get("dimensions") is not None:
            raise Misfit("no certified op with dimensions; nearest: transpose before it", term.shape)
        return self._reshaped(a, term.shape)

    def _write_squeeze(self, term: Term, a: Any) -> Value:
        return self._reshaped(a, term.shape)

    def _write_broadcast_in_dim(self, term: Term, a: Any) -> Value:
        axes: list[int | None] = [None] * len(term.lengths)
        for at, axis in enumerate(term.params["broadcast_dimensions"]):
            axes[axis] = at
        return self._read(a, tuple(axes), term.shape)

    def _write_tile(self, term: Term, a: Any) -> Value:
        before = self._value(a).known
        if before is None:
            return Value(self.trace, None, None)
        each = [part for dim in before for part in (ONE, dim)]
        wide = [part for reps, dim in zip(term.params["reps"], before, strict=True) for part in (reps, dim)]
        shape = tuple(part if isinstance(part, Dim) else term.dim(part) for part in wide)
        widened = self._call("broadcast_to", self._reshaped(a, tuple(each)), self._sizes(shape))
        return self._reshaped(widened, term.shape)

    def _write_slice(self, term: Term, a: Any) -> Value:
        strides = term.params["strides"]
        if strides is not None and any(each != 1 for each in strides):
            raise Misfit(
                "no certified op of a slice that leaves some out; nearest: slices of step 1, and concatenate",
                term.shape,
            )
        starts, stops = term.params["start_indices"], term.params["limit_indices"]
        return self._parts(term, a, starts, stops)

    def _write_dynamic_slice(self, term: Term, a: Any, *_: Any) -> Value:
        starts = [each.length for each in term.args[1:]]
        if None in starts:
            raise Misfit("no certified op but where the code says where it begins", term.shape)
        return self._parts(term, a, starts, [b + w for b, w in zip(starts, term.lengths, strict=True)])

    def _write_split(self, term: Term, a: Any) -> Value:
        axis, before = term.params["axis"], sum(term.params["sizes"][: term.part])
        starts = [before if at == axis else 0 for at in range(len(term.lengths))]
        return self._parts(term, a, starts, [b + w for b, w in zip(starts, term.lengths, strict=True)])

    def _write_gather(self, term: Term, a: Any, _: Any) -> Value:
        numbers, sizes = term.params["dimension_numbers"], term.params["slice_sizes"]
        found = static_starts(term.args[1]) if term.args[1].made else None
        if found is None or numbers.operand_batching_dims:
            raise Misfit(
                "no certified op but of whole numbers that choose along one axis; nearest: take, "
                "take_along_axis, or slices",
                term.shape,
            )
        at = dict(zip(numbers.start_index_map, found, strict=True))
        starts = [at.get(axis, 0) for axis in range(len(sizes))]
        parts = self._parts(term, a, starts, [b + w for b, w in zip(starts, sizes, strict=True)])
        return self._reshaped(parts, term.shape)

    def _parts(self, term: Term, a: Any, starts: Sequence[Any], stops: Sequence[Any]) -> Value:
        keys = []
        for start, stop, length in zip(starts, stops, self._value(a).known or (), strict=False):
            first, last = term.dim(start), term.dim(stop)
            is_all = not first.terms and last == length
            keys.append(slice(None) if is_all else slice(self._place(first), self._place(last)))
        return self._call("indexing", a, tuple(keys))

    def _place(self, dim: Dim) -> Any:
        return Size(self.trace, dim) if dim.names else dim.evaluate({})

    def _write_concatenate(self, term: Term, *arrays: Any) -> Value:
        return self._call("concat", list(arrays), axis=int(term.params["dimension"]))

    def _write_stack(self, term: Term, *arrays: Any) -> Value:
        return self._call("stack", list(arrays), axis=int(term.params["axis"]))

    def _write_dot_general(self, term: Term, a: Any, b: Any) -> Value:
        ((summed, others), (batch, again)) = (
            [tuple(map(int, each)) for each in pair] for pair in term.params["dimension_numbers"]
        )
        if is_any_unknown([a, b]):
            return Value(self.trace, None, None)
        left, right = self._value(a), self._value(b)
        free = _rest(left, (*summed, *batch)), _rest(right, (*others, *again))
        x = self._call("permute_dims", left, (*batch, *free[0], *summed))
        y = self._call("permute_dims", right, (*again, *others, *free[1]))
        h, k = _number(left, batch), _number(left, summed)
        m, n = _number(left, free[0]), _number(right, free[1])
        lead = (h,) if batch else ()
        x, y = self._reshaped(x, (*lead, m, k)), self._reshaped(y, (*lead, k, n))
        return self._reshaped(self._call("matmul", x, y), term.shape)

    def _read(self, given: Any, axes: Axes, shape: Shape) -> Value:
        """Return an array with its axes where they are read, repeated along the others, at a shape."""
        before = self._value(given).known
        if before is None:
            return Value(self.trace, None, None)
        order = [axis for axis in axes if axis is not None]
        order += [axis for axis in range(len(before)) if axis not in order]
        moved = self._call("permute_dims", given, tuple(order))
        thin = tuple(ONE if axis is None else before[axis] for axis in axes)
        return self._call("broadcast_to", self._reshaped(moved, thin), self._sizes(shape))

    def _reshaped(self, x: Any, shape: Shape) -> Value:
        return self._call("reshape", x, self._sizes(shape))

    def _sizes(self, shape: Shape) -> tuple[Size, ...]:
        return tuple(Size(self.trace, canonical(dim)) for dim in shape)

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        if is_any_unknown(args):
            return Value(self.trace, None, None)
        if strange := [each for each in args if isinstance(each, _Other)]:
            raise Misfit(f"expected an array, found {strange[0]!r}")
        return apply(self.trace, name, args, kwargs)

    def _given(self, term: Term) -> Any:
        if term.number is not None:
            return term.number
        if id(term) in self._values:
            return self._values[id(term)]
        if term.length is not None:
            return _Other("a length as a number, of which no op is; nearest: a number, or mean for sum")
        if (held := _held(term)) is not None:
            return _Other(f"an array of shape {held.lengths} that is no argument; nearest: an argument")
        made = "numbers that the code makes itself; nearest: an argument"
        kind = term.dtype if term.dtype.startswith("complex") else "whole numbers or truth values"
        return _Other(made if term.made else kind)

    def _value(self, given: Any) -> Value:
        if not isinstance(given, Value):
            near = "; nearest: an argument" if isinstance(given, Number) else ""
            raise Misfit(f"expected an array, found {given!r}{near}")
        return given


def _held(term: Term) -> Term | None:
    """Return an array of real numbers that is none of the arguments, of which a term is made."""
    left, seen = [term], set[int]()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if each.name == "constant" and each.is_real:
            return each
        left += each.args
    return None


def _rest(value: Value, axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(at for at in range(len(value.known or ())) if at not in axes)


def _number(value: Value, axes: Sequence[int]) -> Dim:
    return number_of(tuple((value.known or ())[at] for at in axes))
