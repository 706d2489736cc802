"""Bad numbers: each is reported by the entry where it begins, however the program is run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pytest

from lean_bridge.codes import Code
from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.scalars import REALS, Array
from lean_bridge.executor.checks import AT_ONCE, CheckedProgram, Checks
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph, Dim, MapParam
from tests.allocations import allocated
from tests.unit.executor.graphs import graph, node

Runnable: TypeAlias = Program | CompiledProgram
Method: TypeAlias = Callable[[Runnable, dict[str, Array]], object]

K, M = Dim.variable("k"), Dim.variable("m")
BOTH: Final = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "interpreted"])
DTYPES: Final = pytest.mark.parametrize("dtype", [np.float64, np.float32])

METHODS: Final[dict[str, Method]] = {
    "forward": lambda program, x: program.forward(x),
    "jvp": lambda program, x: program.jvp(x, x),
    "vjp": lambda program, x: program.vjp(x, {program.entries[-1].name: np.ones_like(x["x"])}),
}
EVERY_METHOD: Final = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.fixture(autouse=True)
def numpy_tells() -> Iterator[None]:
    """Whatever NumPy would warn of is an error, unless the program is silent about it."""
    with np.errstate(all="raise"):
        yield


def runnable(model: DGraph, compiled: bool, sizes: dict[str, int], **arguments: Any) -> Runnable:
    bound = ExecutableGraph(model).bind(**sizes)
    return bound.compile(**arguments) if compiled else bound.interpret(**arguments)


def squares(compiled: bool, k: int = 3) -> Runnable:
    """Return ``z = (x·x)·x``."""
    model = graph({"x": (K,)}, node("y", "mul", (0, 0), (K,)), node("z", "mul", (1, 0), (K,)))
    return runnable(model, compiled, {"k": k})


def normalization() -> DGraph:
    """Return layer normalisation as one node."""
    norm = node("y", "layerNorm", (0, 1, 2), (K, M), m=K, n=M, ε="ε")
    return graph({"x": (K, M), "γ": (M,), "β": (M,)}, norm, scalars=("ε",))


def refused(call: Callable[[], object]) -> NumericsError:
    with pytest.raises(NumericsError) as caught:
        call()
    assert caught.value.code is Code.NUMERICS
    return caught.value


@BOTH
@DTYPES
@EVERY_METHOD
@pytest.mark.parametrize(("bad", "said"), [(np.nan, "not a number: NaN"), (-np.inf, "infinite: -inf")])
def test_what_is_given_must_be_finite(
    compiled: bool, dtype: type, method: Method, bad: float, said: str
) -> None:
    error = refused(lambda: method(squares(compiled), {"x": np.array([1.0, bad, bad], dtype)}))
    assert error.entry == "x"
    assert str(error) == f"input 0 (x) is {said} at [1] and at 1 more"


@BOTH
def test_tangents_and_seeds_must_be_finite(compiled: bool) -> None:
    program, x, bad = squares(compiled), np.ones(3), np.array([1.0, np.nan, 1.0])
    assert str(refused(lambda: program.jvp([x], [bad]))) == "tangent 0 (x) is not a number: NaN at [1]"
    assert str(refused(lambda: program.vjp([x], {"z": bad}))).startswith("seed 2 (z) is not a number")


@BOTH
@EVERY_METHOD
def test_the_first_entry_that_overflows_is_named(compiled: bool, method: Method) -> None:
    point = np.array([1.0, 1e30, 1.0])
    error = refused(lambda: method(squares(compiled), {"x": point.astype(np.float32)}))
    assert error.entry == "y"
    assert str(error) == (
        "Test.graph: node 1 (y): mul: its value is infinite: inf at [1]; "
        "|operands| up to 1e+30, 1e+30, where float32 ends at 3.4e+38"
    )
    method(squares(compiled), {"x": point})


@BOTH
def test_derivatives_overflow_where_values_do_not(compiled: bool) -> None:
    program, x, large = squares(compiled), np.full(3, 1e100), np.full(3, 1e300)
    program.forward([x])
    tangent = refused(lambda: program.jvp([x], [large]))
    assert (tangent.entry, "mul: its tangent is infinite: inf" in str(tangent)) == ("y", True)
    cotangent = refused(lambda: program.vjp([x], {"z": large}))
    assert cotangent.entry == "z"
    assert "node 2 (z): mul: its cotangent for entry 1 is infinite: inf at [0] and at 2 more" in str(
        cotangent
    )


@BOTH
def test_a_sum_of_cotangents_overflows(compiled: bool) -> None:
    model = graph({"x": (K,)}, node("y", "add", (0, 0), (K,)), node("z", "add", (1, 1), (K,)))
    program, x = runnable(model, compiled, {"k": 1}), np.ones(1)
    last = refused(lambda: program.vjp([x], {"y": np.full(1, 1e308)}))
    assert str(last) == "input 0 (x): its cotangent, summed over its uses, is infinite: inf at [0]"
    inner = refused(lambda: program.vjp([x], {"z": np.full(1, 1e308)}))
    assert "node 1 (y): add: its cotangent, summed over its uses, is infinite: inf" in str(inner)


@BOTH
@EVERY_METHOD
def test_an_overflow_that_leaves_no_trace_in_the_numbers_is_reported(compiled: bool, method: Method) -> None:
    program = runnable(normalization(), compiled, {"k": 1, "m": 2}, ε=1e-5)
    inputs = {"x": np.array([[1e200, -1e200]]), "γ": np.ones(2), "β": np.zeros(2)}
    silent = program.with_checks("off").forward(inputs)[-1]
    np.testing.assert_array_equal(silent, [[0.0, 0.0]])  # Lean's are 1 and -1
    error = refused(lambda: method(program, inputs))
    assert (
        "layerNorm: its value is finite, but float64 overflowed on the way; |operands| up to 1e+200"
        in str(error)
    )


@BOTH
def test_nothing_is_said_when_checks_are_off_not_even_by_numpy(compiled: bool) -> None:
    program = squares(compiled).with_checks("off")
    x = np.array([1e200, np.nan, np.inf])
    assert np.isposinf(program.forward([x])[-1][0])
    assert np.isnan(program.jvp([x], [x])[-1][1])
    assert np.isinf(program.vjp([x], {"z": x})[0][2])


@BOTH
@pytest.mark.parametrize(
    ("op", "x", "said"),
    [
        ("sqrtClamp", 0.0, "outside its hypothesis x > 0: x = 0 at [1]"),
        ("sqrtClamp", -2.0, "outside its hypothesis x > 0: x = -2 at [1]"),
        ("inv", 0.0, "outside its hypothesis x ≠ 0: x = 0 at [1]"),
    ],
)
def test_derivatives_are_for_points_that_meet_the_hypotheses(
    compiled: bool, op: str, x: float, said: str
) -> None:
    finite = runnable(graph({"x": (K,)}, node("y", op, (0,), (K,))), compiled, {"k": 2})
    point, program = {"x": np.array([1.0, x])}, finite.with_checks("domains")
    assert program.forward(point)[-1][1] == 0.0
    for derivative in (METHODS["jvp"], METHODS["vjp"]):
        derivative(finite, point)
        derivative(program, {"x": np.ones(2)})
        error = refused(lambda method=derivative: method(program, point))  # type: ignore[misc]
        theorem = f"Proofs.Autograd.TapeNodes.{op}FderivAt"
        assert str(error) == f"Test.graph: node 1 (y): {op} {said}; {theorem} says nothing there"


def test_a_row_without_variance_needs_epsilon() -> None:
    program = runnable(normalization(), False, {"k": 2, "m": 2}, ε=1.0)
    assert isinstance(program, CheckedProgram)
    (step,) = program.steps
    setting = dataclasses.replace(step.setting, params={"ε": 0.0})
    bare = CheckedProgram(
        program.entries, [dataclasses.replace(step, setting=setting)], REALS, Checks.DOMAINS
    )
    inputs = [np.array([[1.0, 2.0], [3.0, 3.0]]), np.ones(2), np.ones(2)]
    error = refused(lambda: CompiledProgram(bare).jvp(inputs, inputs))
    assert "layerNorm outside its hypothesis var + ε > 0: var + ε = 0 at [1]; " in str(error)


def test_hypotheses_are_those_of_declarations_in_the_library() -> None:
    sources = Path(__file__).parents[3] / "lean" / "Proofs" / "Autograd" / "Nodes" / "Certified"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources.glob("*.lean"))
    named = [primitive.domain.theorem for primitive in PRIMITIVES.values() if primitive.domain.theorem]
    assert named
    for theorem in named:
        name = theorem.removeprefix("Proofs.Autograd.").removeprefix("TapeNodes.")
        assert re.search(rf"^(theorem|def) {re.escape(name)}\b", text, re.MULTILINE), theorem


@BOTH
@EVERY_METHOD
def test_an_epsilon_that_is_zero_in_single_precision_is_refused(compiled: bool, method: Method) -> None:
    model = graph({"x": (K,)}, node("y", "addConst", (0,), (K,), ε="ε"), scalars=("ε",))
    program, x = runnable(model, compiled, {"k": 2}, ε=1e-60), np.ones(2)
    method(program, {"x": x})
    error = refused(lambda: method(program, {"x": x.astype(np.float32)}))
    assert str(error) == "Test.graph: node 1 (y): addConst: its argument ε = 1e-60 is 0 in float32"
    if isinstance(program, CompiledProgram):
        single = [x.astype(np.float32)]
        assert refused(lambda: program.prepare(single, values=["y"])).entry == "y"


@BOTH
def test_arguments_must_be_finite_in_the_precision_of_the_arrays(compiled: bool) -> None:
    scale = graph({"x": (K,)}, node("y", "scale", (0,), (K,), c="c"), scalars=("c",))
    program = runnable(scale, compiled, {"k": 1}, c=1e300)
    program.forward([np.ones(1)])
    error = refused(lambda: program.forward([np.ones(1, np.float32)]))
    assert "node 1 (y): scale: its argument c is infinite: inf" in str(error)
    linear = node("y", "linear", (0,), (M,), i=K, o=M, W=MapParam(name="W"), b=MapParam(name="b"))
    model = graph({"x": (K,)}, linear, maps=("W", "b"))
    for weights, bias, binder in (([[np.nan]], [1.0], "W"), ([[1.0]], [np.nan], "b")):
        given = {"W": np.array(weights), "b": np.array(bias)}
        bad = runnable(model, compiled, {"k": 1, "m": 1}, **given)
        assert f"linear: its argument {binder} is not a number: NaN" in str(
            refused(lambda program=bad: program.forward([np.ones(1)]))  # type: ignore[misc]
        )


def test_good_numbers_do_not_cost_a_run_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    def interpret(*_: object) -> list[Array]:
        raise AssertionError

    program = squares(compiled=True)
    monkeypatch.setattr(CheckedProgram, "primals", interpret)
    for method in METHODS.values():
        method(program, {"x": np.ones(3)})
    with pytest.raises(AssertionError):
        program.forward([np.full(3, 1e200)])
    with pytest.raises(AssertionError):
        program.with_checks("domains").jvp([np.ones(3)], [np.ones(3)])


@pytest.mark.parametrize("k", [3, AT_ONCE])
def test_a_prepared_run_is_checked_and_still_allocates_nothing(k: int) -> None:
    program, x = squares(compiled=True, k=k), np.ones(k)
    assert isinstance(program, CompiledProgram)
    run = program.prepare([x], seeds={"z": np.ones(k)}, values=["z"], wrt=None)
    kept, peak = allocated(run)
    assert kept < 1000
    assert peak < 4000
    for bad, entry in ((np.nan, "x"), (1e200, "y")):
        x[-1] = bad
        assert refused(run).entry == entry
    x[-1] = 2.0
    assert [made[-1] for made in run()] == [8.0, 12.0]


@pytest.mark.parametrize("k", [3, AT_ONCE])
def test_to_look_at_large_numbers_is_no_overflow_of_what_is_seen(k: int) -> None:
    """Their squares are beyond what floats hold, which is how they are looked at."""
    program, x = squares(compiled=True, k=k), np.full(k, 1e200)
    assert isinstance(program, CompiledProgram)
    expected = program.forward([x], ["x"])[0]
    np.testing.assert_array_equal(program.prepare([x], values=["x"])()[0], expected)
    both = program.batched(["x"]).forward([np.stack([x, x])], ["x"])[0]
    np.testing.assert_array_equal(both, np.stack([expected, expected]))


def test_a_prepared_run_meets_the_hypotheses_when_that_is_asked() -> None:
    model = graph({"x": (K,)}, node("y", "inv", (0,), (K,)))
    program, x = ExecutableGraph(model).bind(k=1).compile().with_checks("domains"), np.ones(1)
    run = program.prepare([x], tangents=[x], moved=["y"])
    assert run()[0] == [-1.0]
    x[0] = 0.0
    assert "inv outside its hypothesis x ≠ 0" in str(refused(run))


def test_linear_maps_at_a_point_are_checked_at_the_point_and_at_each_argument() -> None:
    program = squares(compiled=True, k=1)
    assert isinstance(program, CompiledProgram)
    far, one = [np.full(1, 1e200)], [np.ones(1)]
    assert refused(lambda: program.linearize(far)(one)).entry == "y"
    assert refused(lambda: program.pullback(far, ["z"])(one)).entry == "y"
    assert refused(lambda: program.jacobian([np.full(1, np.inf)], "z", "x")).entry == "x"
    linear, pullback = program.linearize([np.ones(1)], outputs=["z"]), program.pullback([np.ones(1)], ["z"])
    for image in (linear, pullback):
        assert image([np.ones(1)]) == [3.0]
        assert "is not a number" in str(refused(lambda image=image: image([np.full(1, np.nan)])))  # type: ignore[misc]
        assert "is infinite: inf" in str(refused(lambda image=image: image([np.full(1, 1e308)])))  # type: ignore[misc]
    with_domains = program.with_checks("domains")
    assert with_domains.linearize([np.ones(1)], outputs=["z"])([np.ones(1)]) == [3.0]


def test_an_overflow_of_the_compiled_program_alone_is_no_silent_one() -> None:
    model = graph(
        {"q": (K, M), "k": (M, K)},
        node("scores", "matmul", (0, 1), (K, K), m=K, n=M, p=K),
        node("y", "scale", (2,), (K, K), c="c"),
        scalars=("c",),
    )
    bound = ExecutableGraph(model).bind(k=2, m=1)
    program, inputs = bound.compile(c=1e200), [np.full((2, 1), 1e200), np.full((1, 2), 1e-200)]
    assert bound.interpret(c=1e200).forward(inputs)[-1][0, 0] == 1e200
    error = refused(lambda: program.forward(inputs, ["y"]))
    assert error.entry == "y"
    assert "as compiled, but not node by node: use BoundGraph.interpret at this point" in str(error)


@BOTH
@EVERY_METHOD
def test_axes_of_length_zero_give_what_lean_gives(compiled: bool, method: Method) -> None:
    mean = graph({"x": (K, M)}, node("y", "rowMean", (0,), (K,), m=K, n=M))
    np.testing.assert_array_equal(runnable(mean, compiled, {"k": 2, "m": 0}).forward([np.ones((2, 0))])[1], 0)
    product = graph({"x": (K, M), "w": (M, K)}, node("y", "matmul", (0, 1), (K, K), m=K, n=M, p=K))
    none = runnable(product, compiled, {"k": 2, "m": 0})
    np.testing.assert_array_equal(none.forward([np.ones((2, 0)), np.ones((0, 2))])[2], np.zeros((2, 2)))
    softmax = graph({"x": (K, K, M)}, node("y", "softmaxLast", (0,), (K, K, M), h=K, m=K, n=M))
    for sizes in ({"k": 2, "m": 0}, {"k": 0, "m": 2}):
        program = runnable(softmax, compiled, sizes).with_checks("domains")
        assert isinstance(method(program, {"x": np.ones(program.context[0].shape)}), list)
    for sizes in ({"k": 0, "m": 2}, {"k": 2, "m": 0}):
        norm = runnable(normalization(), compiled, sizes, ε=1e-5).with_checks("domains")
        ones = {entry.name: np.ones(entry.shape) for entry in norm.context}
        assert isinstance(method(norm, ones), list)


@BOTH
def test_only_floating_point_has_bad_numbers_and_only_some_levels_exist(compiled: bool) -> None:
    bound = ExecutableGraph(graph({"x": (K,)}, node("y", "add", (0, 0), (K,)))).bind(k=1)
    exact = bound.compile(FIELD) if compiled else bound.interpret(FIELD)
    with pytest.raises(TypeError, match="'off': only NumPy's floating point is checked"):
        exact.with_checks("off")
    with pytest.raises(ValueError, match="no level of checks 'sometimes'"):
        squares(compiled).with_checks("sometimes")
