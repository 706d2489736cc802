"""``lean-bridge bench`` on graphs of the library, at sizes that take no time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lean_bridge.cli import app
from lean_bridge.errors import BindingError, Declined, LeanBridgeError
from pybind_models.bench import BenchReport

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

CHECKOUT = Path(__file__).parents[2]


def bench(name: str, *options: str) -> Result:
    arguments = ["bench", name, "--project", str(CHECKOUT), "--seconds", "0", *options]
    return CliRunner().invoke(app, arguments)


def test_everything_asked_for_is_measured(tmp_path: Path) -> None:
    saved, drawn = tmp_path / "report.json", tmp_path / "report.svg"
    files = ("--save", str(saved), "--plot", str(drawn))
    asked = ("-m", "vjp", "-m", "jvp", "--stack", "1", "--stack", "2")
    against = ("--against", "interpreter,torch,autograd")
    result = bench("positionwiseEncoderBlockGraph", "--sizes", "tiny", *asked, *against, *files)
    assert result.exception is None, result.stderr
    report = BenchReport.model_validate_json(saved.read_text(encoding="utf-8"))
    kinds = [(case.layers, case.mode) for case in report.cases]
    assert kinds == [(layers, mode) for layers in (1, 2) for mode in ("vjp", "jvp")]
    for case in report.cases:
        assert (case.nodes, case.products) == (21 * case.layers, 24 * case.layers)
        timed = [timing.contestant for timing in case.timings]
        assert timed[:3] == ["floor", "lean_bridge", "checked call"]
        assert {*timed[3:], *(each.contestant for each in case.absent)} == {
            "interpreter",
            "torch",
            "autograd",
        }
        assert case.calls > case.products
        assert case.memory.arena >= case.memory.live_peak > 0
        assert case.memory.torch_peak is not None
        assert all(timing.seconds.least > 0 for timing in case.timings)
    single, *_ = (case.flops for case in report.cases)
    assert single == 3 * 2 * (4 * 8 * 16 * 16 + 2 * 2 * 8 * 8 * 8 + 2 * 8 * 16 * 32)
    assert drawn.stat().st_size > 1000
    assert "1 thread" in result.stdout


def test_a_dimension_may_be_0() -> None:
    result = bench("layerNormGraph", "--sizes", "m=0,n=3", "--sizes", "m=2,n=0", "--format", "json")
    assert result.exception is None, result.stderr
    assert [case["dims"] for case in json.loads(result.stdout)["cases"]] == [
        {"m": 0, "n": 3},
        {"m": 2, "n": 0},
    ]


def test_json_and_markdown_are_printed() -> None:
    sizes = ("--sizes", "m=2,n=3")
    printed = json.loads(bench("layerNormGraph", *sizes, "--dtype", "both", "--format", "json").stdout)
    assert printed["cases"][0]["dims"] == {"m": 2, "n": 3}
    assert [case["dtype"] for case in printed["cases"]] == ["float64", "float32"]
    page = bench("layerNormGraph", *sizes, "--format", "markdown", "--mode", "forward").stdout
    assert page.startswith("# Measurements\n")
    assert "## forward, float64 (m=2, n=3)" in page


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (("--sizes", "n=3"), BindingError),
        (("--sizes", "enormous"), BindingError),
        (("--against", "theano"), Declined),
        (("--plot", "times.gif"), Declined),
    ],
)
def test_what_cannot_be_measured_is_no_verdict(
    options: tuple[str, ...], cause: type[LeanBridgeError]
) -> None:
    result = bench("mhaResidualDGraph", *options)
    assert isinstance(result.exception, cause)
    assert result.exception.exit_code == 2
    assert result.stdout == ""
