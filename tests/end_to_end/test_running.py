"""``lean-bridge run`` and ``crosscheck`` on graphs of the library, as a person types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from lean_bridge.cli import app
from lean_bridge.errors import ArrayError, BindingError, Declined, NoVerdict, NumericsError
from pybind_models.run import CheckReport, RunReport

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

CHECKOUT = Path(__file__).parents[2]
DIMS = ("--dims", "n=5,dModel=8", "--dims", "numHeads=2,headDim=4", "--set", "c=0.5")


def ran(command: str, name: str, *options: str) -> Result:
    return CliRunner().invoke(app, [command, name, "--project", str(CHECKOUT), *options])


def test_a_run_from_nothing_to_files_and_back(tmp_path: Path) -> None:
    out, again = tmp_path / "out.npz", tmp_path / "again.safetensors"
    asked = ("--vjp", "residual=ones", "--jvp", "x=ones", "--check")
    first = ran("run", "mhaResidualDGraph", *DIMS, "--random", "0", *asked, "-o", str(out), "-f", "json")
    assert (first.exit_code, first.stderr) == (0, "")
    report = RunReport.model_validate_json(first.stdout)
    assert (report.standing.status, report.verdict, report.reason) == ("accepted", "accepted", None)
    assert [check.outcome for check in report.checks] == ["passed"] * 4
    with np.load(out) as made:
        second = ran("run", "mhaResidualDGraph", *DIMS, "-i", str(out), *asked[:4], "-o", str(again))
        assert second.exit_code == 0
        assert second.stderr.endswith("passed over, as it is computed: Qbig, Qheads, Kbig and 37 more\n")
        from safetensors.numpy import load_file

        stored = load_file(again)
        assert sorted(stored) == sorted(made.files)
        for name in made.files:
            np.testing.assert_array_equal(stored[name], made[name])
    assert "accepted by audit and pin" in second.stdout
    assert "cotangent" in second.stdout


@pytest.mark.parametrize(
    ("options", "kind", "expected"),
    [
        (
            ("--dims", "n=5", "--random", "0"),
            BindingError,
            "dModel, numHeads, headDim are missing; it takes n",
        ),
        (("--dims", "n=5,n=6"), BindingError, "--dims: n is given more than once"),
        (("--dims", "n"), BindingError, "--dims: expected n=8,dModel=16, found 'n'"),
        (("--dims", "n=-1"), BindingError, "--dims: n: expected an integer ≥ 0, found '-1'"),
        (("--dims", f"n={'9' * 20}"), BindingError, "n: expected an integer of at most 18 digits, found 20"),
        (("--set", "c=half"), BindingError, "--set: c: expected a number, found 'half'"),
        ((*DIMS, "--set", "kappa=1", "--random", "0"), BindingError, "scalar kappa is unknown; it takes c"),
        (DIMS, ArrayError, "missing x, Wq, Wk, Wv, Wo, of x, Wq, Wk, Wv, Wo; give --inputs FILE"),
        ((*DIMS, "-i", "none.npz"), NoVerdict, "none.npz: No such file"),
        ((*DIMS, "-i", "nan.npz", "--random", "0"), NumericsError, "input 0 (x) is not a number"),
        ((*DIMS, "--random", "0", "-o", "out.txt"), NoVerdict, "expected a name in .npz or .safetensors"),
        ((*DIMS, "--random", "0", "--vjp", "resid=ones"), ArrayError, "seed 'resid': no such entry"),
    ],
)
def test_what_is_wrong_is_one_line_and_no_verdict(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    kind: type[NoVerdict],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("nan.npz", x=np.full((5, 8), np.nan))
    result = ran("run", "mhaResidualDGraph", *options)
    assert type(result.exception) is kind, result.exception
    assert expected in str(result.exception)
    assert "\n" not in str(result.exception)
    assert kind.exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nan.npz"]


@pytest.mark.parametrize("method", ["exact", "running"])
def test_bounds_are_told_beside_the_numbers(tmp_path: Path, method: str) -> None:
    out = tmp_path / "out.npz"
    asked = ("--random", "0", "--vjp", "residual=ones", "--bounds", method)
    told = ran("run", "mhaResidualDGraph", *DIMS, *asked)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "off by ≤" in told.stdout
    asked_for = ran("run", "mhaResidualDGraph", *DIMS, *asked, "-f", "json", "-o", str(out))
    report = RunReport.model_validate_json(asked_for.stdout)
    assert report.bounds == method
    with np.load(out) as made:
        for each in report.arrays:
            name = each.name if each.role in ("input", "value") else f"{each.role}.{each.name}"
            assert made[f"bound.{name}"].shape == made[name].shape
            assert each.bounds is not None
            assert each.bounds.largest == made[f"bound.{name}"].max()
            assert each.bounds.digits is not None
            assert each.bounds.digits > 12


def test_bounds_that_cannot_be_made_are_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    declined = ran("run", "nobody", "--bounds", "exact")
    assert type(declined.exception) is Declined
    assert str(declined.exception) == "python-flint is not installed; pip install 'lean-bridge[rigorous]'"
    assert ran("run", "mhaResidualDGraph", *DIMS, "--random", "0", "--bounds", "running").exit_code == 0
    assert ran("run", "mhaResidualDGraph", "--bounds", "all").exit_code == 2
    checked = ran("run", "mhaResidualDGraph", *DIMS, "--random", "0", "--check")
    assert checked.exit_code == 0, checked.exception
    assert "enclosure  not run" in checked.stdout


def test_an_output_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    result = ran("run", "nobody", "-o", str(tmp_path / "none" / "out.npz"))
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr


def test_numbers_that_are_not_looked_at_are_no_success(tmp_path: Path) -> None:
    np.savez(tmp_path / "big.npz", x=np.full((5, 8), 1e200))
    given = ("-i", str(tmp_path / "big.npz"), "--random", "0")
    assert isinstance(ran("run", "mhaResidualDGraph", *DIMS, *given).exception, NumericsError)
    out = tmp_path / "out.npz"
    out.write_bytes(b"of an earlier run")
    result = ran("run", "mhaResidualDGraph", *DIMS, *given, "--checks", "off", "-o", str(out))
    assert result.exit_code == 2
    assert "no verdict: LB910" in result.stdout
    assert "arrays with numbers that are not finite" in result.stdout
    assert f"{out}: not written: " in result.stderr
    assert out.read_bytes() == b"of an earlier run"
    checked = ran("run", "mhaResidualDGraph", *DIMS, *given, "--checks", "off", "--check", "-f", "json")
    assert checked.exit_code == 2, "numbers out of the range of floats say nothing against the graph"
    report = RunReport.model_validate_json(checked.stdout)
    assert (report.verdict, report.code) == ("no verdict", "LB910")
    assert {(each.outcome, each.code) for each in report.checks} == {("not run", "LB910")}


def test_a_graph_with_greek_names_runs_from_a_shell() -> None:
    sizes = ("--dims", "seqLen=3,dModel=4,numHeads=2,headDim=2,dFF=5")
    scalars = ("--set", "c=0.7,kappa=0.8", "--set", "eps1=1e-5,eps2=1e-5")
    result = ran(
        "run",
        "positionwiseEncoderBlockGraph",
        *sizes,
        *scalars,
        "--random",
        "1",
        "--vjp",
        "gamma1=ones",
        "-f",
        "json",
    )
    assert result.exit_code == 0, result.exception
    report = RunReport.model_validate_json(result.stdout)
    assert set(report.scalars) == {"c", "κ", "ε₁", "ε₂"}


def test_checks_are_shown_with_a_histogram() -> None:
    small = ran("crosscheck", "mhaResidualDGraph")
    assert small.exit_code == 0
    assert "adjoint identity" in small.stdout
    assert " ulp, " in small.stdout
    sizes = ("--sizes", "n=40,dModel=32,numHeads=2,headDim=16")
    larger = ran("crosscheck", "mhaResidualDGraph", *sizes, "--format", "json")
    assert larger.exit_code == 0, larger.stdout
    report = CheckReport.model_validate_json(larger.stdout)
    assert report.sizes == ({"n": 40, "dModel": 32, "numHeads": 2, "headDim": 16},)
    assert {check.name: sum(check.ulps) > 0 for check in report.checks if check.outcome == "passed"} == {
        "certified shapes": False,
        "adjoint identity": True,
        "JVP against differences": True,
        "compiled program": True,
        "enclosure": True,
        "golden vectors": True,
        "PyTorch": True,
    }
    assert json.loads(larger.stdout)["status"] == "agrees"
    assert "off from the exact reals by" in small.stdout
    libraries = [each.library.partition(" ")[0] for each in report.true_errors]
    assert libraries == ["lean-bridge", "torch", "jax"] * 2
    assert all(each.worst is not None and each.worst < 1e3 for each in report.true_errors)


@pytest.mark.full
def test_a_graph_is_shown_at_dimensions_as_a_tree_and_beside_another() -> None:
    sized = ran("graph", "mhaResidualDGraph", "--dims", "n=5,dModel=8,numHeads=2,headDim=4", "--backward")
    assert sized.exit_code == 0
    assert "256 parameters beside 40 of x" in " ".join(sized.stdout.split())
    tree = ran("graph", "mhaResidualDGraph", "--format", "tree")
    assert "├─ probs = softmaxLast(scaled)" in tree.stdout
    beside = ran("graph", "mhaResidualDGraph", "--diff", "mhaResidualBareReshapeDGraph")
    assert beside.exit_code == 0
    assert [line.split()[1] for line in beside.stdout.splitlines() if line.startswith("~")] == [
        "Qheads",
        "Kheads",
        "Vheads",
    ]
    drawn = ran("graph", "mhaResidualDGraph", "--diff", "mhaResidualBareReshapeDGraph", "--format", "svg")
    assert "splitHeads | reshape" in drawn.stdout
    sizes = ("--dims", "n=5,dModel=8,numHeads=2,headDim=4")
    beside_at = ("--diff", "mhaResidualBareReshapeDGraph", *sizes)
    at = ran("graph", "mhaResidualDGraph", *beside_at)
    assert at.exit_code == 0
    assert [line.split()[1] for line in at.stdout.splitlines() if line.startswith("~")] == [
        "Qheads",
        "Kheads",
        "Vheads",
    ]
    assert "2×5×5" in at.stdout
    tree = ran("graph", "mhaResidualDGraph", *beside_at, "--backward", "--format", "tree")
    assert tree.exit_code == 0
    assert "├─ ~ Qheads = splitHeads | reshape(Qbig) 2×5×4 ⇠ scores" in tree.stdout
    unlike = ran("graph", "mhaResidualDGraph", "--diff", "encoderBlockGraph", *sizes)
    assert isinstance(unlike.exception, BindingError), "what only the other graph takes"
    told = json.loads(
        ran("graph", "mhaResidualDGraph", "--diff", "mhaResidualBareReshapeDGraph", "-f", "json").stdout
    )
    assert [each["status"] for each in told["standings"]] == ["accepted", "accepted"]
    other = ran("graph", "mhaResidualDGraph", "--dims", "n=5")
    assert isinstance(other.exception, BindingError)
    for wrong in (
        ("--format", "lean", "--backward"),
        ("--format", "json", "--dims", "n=5"),
        ("--diff", "x", "--backward"),
        ("--diff", "x", "--format", "json", "--dims", "n=5"),
    ):
        assert ran("graph", "mhaResidualDGraph", *wrong).exit_code == 2
