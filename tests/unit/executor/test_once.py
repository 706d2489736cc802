"""One run at given numbers: what is missing, what is drawn, and what every array came to."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import judge, judge_run
from lean_bridge.crosscheck.points import Point, draw_at
from lean_bridge.crosscheck.run import CHECKS_AT, check_at, check_numbers, crosscheck
from lean_bridge.errors import ArrayError, Declined, NoVerdict, NumericsError
from lean_bridge.executor import once
from lean_bridge.executor.arrays.on_disk import read_arrays, write_arrays
from lean_bridge.executor.checks import Checks
from lean_bridge.executor.compiled import Bounds
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.once import (
    Numbers,
    arrays_made,
    arrays_wanted,
    check_room,
    complete,
    directions,
    run_once,
    summary,
    with_maps,
)
from pybind_models import DGraph
from pybind_models.run import BoundsMethod
from tests.tiers import one_in
from tests.unit.executor.graphs import N, attention, encoder, feed_forward, graph, node

BOUND = ExecutableGraph(attention()).bind(n=3, dModel=4, numHeads=2, headDim=2)
SCALARS = {"c": 0.5}


def numbers(bound: BoundGraph = BOUND, **how: Any) -> Numbers:
    return complete(bound, SCALARS, **{"given": {}, "dtype": None, "seed": 0, **how})


def test_a_run_has_what_the_program_gives() -> None:
    at = numbers()
    at = replace(at, seeds=directions("--vjp", ["residual=ones"], BOUND, at, 0))
    at = replace(at, tangents=directions("--jvp", ["x=random", "Wq=-0.5"], BOUND, at, 0))
    arrays, report = run_once(BOUND, at)
    program = BOUND.compile(c=0.5)
    names = [entry.name for entry in program.entries]
    for name, expected in zip(names, program.forward(at.inputs), strict=True):
        np.testing.assert_array_equal(arrays[name], expected)
    for name, expected in zip(names, program.jvp(at.inputs, at.tangents), strict=True):
        np.testing.assert_array_equal(arrays[f"tangent.{name}"], expected)
    for name, expected in zip(names, program.vjp(at.inputs, {"residual": np.ones((3, 4))}), strict=False):
        np.testing.assert_array_equal(arrays[f"cotangent.{name}"], expected)
    assert len(arrays) == len(report.arrays) == 2 * len(names) + 5
    by_role = {(each.role, each.name): each for each in report.arrays}
    probs = by_role["value", "probs"]
    assert (probs.shape, probs.dtype, probs.op, probs.non_finite) == ((2, 3, 3), "float64", "softmaxLast", 0)
    assert probs.mean == pytest.approx(1 / 3)
    assert probs.norm == pytest.approx(float(np.linalg.norm(arrays["probs"])))
    assert (probs.least, probs.largest) == (arrays["probs"].min(), arrays["probs"].max())
    assert report.drawn == ("x", "Wq", "Wk", "Wv", "Wo")
    assert not np.array_equal(at.tangents["x"], at.inputs["x"])
    assert set(at.tangents["Wq"].ravel()) == {-0.5}


def test_the_same_seed_draws_the_same_whatever_is_given() -> None:
    drawn, some = numbers(), numbers(given={"Wq": np.ones((4, 4))})
    assert some.drawn == ("x", "Wk", "Wv", "Wo")
    for name in some.drawn:
        np.testing.assert_array_equal(some.inputs[name], drawn.inputs[name])
    assert numbers(seed=1).inputs["x"].tolist() != drawn.inputs["x"].tolist()


def test_everything_that_is_missing_is_one_error() -> None:
    with pytest.raises(ArrayError, match="missing x, Wk, Wv, Wo, of x, Wq, Wk, Wv, Wo; give --inputs FILE"):
        numbers(given={"Wq": np.ones((4, 4))}, seed=None)


def test_one_precision_is_kept_and_two_are_asked_about() -> None:
    single = {"Wq": np.ones((4, 4), np.float32)}
    assert numbers(given=single).inputs["x"].dtype == np.float32
    assert numbers(given=single, dtype="float64").inputs["Wq"].dtype == np.float64
    with pytest.raises(ArrayError, match="found arrays in float64 and in float32; give --dtype"):
        numbers(given={**single, "Wk": np.ones((4, 4))})


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_a_run_wrote_runs_again(tmp_path: Path, suffix: str) -> None:
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(n=2, dModel=3, dFF=4)
    scalars = dict.fromkeys(bound.graph.model.scalars, 0.5)
    first = complete(bound, scalars, {}, dtype=None, seed=5)
    first = replace(first, seeds=directions("--vjp", ["x=ones"], bound, first, 5))
    arrays, _ = run_once(bound, first, bounds="running")
    assert any(name.startswith("bound.cotangent.") for name in arrays)
    write_arrays(tmp_path / f"out{suffix}", with_maps(arrays, first))
    passed_over: list[str] = []
    wanted, beside = arrays_wanted(bound), arrays_made(bound)
    path = tmp_path / f"out{suffix}"
    given = read_arrays(path, wanted, beside=beside, pass_over=passed_over.append)
    assert given.keys() == wanted.keys(), "maps too"
    assert sorted(passed_over) == sorted(set(arrays) - set(wanted))
    again, _ = run_once(bound, complete(bound, scalars, given, dtype=None, seed=None))
    for name, array in again.items():
        np.testing.assert_array_equal(array, arrays[name])
    with pytest.raises(NoVerdict, match=r"nothing is called 'bound\.cotangent\.x' here"):
        read_arrays(path, wanted, beside=set(passed_over) - {"bound.cotangent.x"})
    with pytest.raises(ArrayError, match="two arrays would be called"):
        with_maps(arrays, replace(first, maps={"x": arrays["x"]}))


def test_maps_may_be_whole_or_for_one_position() -> None:
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(n=2, dModel=3, dFF=4)
    wanted = arrays_wanted(bound)
    assert wanted["fc1"] == [(8, 6), (4, 3)]
    assert wanted["b1"] == [(2, 4), (8,), (4,)]
    scalars = dict.fromkeys(bound.graph.model.scalars, 0.5)
    one = complete(bound, scalars, {}, dtype=None, seed=3)
    fc1, b1 = one.arguments["fc1"].weights, one.arguments["b1"]
    assert fc1.shape == (4, 3)
    given = {**one.inputs, "fc1": np.kron(np.eye(2), fc1), "b1": np.asarray(b1).ravel()}
    whole = complete(bound, scalars, given, dtype=None, seed=3)
    for left, right in zip(run_once(bound, one)[0].values(), run_once(bound, whole)[0].values(), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-14)


@pytest.mark.parametrize(
    ("option", "texts", "expected"),
    [
        ("--vjp", ["residul=ones"], "seed 'residul': no such entry"),
        ("--jvp", ["residual=ones"], "tangent 'residual': no such entry"),
        ("--vjp", ["residual=one"], "--vjp residual: expected ones, random or a number, found 'one'"),
        ("--vjp", ["residual=ones", "residual=2"], "--vjp: residual is given more than once"),
    ],
)
def test_directions_that_are_none_are_named(option: str, texts: list[str], expected: str) -> None:
    with pytest.raises(ArrayError, match=expected):
        directions(option, texts, BOUND, numbers(), 0)


def test_random_directions_take_a_seed() -> None:
    with pytest.raises(ArrayError, match="give --random SEED"):
        directions("--vjp", ["residual=random"], BOUND, numbers(), None)


def test_directions_may_be_in_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "seeds.npz", residual=np.full((3, 4), 2.0))
    found = directions("--vjp", [str(tmp_path / "seeds.npz")], BOUND, numbers(), 0)
    np.testing.assert_array_equal(found["residual"], np.full((3, 4), 2.0))


def test_bad_numbers_are_no_result_unless_nobody_looks() -> None:
    at = numbers(given={"x": np.full((3, 4), 1e200)})
    with pytest.raises(NumericsError, match="scores"):
        run_once(BOUND, at)
    _, report = run_once(BOUND, at, Checks.OFF)
    assert sum(each.non_finite for each in report.arrays) > 0
    with pytest.raises(NumericsError, match=r"input 0 \(x\)"):
        run_once(BOUND, numbers(given={"x": np.full((3, 4), np.nan)}))


def test_a_summary_is_of_the_finite_numbers_alone() -> None:
    found = summary("x", "value", np.array([1.0, np.inf, np.nan, -3.0]))
    assert (found.least, found.largest, found.mean, found.non_finite) == (-3.0, 1.0, -1.0, 2)
    assert summary("x", "value", np.array([1e200, 1e200])).norm == pytest.approx(2**0.5 * 1e200)
    assert summary("x", "value", np.array([])).norm is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("bounds", "method"), [(True, "exact"), ("running", "running")])
def test_bounds_are_those_of_the_program(bounds: Bounds, method: BoundsMethod, dtype: str) -> None:
    at = numbers(dtype=dtype)
    at = replace(at, seeds=directions("--vjp", ["residual=ones"], BOUND, at, 0))
    at = replace(at, tangents=directions("--jvp", ["x=ones"], BOUND, at, 0))
    arrays, report = run_once(BOUND, at, bounds=method)
    program = BOUND.compile(c=0.5)
    names = [entry.name for entry in program.entries]
    made = {
        "": program.forward(at.inputs, bounds=bounds),
        "tangent.": program.jvp(at.inputs, at.tangents, bounds=bounds),
        "cotangent.": program.vjp(at.inputs, at.seeds, bounds=bounds),
    }
    for before, found in made.items():
        for name, array, radius in zip(names, *found, strict=False):
            np.testing.assert_array_equal(arrays[before + name], array)
            np.testing.assert_array_equal(arrays[f"bound.{before}{name}"], radius)
    rows = {(each.role, each.name): each for each in report.arrays}
    told, radius = rows["value", "residual"].bounds, arrays["bound.residual"]
    assert report.bounds == method
    assert told is not None
    assert (told.largest, told.unbounded) == (radius.max(), 0)
    assert told.ulps is not None
    assert told.digits is not None
    largest = float(np.abs(arrays["residual"]).max())
    assert told.ulps * np.finfo(dtype).eps * largest == pytest.approx(told.largest)
    assert 10**-told.digits * largest == pytest.approx(told.largest)
    exact = rows["input", "x"].bounds
    assert exact is not None
    assert (exact.largest, exact.ulps) == (0.0, 0.0)
    assert judge_run(report)[0] == "agrees"
    assert all(each.bounds is None for each in run_once(BOUND, at)[1].arrays)


@pytest.mark.parametrize("method", ["exact", "running"])
def test_where_nobody_can_tell_there_is_no_verdict(method: BoundsMethod) -> None:
    """(√2)² − 2 is 0, whose inverse is 0 in Lean; no radius about it is small enough to say so."""
    n = attention().entries[0].shape[:1]
    model = graph(
        {"x": n},
        node("root", "sqrtClamp", (0,), n),
        node("square", "mul", (1, 1), n),
        node("zero", "sub", (2, 0), n),
        node("inverse", "inv", (3,), n),
    )
    bound = ExecutableGraph(model).bind(n=2)
    report = run_once(bound, Numbers({}, {"x": np.array([2.0, 2.0])}), bounds=method)[1]
    told = report.arrays[-1].bounds
    assert told is not None
    assert (told.largest, told.digits, told.unbounded) == (None, None, 2)
    status, reason, code = judge_run(report)
    assert (status, code) == ("no verdict", Code.NUMERICS)
    assert reason is not None
    assert "nobody can tell how far numbers of inverse are from the exact ones" in reason
    assert ("--bounds exact" in reason) == (method == "running")
    assert judge_run(run_once(bound, Numbers({}, {"x": np.array([2.0, 2.0])}))[1])[0] == "agrees"


ONE = attention().entries[0].shape[:1]
ROOT = graph({"x": ONE}, node("y", "sqrtClamp", (0,), ONE))
ABSORBED = graph(
    {"x": ONE, "d": ONE},
    node("sum", "add", (0, 1), ONE),
    node("left", "sub", (2, 0), ONE),
    node("y", "inv", (3,), ONE),
)
ROUND_TRIP = graph(
    {"x": ONE},
    node("root", "sqrtClamp", (0,), ONE),
    node("square", "mul", (1, 1), ONE),
    node("zero", "sub", (2, 0), ONE),
    node("y", "sqrtClamp", (3,), ONE),
)


@pytest.mark.parametrize(
    ("model", "given", "method", "expected"),
    [
        (ROOT, {"x": [4.0, 5e-324]}, "exact", ["holds"]),
        (ROOT, {"x": [4.0, 5e-324]}, "running", ["holds"]),
        (ROOT, {"x": [4.0, 0.0]}, "exact", ["fails"]),
        (ROOT, {"x": [4.0, -1.0]}, "running", ["fails"]),
        (ABSORBED, {"x": [1.0], "d": [1e-20]}, "exact", ["holds"]),
        (ABSORBED, {"x": [1.0], "d": [1e-20]}, "running", ["cannot tell"]),
        (ABSORBED, {"x": [1.0], "d": [0.0]}, "exact", ["fails"]),
        (ROUND_TRIP, {"x": [2.0]}, "exact", ["holds", "cannot tell"]),
        (ROUND_TRIP, {"x": [2.0]}, "running", ["holds", "cannot tell"]),
    ],
)
def test_hypotheses_of_derivatives_are_decided_within_bounds(
    model: DGraph, given: dict[str, list[float]], method: BoundsMethod, expected: list[str]
) -> None:
    """1 + 1e-20 − 1 is not 0, whatever floats make of it; of (√2)² − 2 no precision tells."""
    inputs = {name: np.array(values) for name, values in given.items()}
    bound = ExecutableGraph(model).bind(n=len(inputs["x"]))
    at = Numbers({}, inputs, seeds={"y": np.ones_like(inputs["x"])})
    report = run_once(bound, at, Checks.OFF, method)[1]
    assert [each.outcome for each in report.domains] == expected
    finite = all(not each.non_finite and each.bounds and not each.bounds.unbounded for each in report.arrays)
    status, reason, code = judge_run(report)
    if expected == ["holds"] and finite:
        assert status == "agrees"
    elif finite:
        assert (status, code) == ("no verdict", Code.OUTSIDE_HYPOTHESIS)
        assert reason is not None
        assert ("nobody can tell" if "cannot tell" in expected else "does not hold here") in reason
    else:
        assert status == "no verdict"
    values = run_once(bound, replace(at, seeds={}), Checks.OFF, method)[1]
    assert values.domains == ()


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [("exact", 1e8, "holds"), ("running", 1e8, "cannot tell"), ("running", 1.0, "holds")],
)
def test_variances_of_a_block_are_positive_within_bounds(
    method: BoundsMethod, value: float, expected: str
) -> None:
    bound = ExecutableGraph(encoder(fixed=False)).bind(n=3, dModel=4, numHeads=2, headDim=2, dFF=5)
    scalars = {"c": 0.5, "κ": 0.8, "ε₁": 1e-5, "ε₂": 1e-5}
    at = complete(bound, scalars, {}, dtype=None, seed=1)
    rows = np.full((3, 4), value)
    at = replace(at, inputs={**at.inputs, "x": rows}, tangents={"x": np.ones((3, 4))})
    report = run_once(bound, at, bounds=method)[1]
    assert [(each.hypothesis, each.outcome) for each in report.domains] == [("var + ε > 0", expected)] * 2


def test_bounds_of_what_is_not_finite_or_not_there_are_none() -> None:
    at = numbers(given={"x": np.full((3, 4), 1e200)})
    for method in ("exact", "running"):
        report = run_once(BOUND, at, Checks.OFF, method)[1]
        bad = {each.name for each in report.arrays if each.non_finite}
        unbounded = {each.name for each in report.arrays if each.bounds and each.bounds.unbounded}
        assert bad
        assert bad <= unbounded
    nothing = ExecutableGraph(attention()).bind(n=0, dModel=4, numHeads=0, headDim=0)
    empty = run_once(nothing, complete(nothing, SCALARS, {}, dtype=None, seed=0), bounds="exact")[1]
    assert {each.bounds.unbounded for each in empty.arrays if each.bounds} == {0}


def test_bounds_that_no_memory_holds_are_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "BALL_PASSES", 10**12)
    with pytest.raises(Declined, match="give smaller dimensions"):
        run_once(BOUND, numbers(), bounds="exact")
    run_once(BOUND, numbers(), bounds="running")


def test_two_arrays_of_one_name_in_a_file_are_refused() -> None:
    n = attention().entries[0].shape[:1]
    model = graph({"x": n}, node("cotangent.x", "add", (0, 0), n, s=n))
    bound = ExecutableGraph(model).bind(n=2)
    at = Numbers({}, {"x": np.ones(2)}, seeds={"x": np.ones(2)})
    with pytest.raises(ArrayError, match=r"two arrays would be called cotangent\.x"):
        run_once(bound, at)
    model = graph({"x": n}, node("bound.x", "add", (0, 0), n, s=n))
    with pytest.raises(ArrayError, match=r"two arrays would be called bound\.x"):
        run_once(ExecutableGraph(model).bind(n=2), Numbers({}, {"x": np.ones(2)}), bounds="running")


def test_what_no_memory_holds_is_declined_first() -> None:
    bound = ExecutableGraph(attention()).bind(n=10**7, dModel=10**7, numHeads=1, headDim=1)
    with pytest.raises(Declined, match="give smaller dimensions"):
        check_room(bound, "float32")


@pytest.mark.parametrize(("dtype", "scale"), one_in(4, product(("float64", "float32"), (1.0, 1e-3, 30.0))))
def test_checks_at_given_numbers_pass_where_nothing_is_wrong(dtype: str, scale: float) -> None:
    bound = ExecutableGraph(encoder(fixed=False)).bind(n=33, dModel=8, numHeads=2, headDim=4, dFF=20)
    scalars = {"c": 0.35, "κ": 0.8, "ε₁": 1e-5, "ε₂": 1e-5}
    at = complete(bound, scalars, {}, dtype=dtype, seed=5)
    program = bound.interpret(**at.arguments)
    inputs = [scale * at.inputs[entry.name] for entry in program.context]
    found = check_at(Point(program, inputs, *draw_at(program, inputs)), "here")
    assert [each.name for each in found] == list(CHECKS_AT)
    assert [each.outcome for each in found] == ["passed"] * len(CHECKS_AT), found
    assert all(sum(each.ulps) for each in found)


def test_checks_of_nothing_but_zeros_decide_nothing() -> None:
    bound = ExecutableGraph(attention()).bind(n=0, dModel=4, numHeads=0, headDim=0)
    program = bound.interpret(c=0.5)
    inputs = [np.zeros(entry.shape) for entry in program.context]
    found = check_at(Point(program, inputs, *draw_at(program, inputs)), "here")
    assert [each.outcome for each in found] == ["not run"] * len(CHECKS_AT), found
    sized = {each.name: each for each in crosscheck(attention(), sizes=[bound.dims])}
    assert [sized[name].outcome for name in CHECKS_AT] == ["not run"] * len(CHECKS_AT), sized
    assert judge(sized.values())[0] == "no verdict"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", ["1e-300", "1e300", "-1e-60"])
def test_what_is_0_or_infinite_only_in_float32_is_refused(value: str) -> None:
    at = numbers(dtype="float32")
    with pytest.raises(NumericsError, match=r"--vjp residual: .* in float32; give another, or --dtype f64"):
        directions("--vjp", [f"residual={value}"], BOUND, at, None)
    with pytest.raises(NumericsError, match=r"--jvp x: .* in float32"):
        directions("--jvp", [f"x={value}"], BOUND, at, None)
    with pytest.raises(NumericsError, match=r"x: .* in float32"):
        numbers(given={"x": np.full((3, 4), float(value))}, dtype="float32")
    assert (directions("--jvp", [f"x={value}"], BOUND, numbers(), None)["x"] == float(value)).all()


def test_several_directions_stand_in_one_word_with_commas() -> None:
    at = numbers()
    both = directions("--jvp", ["x=ones, Wq=2"], BOUND, at, None)
    assert {name: array.flat[0] for name, array in both.items()} == {"x": 1.0, "Wq": 2.0}
    with pytest.raises(ArrayError, match="x is given more than once"):
        directions("--jvp", ["x=ones,x=2"], BOUND, at, None)
    with pytest.raises(ArrayError, match=r"--vjp residual: which\? give residual=ones, residual=random or"):
        directions("--vjp", ["residual"], BOUND, at, None)


@pytest.mark.parametrize("scale", [0.0, 1e-300])
def test_inputs_that_agree_with_themselves_decide_nothing(scale: float) -> None:
    shape = (N, N)
    model = graph({"x": shape, "y": shape}, node("h", "matmul", (0, 1), shape, m=N, n=N, p=N))
    program = ExecutableGraph(model).bind(n=3).interpret()
    inputs = [np.full((3, 3), scale)] * 2
    *others, enclosed = check_at(Point(program, inputs, *draw_at(program, inputs)), "here")
    assert [each.outcome for each in others] == ["not run"] * len(others), others
    assert enclosed.outcome == ("passed" if scale else "not run"), "it sees tangents of 1e-300"


def test_checks_are_made_along_what_is_given_and_what_is_not_is_drawn() -> None:
    at = numbers()
    drawn = check_numbers(BOUND, at)
    assert [each.outcome for each in drawn] == ["passed"] * len(CHECKS_AT), drawn
    assert all("along tangents and seeds drawn at random" in (each.detail or "") for each in drawn)
    ones = {"residual": np.ones((3, 4))}
    given = replace(at, seeds=ones, tangents={"x": at.inputs["x"]})
    found = check_numbers(BOUND, given)
    assert [each.outcome for each in found] == ["passed"] * len(CHECKS_AT), found
    assert all("along the tangents and seeds that were given" in (each.detail or "") for each in found)
    assert [each.error for each in found] != [each.error for each in drawn]
    on_an_input = check_numbers(BOUND, replace(at, seeds={"x": np.ones((3, 4))}))
    assert on_an_input[0].outcome == "not run", "of no node anything is pulled back"
    assert "along tangents drawn at random" in (on_an_input[0].detail or "")
    unmoved = check_numbers(BOUND, replace(at, tangents={"x": np.zeros((3, 4))}))
    assert unmoved[1].outcome == "not run", "nothing moves"


def test_a_run_that_is_too_large_to_enclose_is_judged_by_the_other_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    at = numbers()
    checks = check_numbers(BOUND, at)
    assert [each.outcome for each in checks] == ["passed"] * 3 + ["not run"]
    assert "python-flint is not installed" in checks[-1].detail
    report = run_once(BOUND, at)[1].replaced(checks=checks)
    assert judge_run(report)[0] == "agrees"
    unchecked = [each.replaced(outcome="not run") for each in checks]
    assert judge_run(report.replaced(checks=tuple(unchecked)))[0] == "no verdict"
    with pytest.raises(Declined, match=r"python-flint is not installed; pip install"):
        run_once(BOUND, at, bounds="exact")


def test_what_leaves_the_range_of_floats_at_given_numbers_says_nothing_about_the_graph() -> None:
    at = numbers(given={"x": np.full((3, 4), 1e200)})
    found = check_numbers(BOUND, at)
    assert [(each.outcome, each.code) for each in found] == [("not run", Code.NUMERICS)] * len(CHECKS_AT), (
        found
    )


def test_a_check_that_cannot_tell_right_from_wrong_at_given_numbers_is_none() -> None:
    n = attention().entries[0].shape[:1]
    model = graph({"x": n, "y": n}, node("z", "add", (0, 1), n, s=n))
    program = ExecutableGraph(model).bind(n=2).interpret()
    inputs = [np.array([1e12, 1.0]), np.array([1.0, 1.0])]
    found = {each.name: each for each in check_at(Point(program, inputs, *draw_at(program, inputs)), "here")}
    blind = found["JVP against differences"]
    assert (blind.outcome, blind.code) == ("not run", Code.BLIND_CHECK), found
