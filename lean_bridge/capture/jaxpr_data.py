"""Whole numbers and truth values in what JAX traced: what they choose, and what the code makes of lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
from jax import numpy as jnp

from lean_bridge.capture.jaxpr_forms import Form
from lean_bridge.capture.jaxpr_terms import Axes, Term, axes_of, compose, keeps_below, rooted
from pybind_models import Dim

_WHOLE: Final = ("int", "uint")


@dataclass(frozen=True, slots=True)
class Made:
    """An array that the code makes itself, of no argument."""

    term: Term
    axes: Axes
    """Which of the term's axes its own are."""
    lengths: tuple[Dim, ...]
    is_turned: bool = False

    def at(self, sizes: Mapping[str, int]) -> Any:
        """Return what it is at sizes. Raises: JAX's own errors; Misfit for lengths that are none."""
        numbers = _value(self.term, sizes, {})
        order = [axis for axis in self.axes if axis is not None]
        order += [axis for axis in range(numbers.ndim) if axis not in order]
        shape = tuple(dim.evaluate(sizes) for dim in self.lengths)
        moved = numbers.transpose(order).reshape(
            [1 if axis is None else numbers.shape[axis] for axis in self.axes]
        )
        found = jnp.broadcast_to(moved, shape)
        return ~found if self.is_turned else found


def _value(term: Term, sizes: Mapping[str, int], known: dict[int, Any]) -> Any:
    if id(term) not in known:
        known[id(term)] = _computed(term, sizes, known)
    return known[id(term)]


def _computed(term: Term, sizes: Mapping[str, int], known: dict[int, Any]) -> Any:
    if term.number is not None:
        shape = [dim.evaluate(sizes) for dim in term.shape]
        return jnp.full(shape, term.number, term.dtype)
    if term.name == "constant":
        return jnp.asarray(term.params["value"])
    params = {name: _at(each, term.dim, sizes) for name, each in term.params.items()}
    found = term.primitive.bind(*(_value(each, sizes, known) for each in term.args), **params)
    return found[term.part] if isinstance(found, list | tuple) else found


def _at(given: Any, dim: Callable[[Any], Dim], sizes: Mapping[str, int]) -> Any:
    """Return what is given to a primitive, with numbers for lengths."""
    if jax.export.is_symbolic_dim(given):
        return dim(given).evaluate(sizes)
    if type(given) in (list, tuple):
        return type(given)(_at(each, dim, sizes) for each in given)
    return given


def chosen_form(term: Term) -> Form | None:
    """Return the choice by whole numbers that a gather is, along one axis; ``None`` where it is none."""
    x, indices = term.args
    numbers = term.params["dimension_numbers"]
    if indices.made and static_starts(indices) is not None:
        return None
    batched, collapsed = tuple(numbers.operand_batching_dims), tuple(numbers.collapsed_slice_dims)
    if tuple(numbers.start_index_map) != collapsed:
        return None
    sizes, count = tuple(term.params["slice_sizes"]), len(indices.lengths) - 1
    along = int(collapsed[0]) if collapsed else 0
    rest = [at for at in range(len(x.lengths)) if at not in (*collapsed, *batched)]
    if any(sizes[at] != x.lengths[at] for at in rest):
        return None
    if len(collapsed) == 1 and not batched:
        return Form("take", (x,), options={"offset": numbers.offset_dims}, chosen=indices, along=along)
    starts = tuple(numbers.start_indices_batching_dims)
    if len(collapsed) == 1 and not rest and batched == starts == _without(collapsed[0], len(x.lengths)):
        return Form("take_along_axis", (x,), chosen=indices, along=along)
    if collapsed == (0, 1) and not rest and indices.name == "concatenate" and len(indices.args) == 2:
        row, column = indices.args
        if _is_every(row, x.lengths[0]) and count == 1 and column.lengths[-1] == 1:
            return Form("take_along_axis", (x,), chosen=column, along=1)
    return None


def picked_form(term: Term) -> Form | None:
    """Return the choice by whole numbers that a sum of products with 1 at their places, and 0, is."""
    if term.name == "reduce_sum":
        product, last = term.args[0], len(term.args[0].lengths) - 1
        for ones, x in (product.args, product.args[::-1]) if product.name == "mul" else ():
            ids = _placed(ones)
            if ids is not None and axes_of(term) == (last,) and tuple(x.lengths) == tuple(ones.lengths):
                return Form("take_along_axis", (x,), chosen=ids, along=last)
        return None
    ones, _ = term.args
    (summed, others), (batch, _) = term.params["dimension_numbers"]
    count = len(ones.lengths) - 1
    ids = _placed(ones)
    if ids is None or batch or (list(summed), list(others)) != ([count], [0]):
        return None
    return Form("take", term.args[1:], options={"offset": range(count, len(term.lengths))}, chosen=ids)


def _placed(term: Term) -> Term | None:
    """Return the whole numbers at whose places along the last axis there is 1, and 0 elsewhere."""
    if term.name != "convert_element_type" or term.args[0].name != "eq":
        return None
    for ids, every in (term.args[0].args, term.args[0].args[::-1]):
        length = term.lengths[-1]
        found, axes = indices_of(every, length)
        is_every = _counts(found, length) and axes[-1] == found.params["dimension"]
        if is_every and every.lengths[-1] == length and tuple(ids.lengths) == (*term.lengths[:-1], 1):
            return ids
    return None


def _without(axis: int, count: int) -> tuple[int, ...]:
    return tuple(at for at in range(count) if at != axis)


def _is_every(term: Term, length: Any) -> bool:
    """Whether whole numbers are all those below a length, in order."""
    found, axes = indices_of(term, length)
    return _counts(found, length) and list(found.lengths) == [length] and axes[:1] == (0,)


def _counts(term: Term, length: Any) -> bool:
    """Whether a term counts from 0 below a length, and does not begin again before it."""
    return term.name == "iota" and keeps_below(term.dtype, length)


def indices_of(term: Term, length: Any) -> tuple[Term, Axes]:
    """Return the whole numbers that a term is, below a length, as moves leave them, and their axes.

    JAX counts what is negative from the end, and what is given here is not. What converts them to a dtype
    that has not all below the length, which makes others of some, is not left out.
    """
    found, axes = rooted(term)
    while True:
        is_converted = found.name == "convert_element_type" and found.args[0].dtype.startswith(_WHOLE)
        if is_converted and keeps_below(found.dtype, length):
            source = found.args[0]
        elif found.name == "select_n" and (inside := _counted(found, length)) is not None:
            source = inside
        else:
            return found, axes
        found, inner = rooted(source)
        axes = compose(axes, inner)


def _counted(term: Term, length: Any) -> Term | None:
    """Return whole numbers, to which a length is added where they are negative."""
    test, source, added = term.args
    if test.name != "lt" or test.args[0] is not source or test.args[1].number != 0:
        return None
    if added.name != "add" or added.args[0] is not source:
        return None
    by = rooted(added.args[1])[0]
    found = by.length if by.length is not None else by.number
    return source if found is not None and found == length else None


def static_starts(term: Term) -> Sequence[Any] | None:
    """Return where parts begin, as a gather is told, if the code says where."""
    (count,) = term.lengths if len(term.lengths) == 1 else (None,)
    if count is None:
        return None
    if term.number is not None:
        return [int(term.number)] * int(count)
    found, _ = rooted(term)
    if found.length is not None and count == 1:
        return [found.length]
    if term.name == "concatenate":
        parts = [static_starts(each) for each in term.args]
        if None not in parts:
            return [start for part in parts if part is not None for start in part]
    return None
