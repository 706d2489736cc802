"""A new package is built, pinned and accepted as it stands; a catalogue is proposed for one that is there."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.errors import LeanBridgeError
from lean_bridge.project import open_project

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "dense"


def command(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("elsewhere") / "dense"
    told = command("new", str(root))
    assert told.splitlines()[-1].endswith(
        "certified.toml: 2 declarations pinned; `lean-bridge verify` judges them"
    )
    return root


def test_the_example_is_what_new_makes_with_its_pins(made: Path) -> None:
    for path in (each for each in EXAMPLE.rglob("*") if each.is_file()):
        assert (made / path.relative_to(EXAMPLE)).read_bytes() == path.read_bytes(), path


def test_a_new_package_is_accepted_as_it_stands(made: Path) -> None:
    report = open_project(made).verify()
    assert (report.verdict, report.reason) == ("accepted", None)
    graph, theorem = report.declarations
    assert (graph.name, theorem.name) == ("Dense.layerDGraph", "Dense.layer_backpropVec_eq_adjoint_fderiv")
    assert theorem.witnessed
    (run,) = report.graphs
    assert (run.status, run.certified) == ("agrees", True)
    assert report.build is not None
    files = {module.module: module.file for module in report.build.modules}
    assert files["Dense"] == "Dense.lean"
    assert files["Proofs.Autograd.Tape.DGraph"] == "LeanBridge@0.1.0/Proofs/Autograd/Tape/DGraph.lean"


def test_what_a_package_says_is_pinned_through_the_library_that_it_requires(made: Path) -> None:
    pinned = tomllib.loads((made / "certified.toml").read_text(encoding="utf-8"))
    assert "Proofs.Autograd.DGraph" in pinned["definitions"]


def test_a_catalogue_is_proposed_of_graphs_and_what_is_proved_of_them(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "there" / "lean"
    shutil.copytree(made, root)
    (root / "catalogue.toml").unlink()
    (root / "certified.toml").unlink()
    assert command("init", str(root.parent)) == f"wrote {root / 'catalogue.toml'}: 1 graph, 1 theorem\n"
    entries = tomllib.loads((root / "catalogue.toml").read_text(encoding="utf-8"))["declaration"]
    graph = {"name": "Dense.layerDGraph", "kind": "definition", "group": "layerDGraph", "graph": True}
    name = "Dense.layer_backpropVec_eq_adjoint_fderiv"
    assert entries == [graph, {"name": name, "kind": "theorem", "group": "layerDGraph"}]
    assert not (root / "certified.toml").exists()


def test_a_catalogue_that_is_there_is_not_written_over(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "there"
    shutil.copytree(made, root)
    before = (root / "catalogue.toml").read_bytes()
    for words, told in (
        (["init", str(root)], "is there already; --overwrite writes it anew"),
        (["new", str(root)], "expected no directory or an empty one"),
        (["init", str(tmp_path)], "expected a lakefile.toml here or in lean/, found none"),
    ):
        with pytest.raises(LeanBridgeError, match=told):
            CliRunner().invoke(app, words, catch_exceptions=False)
        assert (root / "catalogue.toml").read_bytes() == before
    (root / "Stray.lean").touch()
    lines = command("init", str(root), "--overwrite", "--pin").splitlines()
    assert lines[1].startswith("left out: Stray.lean: no lean_lib of the lakefile has it; name it in `globs`")
    assert (root / "catalogue.toml").read_bytes() != before
    assert (root / "certified.toml").is_file()
