"""Functions that JAX traces as several primitives, of which not each is certified alone: found as wholes.

Every form is the same function of real numbers. A softmax subtracts what is largest, so that nothing
overflows, and is the softmax of what it is given; a normalisation divides by a root, which is positive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from lean_bridge.capture.jaxpr_terms import Axes, Term, axes_of, compose, kept_axes, rooted
from lean_bridge.capture.moves import number_of

_CUBIC: Final = 0.044715
"""The number in GELU's tanh form."""
_EXACT: Final[Mapping[str, float]] = {"float64": 4e-16, "float32": 2e-7}
"""How near a number of the code is to another which it is, rounded."""
_MOST: Final = 16
"""The most factors of a product that are looked at."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Truth values, and which of their axes are which of those that they are for."""

    term: Term
    axes: Axes
    is_turned: bool
    """Whether they forbid."""


@dataclass(frozen=True, slots=True)
class Form:
    """A function of terms: by its name, with the numbers that it takes besides."""

    function: str
    operands: tuple[Term, ...]
    scalars: tuple[tuple[str, float], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    axes: Axes | None = None
    """Which axes of it are which of the term's, where it is repeated; ``None`` where it is the term."""
    mask: Mask | None = None
    chosen: Term | None = None
    """The whole numbers that choose."""
    along: int = 0
    """The axis of the first operand that they choose along."""


def form_of(term: Term) -> Form | None:
    """Return the function that a term is as a whole, if it is one."""
    found = (made(term) for made in _FORMS.get(term.name, ()))
    return next((each for each in found if each is not None), None)


def mask_of(term: Term, axes: Axes | None = None, *, is_turned: bool = False) -> Mask:
    """Return truth values as what they are repetitions, or the other way round, of."""
    axes = axes if axes is not None else tuple(range(len(term.lengths)))
    while True:
        term, inner = rooted(term)
        axes = compose(axes, inner)
        if term.name != "not":
            return Mask(term, axes, is_turned)
        term, is_turned = term.args[0], not is_turned


def _hidden(term: Term) -> tuple[Term, Mask] | None:
    """Return scores, and the mask that has -∞ in the place of some."""
    if term.name == "select_n" and term.args[0].dtype == "bool":
        mask, other, chosen = term.args
        for scores, number, is_turned in ((chosen, other, False), (other, chosen, True)):
            if number.number == -math.inf and scores.number is None:
                return scores, mask_of(mask, is_turned=is_turned)
    if term.name == "add":
        for scores, added in (term.args, term.args[::-1]):
            found, axes = rooted(added)
            numbers = [each.number for each in found.args]
            if found.name == "select_n" and numbers[1:] in ([-math.inf, 0], [0, -math.inf]):
                return scores, mask_of(found.args[0], axes, is_turned=numbers[1] == 0)
    return None


def _shifted(term: Term, reduced: Sequence[int]) -> Term:
    """Return what a term is but for the largest along some axes, which is subtracted."""
    if term.name != "sub":
        return term
    x, shift = term.args
    largest, axes = _past(shift)
    of = [x, *(hidden[0] for hidden in [_hidden(x)] if hidden is not None)]
    if largest.name != "reduce_max" or not any(largest.args[0] is each for each in of):
        return term
    return x if axes_of(largest) == tuple(reduced) and _fit(axes, kept_axes(x.lengths, reduced)) else term


def _past(term: Term) -> tuple[Term, Axes]:
    """Return what is subtracted, as ``rooted``, where no derivative is asked for and 0 stands for ∞, too.

    What a softmax or a log-sum-exp subtracts is in neither, whatever it is.
    """
    found, axes = rooted(term)
    while True:
        if found.name == "stop_gradient":
            (source,) = found.args
        elif found.name == "select_n" and found.args[0].name == "is_finite" and found.args[1].number == 0:
            source = found.args[2]
            if found.args[0].args[0] is not source:
                return found, axes
        else:
            return found, axes
        found, inner = rooted(source)
        axes = compose(axes, inner)


def _fit(axes: Axes, expected: Axes) -> bool:
    """Whether axes are as expected; what has none is repeated along all."""
    return (*(None,) * (len(expected) - len(axes)), *axes) == expected


def _sum_of_exponentials(term: Term) -> tuple[Term, tuple[int, ...], Axes] | None:
    """Return the exponentials that a term is a sum of, and along which axes; a sum of these is positive."""
    total, axes = rooted(term)
    if total.name == "abs":
        total, inner = rooted(total.args[0])
        axes = compose(axes, inner)
    if total.name != "reduce_sum":
        return None
    summed = total.args[0]
    if summed.name == "select_n" and summed.args[1].number == 0:  # 0 is what -∞ makes
        mask, _, chosen = summed.args
        hidden = _hidden(_shifted(chosen.args[0], axes_of(total))) if chosen.name == "exp" else None
        if hidden is not None and hidden[1] == mask_of(mask):
            summed = chosen
    return (summed, axes_of(total), axes) if summed.name == "exp" else None


def _softmax(term: Term) -> Form | None:
    top, below = term.args
    found = _sum_of_exponentials(below)
    if found is None or found[0] is not top or len(found[1]) != 1:
        return None
    _, reduced, axes = found
    if not _fit(axes, kept_axes(top.lengths, reduced)):
        return None
    x = _shifted(top.args[0], reduced)
    if (hidden := _hidden(x)) is not None:
        return Form("masked_softmax", (hidden[0],), mask=hidden[1], along=reduced[0])
    return Form("softmax", (x,), options={"axis": reduced[0]})


def _masked_softmax(term: Term) -> Form | None:
    """Return the softmax that is 0 where a mask does not allow, once more."""
    if term.args[0].dtype != "bool" or term.args[1].number != 0 or term.args[2].name != "div":
        return None
    form = _softmax(term.args[2])
    return form if form is not None and form.mask == mask_of(term.args[0]) else None


def _log_softmax(term: Term) -> Form | None:
    a, subtracted = term.args
    logarithm, outer = rooted(subtracted)
    found = _sum_of_exponentials(logarithm.args[0]) if logarithm.name == "log" else None
    if found is None or found[0].args[0] is not a or len(found[1]) != 1:
        return None
    _, reduced, inner = found
    x = _shifted(a, reduced)
    if not _fit(compose(outer, inner), kept_axes(a.lengths, reduced)) or _hidden(x) is not None:
        return None
    return Form("log_softmax", (x,), options={"axis": reduced[0]})


def _log_of(term: Term) -> Form | None:
    (a,) = term.args
    if a.name == "div" and (form := _softmax(a)) is not None and form.mask is None:
        return Form("log_softmax", form.operands, options=form.options)
    if (x := _plus_one(a, "exp")) is not None:
        return Form("softplus", (x.args[0],))
    if (found := _sum_of_exponentials(a)) is None:
        return None
    exponentials, reduced, axes = found
    return Form("logsumexp", exponentials.args, options={"axis": reduced}, axes=axes)


def _logsumexp(term: Term) -> Form | None:
    for one, other in (term.args, term.args[::-1]):
        logarithm, outer = rooted(one)
        found = _sum_of_exponentials(logarithm.args[0]) if logarithm.name == "log" else None
        if found is None:
            continue
        exponentials, reduced, inner = found
        (a,) = exponentials.args
        x = _shifted(a, reduced)
        if x is a or _hidden(x) is not None:
            continue
        (shift, axes), (largest, _) = _past(other), _past(a.args[1])
        if shift is largest and axes == compose(outer, inner):
            return Form("logsumexp", (x,), options={"axis": reduced}, axes=axes)
    return None


def _plus_one(term: Term, name: str) -> Term | None:
    """Return what 1 is added to, where a primitive made it."""
    if term.name != "add":
        return None
    for one, other in (term.args, term.args[::-1]):
        if one.number == 1 and other.name == name:
            return other
    return None


def _softplus(term: Term) -> Form | None:
    """Return ``max(x, 0) + log1p(exp(-|x|))`` as the softplus that it is."""
    for larger, rest in (term.args, term.args[::-1]):
        if larger.name != "max" or rest.name != "log1p":
            continue
        x = next((each for each in larger.args if each.number is None), None)
        decayed = rest.args[0]
        if x is None or not any(each.number == 0 for each in larger.args) or decayed.name != "exp":
            continue
        size = _negated(decayed.args[0])
        if size is not None and size.name == "abs" and x in (size.args[0], _negated(size.args[0])):
            return Form("softplus", (x,))
    return None


def _negated(term: Term) -> Term | None:
    if term.name == "neg":
        return term.args[0]
    return term.args[1] if term.name == "sub" and term.args[0].number == 0 else None


def _log1p(term: Term) -> Form | None:
    (a,) = term.args
    return Form("softplus", a.args) if a.name == "exp" else None


def _sigmoid(term: Term) -> Form | None:
    one, below = term.args
    decayed = _plus_one(below, "exp")
    x = _negated(decayed.args[0]) if decayed is not None and one.number == 1 else None
    return Form("sigmoid", (x,)) if x is not None else None


def _mean(term: Term) -> Form | None:
    found = mean_of(term)
    if found is None:
        return None
    x, reduced, axes = found
    return Form("mean", (x,), options={"axis": reduced}, axes=axes)


def mean_of(term: Term) -> tuple[Term, tuple[int, ...], Axes] | None:
    """Return what a term is the mean of, along which axes, and which axes of that are which of the term's."""
    term, outer = rooted(term)
    if term.name != "div":
        return None
    total, inner = rooted(term.args[0])
    count = rooted(term.args[1])[0].count
    if total.name != "reduce_sum" or count is None or not total.is_real:
        return None
    reduced = axes_of(total)
    shape = total.args[0].shape
    if count != number_of(tuple(shape[at] for at in reduced)):
        return None
    return total.args[0], reduced, compose(outer, inner)


def _chosen(term: Term) -> Form | None:
    """Return what is another function where a number is positive, as a leaky ReLU is."""
    test, other, chosen = term.args
    if test.name not in ("gt", "ge", "lt", "le"):
        return None
    x, bound = test.args
    if test.name in ("lt", "le"):
        other, chosen = chosen, other
    if bound.number != 0 or chosen is not x:
        return None
    if other.number == 0:
        return Form("relu", (x,))
    slope = next((each.number for each in other.args if each.number is not None), None)
    if other.name == "mul" and slope is not None and any(each is x for each in other.args):
        return Form("leaky_relu", (x,), (("slope", float(slope)),))
    return None


@dataclass(slots=True)
class _Product:
    """A product of a number and of terms, each with its axes, by twice their powers."""

    number: float = 1.0
    powers: dict[tuple[Term, Axes], int] = field(default_factory=dict)

    def is_of(self, number: float, dtype: str) -> bool:
        return math.isclose(self.number, number, rel_tol=_EXACT.get(dtype, 0))


def _product(term: Term, whole: Sequence[Term] = ()) -> _Product:
    """Return a term as a product, in which some terms are left whole; that of too many factors is none."""
    made = _Product()
    left: list[tuple[Term, Axes, int]] = [(term, tuple(range(len(term.lengths))), 2)]
    for _ in range(_MOST):
        if not left:
            return made
        each, outer, power = left.pop()
        if not any(each is other for other in whole):
            each, inner = rooted(each)
        else:
            inner = _straight(each)
        outer = compose(outer, inner)
        is_whole = any(each is other for other in whole)
        if isinstance(each.number, int | float) and each.number > 0:
            made.number *= _power(each.number, power)
        elif not is_whole and (factors := _factors(each, power)) is not None:
            made.number *= -1.0 if each.name == "neg" and power % 4 == 2 else 1.0
            left += [(factor, outer, count) for factor, count in factors]
        else:
            key = each, outer
            made.powers[key] = made.powers.get(key, 0) + power
    return _Product(math.nan)


def _power(number: float, power: int) -> float:
    """Return a number to half a power; what no float is is no number."""
    with suppress(OverflowError):
        return float(float(number) ** (power / 2))
    return math.nan


def _factors(term: Term, power: int) -> list[tuple[Term, int]] | None:
    """Return what a term to half a power is a product of; a root of one is none, as √(w w) is |w|."""
    if power % 2:
        return None
    match term.name:
        case "mul":
            return [(each, power) for each in term.args]
        case "div":
            return [(term.args[0], power), (term.args[1], -power)]
        case "neg":
            return [(term.args[0], power)]
        case "square":
            return [(term.args[0], 2 * power)]
        case "integer_pow":
            return [(term.args[0], term.params["y"] * power)]
        case "sqrt" | "rsqrt":
            return [(term.args[0], power // 2 if term.name == "sqrt" else -power // 2)]
        case _:
            return None


def _straight(term: Term) -> Axes:
    return tuple(None if length == 1 else at for at, length in enumerate(term.lengths))


def _activation(term: Term) -> Form | None:
    """Return SiLU, or GELU in its tanh form, as the product that it is."""
    for gate, _ in _product(term).powers:
        if gate.name == "logistic":
            found = _product(term, (gate, gate.args[0]))
            if found.is_of(1, term.dtype) and _are(found, (gate, 2), (gate.args[0], 2)):
                return Form("silu", gate.args)
        if (bent := _plus_one(gate, "tanh")) is None:
            continue
        for x, kappa in _bent(bent.args[0]):
            found = _product(term, (gate, x))
            if found.is_of(0.5, term.dtype) and _are(found, (gate, 2), (x, 2)):
                return Form("gelu", (x,), (("kappa", kappa),))
    return None


def _are(found: _Product, *powers: tuple[Term, int]) -> bool:
    """Whether a product is of terms as they stand, to twice their powers."""
    return found.powers == {(each, _straight(each)): power for each, power in powers}


def _bent(term: Term) -> Iterator[tuple[Term, float]]:
    """Yield x and κ, where a term is ``κ (x + 0.044715 x³)``."""
    found = _product(term)
    for (inner, _), power in found.powers.items():
        if len(found.powers) == 1 and power == 2 and inner.name == "add":
            for x, rest in (inner.args, inner.args[::-1]):
                cubic = _product(rest, (x,))
                if _are(cubic, (x, 6)) and cubic.is_of(_CUBIC, term.dtype):
                    yield x, found.number


def _layer_norm(term: Term) -> Form | None:
    for scaled, added in (term.args, term.args[::-1]):
        bias = _of_last(*rooted(added))
        for eps, spread, axes in _roots(scaled) if bias is not None else ():
            for x in _variances(spread, axes):
                for centred, weight in _scaled(scaled, spread):
                    if bias is not None and _centred(centred) is x:
                        return Form("layer_norm", (x, weight, bias), (("eps", eps),))
    return None


def _rms_norm(term: Term) -> Form | None:
    for eps, spread, axes in _roots(term):
        for x in _squares(spread, axes):
            for divided, weight in _scaled(term, spread, x):
                if divided is x:
                    return Form("rms_norm", (x, weight), (("eps", eps),))
    return None


def _roots(term: Term) -> Iterator[tuple[float, Term, Axes]]:
    """Yield ε, and what it is added to, where a term is divided by the root of that; and its axes."""
    for (summed, axes), power in _product(term).powers.items():
        if power == -1 and summed.name == "add":
            for spread, eps in (summed.args, summed.args[::-1]):
                if isinstance(eps.number, float) and eps.number > 0:
                    yield eps.number, spread, axes


def _scaled(term: Term, spread: Term, *whole: Term) -> Iterator[tuple[Term, Term]]:
    """Yield what is divided by the root of a sum with ε, and the weight of the last axis."""
    found = _product(term, whole)
    root = [each for (each, _), power in found.powers.items() if power == -1 and spread in each.args]
    rest = [key for key, power in found.powers.items() if power == 2]
    if len(found.powers) != 3 or len(root) != 1 or len(rest) != 2 or not found.is_of(1, term.dtype):
        return
    for (x, axes), (weight, along) in (rest, rest[::-1]):
        if axes == _straight(term) and (last := _of_last(weight, along)) is not None:
            yield x, last


def _of_last(term: Term, axes: Axes) -> Term | None:
    """Return a term that is repeated but for the last axis, which is its one."""
    long = [at for at, length in enumerate(term.lengths) if length != 1]
    return term if len(long) == 1 and axes == (*(None,) * (len(axes) - 1), long[0]) else None


def _variances(spread: Term, outer: Axes) -> Iterator[Term]:
    """Yield what a term is the biased variance of, along the last axis, which it is without."""
    for centred in _squares(spread, outer):
        if (x := _centred(centred)) is not None:
            yield x
    term, inner = _nonnegative(spread)
    if term.name == "sub":  # the mean of the squares, without the square of the mean
        squares, mean = term.args
        (root, axes) = rooted(mean)
        mean_again = mean_of(root_of_square) if (root_of_square := _root(root)) is not None else None
        for x in _squares(squares, compose(outer, inner)):
            if mean_again is not None and mean_again[0] is x:
                found = compose(compose(compose(outer, inner), axes), mean_again[2])
                if mean_again[1] == (len(x.lengths) - 1,) and found == kept_axes(x.lengths, mean_again[1]):
                    yield x


def _squares(spread: Term, outer: Axes) -> Iterator[Term]:
    """Yield what a term is the mean square of, along the last axis, which it is without."""
    term, inner = _nonnegative(spread)
    if (found := mean_of(term)) is None:
        return
    squared, reduced, axes = found
    x = _root(squared)
    total = compose(compose(outer, inner), axes)
    if x is not None and reduced == (len(x.lengths) - 1,) and total == kept_axes(x.lengths, reduced):
        yield x


def _nonnegative(term: Term) -> tuple[Term, Axes]:
    """Return what a term has the numbers of, where the larger of these and 0 is they."""
    found, axes = rooted(term)
    if found.name == "max" and any(each.number == 0 for each in found.args):
        other = next(each for each in found.args if each.number != 0)
        found, inner = rooted(other)
        axes = compose(axes, inner)
    return found, axes


def _root(term: Term) -> Term | None:
    """Return what a term is the square of."""
    if term.name == "square" or (term.name == "integer_pow" and term.params["y"] == 2):
        return term.args[0]
    return term.args[0] if term.name == "mul" and term.args[0] is term.args[1] else None


def _centred(term: Term) -> Term | None:
    """Return what a term is without its mean along the last axis."""
    if term.name != "sub" or (found := mean_of(term.args[1])) is None:
        return None
    x, reduced, axes = found
    is_last = reduced == (len(x.lengths) - 1,) and _fit(axes, kept_axes(x.lengths, reduced))
    return x if is_last and term.args[0] is x else None


_FORMS: Final[Mapping[str, Sequence[Callable[[Term], Form | None]]]] = {
    "add": (_softplus, _logsumexp, _layer_norm),
    "div": (_softmax, _sigmoid, _rms_norm, _mean, _activation),
    "log": (_log_of,),
    "log1p": (_log1p,),
    "mul": (_activation, _rms_norm),
    "select_n": (_masked_softmax, _chosen),
    "sub": (_log_softmax,),
}
"""By the primitive that comes last, the functions that a term may be."""
