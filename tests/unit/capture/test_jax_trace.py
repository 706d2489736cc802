"""Functions of JAX become graphs of certified ops, or are told, with their lines, to be none."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax, nn
from jax import numpy as jnp

import lean_bridge
from lean_bridge.capture import jaxpr
from lean_bridge.capture.jax_trace import CapturedFunction, from_jax
from lean_bridge.capture.jaxpr_forms import Form, form_of
from lean_bridge.capture.jaxpr_terms import Term
from lean_bridge.crosscheck.function import check_function
from lean_bridge.errors import NotCaptured
from tests.tiers import one_in
from tests.unit.capture.wrong import WRONG

X, W, V = np.ones((5, 3), np.float32), np.ones((3, 4), np.float32), np.ones(3, np.float32)
ROWS = {"x": {0: "n"}}


def mlp(params: Mapping[str, Any], x: Any) -> Any:
    for layer in params["layers"]:
        x = jnp.tanh(x @ layer["W"] + layer["b"])
    return 2.5 - x.mean(axis=1) * 2.0, x


PARAMS = {"layers": [{"W": W, "b": W[0]}, {"W": W.T, "b": V}], "unread": X}


def test_a_tree_of_parameters_has_names_and_the_graph_is_for_all_lengths() -> None:
    captured = from_jax(mlp, PARAMS, X, dynamic=ROWS)
    names = [f"params.layers.{each}" for each in ("0.W", "0.b", "1.W", "1.b")]
    assert [entry.name for entry in captured.model.context] == [*names, "x"]
    assert (captured.model.lean_name, captured.model.dims) == ("mlp", ("n",))
    assert captured.constants == {"c": 2.0, "c2": 2.5}
    sizes = ({"n": 2},)
    for result in check_function(captured, captured.model, captured.outputs, captured.constants, sizes):
        assert result.outcome == "passed", result
    assert repr(captured) == "<CapturedFunction mlp: not judged>"
    assert captured.file == __file__


def activations(x: Any) -> tuple[Any, ...]:
    return (
        nn.relu(x),
        nn.leaky_relu(x, 0.2),
        jnp.where(x < 0, 0, x),
        nn.silu(2 * x),
        nn.gelu(x * x),
        x / 2 * (1 + jnp.tanh(np.sqrt(2 / np.pi) * (0.044715 * x * x * x + x))),
        nn.softplus(x),
        jnp.log(1 + jnp.exp(x)),
        nn.log_sigmoid(x),
        1 / (jnp.exp(-x) + 1),
        jnp.clip(x, -1, 1),
        jnp.abs(jnp.minimum(x, 2)),
        jnp.expm1(x) - 1,
        lax.integer_pow(x, 3),
        x**0,
    )


def softmaxes(x: Any) -> tuple[Any, ...]:
    e = jnp.exp(x - x.max(axis=0))
    return (
        nn.softmax(x, axis=0),
        nn.softmax(x[0:, 0], axis=-1),
        e / e.sum(axis=0),
        jnp.exp(x) / jnp.exp(x).sum(axis=1, keepdims=True),
        nn.log_softmax(x, axis=0),
        jnp.log(nn.softmax(x)),
        nn.logsumexp(x, axis=0, keepdims=True),
        nn.logsumexp(x),
        jax.vmap(nn.softmax)(x),
    )


def norms(x: Any, g: Any, b: Any) -> tuple[Any, ...]:
    mean = x.mean(axis=-1, keepdims=True)
    spread = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    squares = jnp.mean(lax.square(x), axis=-1)
    fast = jnp.maximum(0.0, squares - lax.square(x.mean(axis=-1)))
    scale = lax.rsqrt(fast[:, None] + 1e-6) * g
    return (
        (x - mean) * lax.rsqrt(spread + 1e-5) * g + b,
        b + g * ((x - mean) / jnp.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)),
        (x - mean) * scale + b,
        nn.standardize(x) * g + b,
        x * lax.rsqrt(squares[:, None] + 1e-6) * g,
        (2 * x) / jnp.sqrt(1e-6 + jnp.mean((2 * x) ** 2, axis=-1, keepdims=True)) * (1 + g),
    )


def moves(x: Any, y: Any) -> tuple[Any, ...]:
    return (
        x[:, 0] * 2,
        x[:, 1:].T,
        x[:, -1:],
        jnp.split(x, [1], axis=1)[1] * 2,
        jnp.repeat(x, 2, axis=1),
        jnp.tile(x, (1, 2)),
        jnp.concatenate([x, x]),
        jnp.stack([x, 2 * x], axis=1),
        x[..., None] * x[:, None],
        jnp.einsum("nd,md->nm", x, y),
        jnp.einsum("nd,nd->n", x, x),
        jnp.einsum("nk,md->kmnd", x, y),
        jnp.einsum("kn,nd->dk", x.T, x),
        x[:, 0] @ x[:, 1],
        jnp.einsum("nij,nkj->kni", x[:, None] * x[..., None], x[:, None] * x[..., None]),
    )


def reductions(x: Any) -> tuple[Any, ...]:
    return (
        x.mean(axis=0),
        x.mean(axis=-1, keepdims=True),
        x.sum() / 7,
        x.mean(),
        x.var(axis=1),
        x.var(axis=1, ddof=1),
        jnp.sum(x[..., None] * x[:, None], axis=(0, 2)),
        jnp.mean(x[..., None] * x[:, None], axis=(1, 2)),
    )


GROUPS: Mapping[str, tuple[Any, tuple[Any, ...], str]] = {
    "activations": (
        activations,
        (X,),
        "relu leakyRelu relu scale silu mul gelu gelu softplus softplus neg softplus neg sigmoid maxConst "
        "minConst minConst abs exp neg addConst neg neg addConst neg powNat powNat",
    ),
    "softmaxes": (softmaxes, (X,), "softmaxAxis logSoftmaxAxis logsumexpAxis"),
    "norms": (norms, (X, V, V), "layerNorm layerNorm layerNorm layerNorm rmsNorm scale addConst rmsNorm"),
    "moves": (moves, (X, W.T[:2]), ""),
    "reductions": (reductions, (X,), ""),
}


VARYING = ("moves", "reductions")
"""What every run tries at all lengths: there a primitive knows of them."""


@pytest.mark.parametrize(
    ("group", "varies"),
    [(group, group in VARYING) for group in GROUPS]
    + [pytest.param(group, True, marks=pytest.mark.full) for group in GROUPS if group not in VARYING],
)
def test_what_jax_traces_as_several_primitives_is_the_op_that_it_is(group: str, varies: bool) -> None:
    function, args, ops = GROUPS[group]
    captured = from_jax(function, *args, dynamic=ROWS if varies else None)
    found = [node.op for node in captured.model.nodes]
    if group in ("activations", "norms"):
        assert sorted(found) == sorted(ops.split())
    assert set(ops.split()) <= set(found)
    assert len(captured.outputs) == len(function(*args))


@jax.custom_vjp
def cut(x: Any) -> Any:
    return x * x


cut.defvjp(lambda x: (x * x, x), lambda x, g: (g * x,))


@jax.custom_jvp
def right(x: Any) -> Any:
    return x * jnp.tanh(x)


right.defjvps(lambda t, _, x: t * (jnp.tanh(x) + x * (1 - jnp.tanh(x) ** 2)))


def test_a_rule_for_derivatives_of_ones_own_is_the_derivative_or_is_told() -> None:
    assert [node.op for node in from_jax(right, X, name="right").model.nodes] == ["tanh", "mul"]
    with pytest.raises(NotCaptured, match=r"^cut: the gradient of x is not JAX's own, by [^ ]+ of it$"):
        from_jax(cut, X, name="cut")

    def half(x: Any) -> Any:
        """The largest is subtracted without its derivative, and added with it."""
        largest = x.max(axis=-1, keepdims=True)
        return jnp.log(jnp.exp(x - lax.stop_gradient(largest)).sum(axis=-1)) + largest[:, 0]

    with pytest.raises(NotCaptured, match=r"^half: the gradient of x is not JAX's own, by [^ ]+ of it$"):
        from_jax(half, X)


def several(x: Any) -> Any:
    x = jnp.sqrt(x) + jnp.log(x)
    return jnp.cumsum(nn.gelu(x, approximate=False), axis=0)


def flow(x: Any) -> Any:
    first = lax.cond(x[0, 0] > 0, jnp.tanh, jnp.exp, x)
    (again, _), _ = lax.scan(lambda c, r: ((c[0] + r, c[1]), None), (first[0], 0), first)
    return lax.while_loop(lambda c: c[0, 0] < 1, lambda c: c * 2, first) + again


HELD = jnp.ones(3) * 2
BARRIER: Callable[..., Any] = lax.optimization_barrier
HERE = r"test_jax_trace.py:\d+: "
REFUSED: Mapping[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[str, ...]]] = {
    "several": (
        several,
        (X,),
        (
            rf"^4 places: .*{HERE}sqrt: no op that is certified everywhere, for sqrtClamp is where",
            rf"{HERE}log: no op that is certified everywhere, .*; nearest: log_softmax",
            rf"{HERE}erfc: no certified op; nearest: gelu in its tanh form, which is another function",
            rf"{HERE}cumsum: no certified op",
        ),
    ),
    "control flow": (
        flow,
        (X,),
        tuple(
            rf"{HERE}{each}: no certified op; nearest: none, for a graph"
            for each in ("cond", "scan", "while")
        ),
    ),
    "a derivative that is left out": (
        lambda x: x * lax.stop_gradient(x),
        (X,),
        (rf"{HERE}stop_gradient: no certified op; nearest: the derivative past it",),
    ),
    "what is largest": (lambda x: x - x.max(), (X,), ("reduce_max: no certified op; nearest: mean, sum or",)),
    "a quotient": (lambda x: x / (1 + jnp.abs(x)), (X,), ("div: no op that is certified everywhere",)),
    "a root": (lambda x: x**0.5, (X,), ("pow: no certified op but powers by natural numbers",)),
    "two arrays": (
        lambda x: jnp.maximum(x, 2 * x),
        (X,),
        ("max: no certified op but with numbers as bounds",),
    ),
    "another precision": (
        lambda x: x.astype(jnp.bfloat16).astype(x.dtype) * 2,
        (X,),
        ("converts to bfloat16; nearest: one precision",),
    ),
    "attention that converts": (
        lambda x: nn.dot_product_attention(x, x, x),
        (np.ones((1, 5, 2, 4), np.float32),),
        ("converts to float32; nearest: one precision",),
    ),
    "a number that rounds": (
        lambda x: rounded(x),
        (X,),
        (r"expected one function in float32 and float64, found 1.192\d+e-07 in place of 2.22\d+e-16 as c",),
    ),
    "another function in another precision": (
        lambda x: jnp.tanh(x) if x.dtype == jnp.float32 else jnp.exp(x),
        (X,),
        ("expected one function in float32 and float64, found other ops",),
    ),
    "an array in the code": (
        lambda x: x + HELD,
        (X,),
        (r"add: expected an array, found an array of shape \(3,\)",),
    ),
    "positions": (lambda x: x + jnp.arange(3.0), (X,), ("found numbers that the code makes itself",)),
    "noise": (
        lambda x: x * jax.random.bernoulli(jax.random.key(0), 0.5, x.shape),
        (X,),
        ("mul: expected an array, found numbers that the code makes itself",),
    ),
    "a norm without a weight": (nn.standardize, (X,), ("rsqrt: no op that is certified everywhere",)),
    "a norm of two axes": (
        lambda x: (x - x.mean()) * lax.rsqrt(x.var() + 1e-5) * x,
        (X,),
        ("rsqrt: no op that is certified everywhere",),
    ),
    "ε outside of the root": (
        lambda x, g: x / (jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True)) + 1e-6) * g,
        (X, V),
        ("sqrt: no op that is certified everywhere",),
    ),
    "the spread of something else": (
        lambda x, g: x * lax.rsqrt(jnp.mean((x + 1) ** 2, axis=-1, keepdims=True) + 1e-6) * g,
        (X, V),
        ("rsqrt: no op that is certified everywhere",),
    ),
    "a softmax of something else": (
        lambda x: jnp.exp(x) / jnp.exp(2 * x).sum(axis=1, keepdims=True),
        (X,),
        ("div: no op that is certified everywhere",),
    ),
    "a softmax less what is largest of all": (
        lambda x: jnp.exp(x - x.max()) / jnp.exp(x - x.max()).sum(axis=1, keepdims=True),
        (X,),
        ("reduce_max: no certified op",),
    ),
    "a slice that leaves some out": (lambda x: x[::2] * 2, (X,), ("slice that leaves some out",)),
    "what has several results": (
        lambda x: BARRIER((x, 2 * x))[1],
        (X,),
        ("optimization_barrier: no certified op",),
    ),
    "nothing": (lambda x: x, (X,), ("expected at least one op, found none",)),
    "a number": (lambda x: jnp.zeros_like(x), (X,), ("expected to return arrays of floats alone",)),
    "an argument that is no array": (
        lambda x, k: x * k,
        (X, 3.0),
        ("g: k: expected an array, found float; nearest: a number in the code, as functools.partial",),
    ),
    "halves": (
        lambda x: x * 2,
        (X.astype(np.float16),),
        ("g: x: expected float32, float64, whole .*float16",),
    ),
    "more than one": (lambda *x: x[0] * 2, (X,), (r"g: expected arguments with a name, found \*args",)),
    "too many": (lambda x: x * 2, (X, X), ("g: expected 1 arguments, found 2",)),
    "the end": (lambda _: sys.exit(), (X,), (rf"{HERE}JAX cannot trace it: SystemExit",)),
    "a product in another precision": (
        lambda x: lax.dot(x, x.T, preferred_element_type=jnp.float32),
        (X,),
        (rf"{HERE}dot_general: no certified op: it converts to float32; nearest: one precision",),
    ),
    "what allows nothing": (
        lambda x: nn.softmax(jnp.where(jnp.tri(5, k=-1, dtype=bool), x @ x.T, -jnp.inf)),
        (X,),
        (rf"{HERE}g: array mask: expected something allowed in every row",),
    ),
    "within a trace": (
        jax.jit(lambda x: from_jax(jnp.tanh, x, name="g").constants),
        (X,),
        ("g: expected to be captured outside of what JAX traces; nearest: before it",),
    ),
    "an error": (lambda x: x @ x, (X,), (rf"{HERE}JAX cannot trace it: TypeError: dot_general requires",)),
    "names alike": (
        lambda x: x["a"]["b"] + x["a.b"],
        ({"a": {"b": X}, "a.b": X},),
        (r"g: expected names that differ, found x.a.b twice; rename one key",),
    ),
}


@pytest.mark.parametrize("case", one_in(2, REFUSED))
def test_what_is_no_certified_op_is_told_at_once(case: str) -> None:
    function, args, said = REFUSED[case]
    with pytest.raises(NotCaptured) as refused:
        from_jax(function, *args, name="g")
    message = str(refused.value)
    assert "\n" not in message
    for each in said:
        assert re.search(each, message), message


@pytest.mark.parametrize(
    ("dynamic", "said"),
    [
        ({"z": {0: "n"}}, "g: has no array 'z'; it has x"),
        ({"x": {2: "n"}}, "g: expected an axis that there is, found axis 2 of x, which has 2"),
        ({"x": {0: "n", 1: "n"}}, "g: expected one length of n, found 5 and 3"),
        ({"x": {0: "n m"}}, "g: expected names of dimensions that Lean has too, found 'n m'"),
        ({"x": ["n"]}, "g: expected the names of axes by argument and axis"),
        (
            {"x": {0: "n", -2: "m"}},
            "g: expected each axis once, found axis -2 of x, and 0, which is the same",
        ),
        ({"x": {0: "max"}}, "g: expected names that JAX has for dimensions, found 'max'"),
    ],
)
def test_axes_that_are_none_are_told(dynamic: Any, said: str) -> None:
    with pytest.raises(NotCaptured, match=said):
        from_jax(jnp.tanh, X, dynamic=dynamic, name="g")


def rounded(x: Any) -> Any:
    return x * np.finfo(x.dtype).eps


def test_a_function_of_float64_alone_is_one_where_jax_has_float64() -> None:
    with pytest.raises(NotCaptured, match="expected one function in float32 and float64"):
        from_jax(rounded, X.astype(np.float64))
    with jax.enable_x64(True):
        assert from_jax(rounded, X.astype(np.float64)).constants == {"c": np.finfo(np.float64).eps}


def power(x: Any, n: int) -> Any:
    return x**n


def test_what_has_no_name_is_told() -> None:
    with pytest.raises(NotCaptured, match="expected a name that Lean has too; give another as name="):
        from_jax(lambda x: x * 2, X)
    with pytest.raises(NotCaptured, match=r"^3: expected a name that Lean has too; give another as name="):
        from_jax(jnp.tanh, X, name=3)  # type: ignore[arg-type]
    captured = from_jax(partial(power, n=2), X, name="square")
    assert [node.op for node in captured.model.nodes] == ["square"]
    np.testing.assert_array_equal(captured(x=X * 3)[0], X * 9)
    with pytest.raises(TypeError, match="expected arrays by the names of the inputs, found y"):
        captured(x=X, y=X)


def square(x: Any, w: Any, mask: Any) -> Any:
    """What every wrong translation has numbers of the same shapes for."""
    x = nn.softmax((x @ w) ** 2, 0) * mask
    x = x - x.mean(0) + 1e-5
    return jnp.concatenate([jnp.tanh(x)[:2], x[2:]]).sum(1)


NINE = np.arange(9.0).reshape(3, 3)


@pytest.fixture(scope="module", name="again")
def _again() -> Callable[[], CapturedFunction]:
    """What captures it anew, with what JAX compiled of it once."""
    once = from_jax(square, NINE, NINE, NINE)

    def again() -> CapturedFunction:
        made = CapturedFunction(
            square, dict.fromkeys(("x", "w", "mask"), NINE), once._tree, {}, "square", "here"
        )
        made._pulled = once._pulled
        return made

    return again


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_capture_is_not_jaxs(
    case: str, again: Callable[[], CapturedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    again().compare()
    monkeypatch.setattr(jaxpr, "apply", WRONG[case])
    with pytest.raises(NotCaptured, match=r"^square: the value of .* is not JAX's own, by"):
        again().compare()


@pytest.mark.parametrize("wrong", [1.1e-5, 1e-6])
def test_a_wrong_number_is_not_jaxs(
    wrong: float, again: Callable[[], CapturedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = jaxpr.Writer._scalar
    monkeypatch.setattr(
        jaxpr.Writer,
        "_scalar",
        lambda self, value, *name: kept(self, wrong if round(value, 9) == 1e-5 else value, *name),
    )
    with pytest.raises(NotCaptured, match=r"^square: the value of .* is not JAX's own, by"):
        again().compare()


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (nn.softmax, {"options": {"axis": 0}}),
        (nn.log_softmax, {"options": {"axis": 0}}),
        (nn.silu, {"function": "sigmoid"}),
        (nn.gelu, {"scalars": (("kappa", 0.8),)}),
        (lambda x: nn.leaky_relu(x), {"scalars": (("slope", 0.1),)}),
        (lambda x: jnp.mean(x, axis=1), {"function": "sum"}),
        (
            lambda x: x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-3) * x[0],
            {"scalars": (("eps", 1e-4),)},
        ),
    ],
)
def test_a_function_that_is_taken_for_another_is_not_jaxs(
    function: Callable[..., Any], wrong: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(term: Term) -> Form | None:
        form = form_of(term)
        fields = ("function", "operands", "scalars", "options", "axes")
        return form and Form(**{each: getattr(form, each) for each in fields} | dict(wrong))

    monkeypatch.setattr(jaxpr, "form_of", taken)
    with pytest.raises(NotCaptured, match=r"^g: the value of .* is not JAX's own, by"):
        from_jax(function, X, name="g")


def test_it_is_asked_for_by_name_and_takes_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lean_bridge.from_jax is from_jax
    assert lean_bridge.CapturedFunction is CapturedFunction
    monkeypatch.delitem(vars(lean_bridge), "from_jax")
    for name in [each for each in sys.modules if each.startswith("lean_bridge.capture.jax")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ModuleNotFoundError, match=r"^from_jax takes jax; pip install 'lean-bridge\[jax\]'$"):
        lean_bridge.from_jax  # noqa: B018
