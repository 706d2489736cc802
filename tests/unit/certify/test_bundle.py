"""A bundle is read whole or not at all, and says of nothing that it holds."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import lean_bridge
from lean_bridge.certify.bundle import GRAPH, REPORT, SAYS, WEIGHTS, Bundle, load, write_bundle
from lean_bridge.certify.certify import package_files
from lean_bridge.certify.same import check_same
from lean_bridge.certify.target import Target
from lean_bridge.cli import app
from lean_bridge.errors import NoVerdict, ProjectNotFound
from pybind_models.captured import CertifyReport
from tests.reports import accepted


@lean_bridge.graph(x=("n", "d"), W=("h", "d"), b=("h",), y=("n", "h"))
def loss(x: Any, W: Any, b: Any, y: Any) -> Any:  # noqa: N803
    return np.mean((np.tanh(x @ W.T + b) - y) ** 2)


WEIGHTS_OF_LOSS = {"W": np.full((4, 3), 0.5), "b": np.zeros(4)}


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with weights, as ``certify --bundle`` and ``save`` write it, of a report that is made up."""
    top = tmp_path_factory.mktemp("bundle")
    target = Target(loss.model, loss.outputs, "model.py", "loss", "loss", loss.function)
    for file, text in package_files(loss.model, "Loss", "`loss` in `model.py`").items():
        (top / file).write_text(text, encoding="utf-8")
    (top / "certified.toml").write_text("", encoding="utf-8")
    report = CertifyReport(
        target="model.py:loss",
        graph="Loss.lossDGraph",
        package=str(top),
        outputs=tuple(loss.outputs),
        verdict="accepted",
        checks=(check_same(loss.model, loss.model),),
        report=accepted(),
        seconds=1.0,
    )
    write_bundle(top / "bare.zip", report, target, top, "Loss")
    load(top / "bare.zip").save(top / "loss.zip", WEIGHTS_OF_LOSS)
    return top / "loss.zip"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {each.filename: archive.read(each) for each in archive.infolist()}


def packed(files: Mapping[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_what_was_saved_is_loaded_and_has_no_standing_here(made: Path) -> None:
    bundle = lean_bridge.load(made)
    assert bundle.graph == loss.model
    assert bundle.report.verdict == "accepted"
    assert bundle.standing.text == "not judged: as bundled, not re-checked"
    program = bundle.bind(n=2, d=3, h=4).compile()
    assert program.standing == bundle.standing
    inputs = {**bundle.weights, "x": np.ones((2, 3)), "y": np.zeros((2, 4))}
    assert program.forward(inputs, ["mean"])[0] == pytest.approx(np.tanh(1.5) ** 2)
    assert [each.partition(":")[0] for each in bundle.to_check] == [
        "that Lean accepts the graph and its certificate",
        "that the graph is `loss` in `model.py`",
        "that the weights are those that were meant",
    ]
    assert not load(made.parent / "bare.zip").weights


def test_the_same_content_makes_the_same_bytes(made: Path, tmp_path: Path) -> None:
    load(made).save(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == made.read_bytes()


def test_what_another_version_judged_or_wrote_is_to_be_checked(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lean_bridge.certify.bundle.judges", lambda: {"numpy": "0"})
    monkeypatch.setattr("lean_bridge.certify.bundle.package_files", lambda *_: {"Loss.lean": "other"})
    assert load(made).to_check[-2:] == (
        "its Lean module, which is not what this version writes of the graph",
        "what other versions judged: numpy",
    )


def changed(member: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes]], bytes]:
    return lambda files: packed({**files, member: change(files[member])})


def resealed(member: str, change: Callable[[Any], Any]) -> Callable[[dict[str, bytes]], bytes]:
    """Change a file and its digest: what nothing tells, but that it makes no sense."""

    def make(files: dict[str, bytes]) -> bytes:
        files[member] = json.dumps(change(json.loads(files[member]))).encode()
        says = json.loads(files[SAYS])
        says["digests"][member] = hashlib.sha256(files[member]).hexdigest()
        return packed({**files, SAYS: json.dumps(says).encode()})

    return make


def renamed(graph: Any) -> Any:
    return graph | {"lean_name": "x -/ axiom bad : False /-"}


BROKEN: dict[str, tuple[Callable[[dict[str, bytes]], bytes], str]] = {
    "graph changed": (changed(GRAPH, lambda c: c.replace(b"tanh", b"silu")), "graph.json is not what it was"),
    "report changed": (changed(REPORT, lambda c: c + b" "), "report.json is not what it was made with"),
    "pins changed": (changed("certified.toml", lambda _: b"#"), "certified.toml is not what it was made"),
    "weights changed": (changed(WEIGHTS, lambda c: c[:-1] + b"?"), "weights.safetensors is not what it was"),
    "weights dropped": (
        lambda f: packed({k: f[k] for k in f if k != WEIGHTS}),
        "the files in it are not",
    ),
    "pins dropped": (
        lambda f: packed({k: f[k] for k in f if k != "certified.toml"}),
        "expected certified.t",
    ),
    "no manifest": (lambda f: packed({k: f[k] for k in f if k != SAYS}), "expected bundle.json in it, found"),
    "another format": (
        lambda _: packed({"word/document.xml": b""}),
        "expected bundle.json in it, found none",
    ),
    "zip slip": (
        lambda f: packed({**f, "../../x.py": b"1"}),
        "found '../../x.py' in it, which no bundle",
    ),
    "pickle": (lambda f: packed({**f, "data.pkl": b"."}), "found 'data.pkl' in it, which no bundle has"),
    "zip bomb": (
        lambda f: packed({**f, WEIGHTS: bytes(1 << 22)}, zipfile.ZIP_DEFLATED),
        "its files are larger than it is",
    ),
    "compressed": (
        lambda f: packed({SAYS: f[SAYS][:9]}, zipfile.ZIP_BZIP2),
        "'bundle.json' is packed, locked or there twice",
    ),
    "truncated": (lambda f: packed(f)[:-40], "File is not a zip file"),
    "flipped": (lambda f: packed(f).replace(b"mean", b"mxan", 1), "Bad CRC-32 for file"),
    "no zip": (lambda _: b"\x80\x04.", "File is not a zip file"),
    "empty": (lambda _: b"", "File is not a zip file"),
    "a name that is Lean": (resealed(GRAPH, renamed), "'x -/ axiom bad : False /-' is no name that a captu"),
    "another graph's report": (
        resealed(REPORT, lambda told: told | {"graph": "Other.lossDGraph"}),
        "its report is not of its graph",
    ),
    "no graph": (resealed(GRAPH, lambda _: {"nodes": []}), "graph.json: "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_whole_is_refused_in_one_line(case: str, made: Path, tmp_path: Path) -> None:
    break_, said = BROKEN[case]
    path = tmp_path / "broken.zip"
    path.write_bytes(break_(members(made)))
    with pytest.raises(NoVerdict) as refused:
        load(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: no bundle that is whole: ")
    assert said in message
    assert "\n" not in message
    assert (refused.value.code.value, refused.value.exit_code) == ("LB917", 2)


def test_weights_are_of_inputs_alone(made: Path, tmp_path: Path) -> None:
    bundle = load(made)
    for weights, said in (
        ({"V": np.ones(2)}, "nothing is called 'V' here"),
        ({"W": np.ones(2)}, "W: expected floats of 2 axes, found float64 of 1"),
        ({"b": np.ones(4, int)}, "b: expected floats of 1 axes, found int64 of 1"),
    ):
        with pytest.raises(NoVerdict, match=said):
            bundle.save(tmp_path / "never.zip", weights)
    assert not (tmp_path / "never.zip").exists()


def test_show_says_what_is_claimed_and_decides_nothing(made: Path) -> None:
    done = CliRunner().invoke(app, ["show", str(made)])
    assert done.exit_code == 2
    assert "claimed: accepted, by captured = extracted" in done.output
    assert "… as bundled, not re-checked; to be checked again:" in done.output
    told = json.loads(CliRunner().invoke(app, ["show", str(made), "--format", "json"]).output)
    assert told["standing"] == "not judged: as bundled, not re-checked"
    with pytest.raises(ProjectNotFound, match="expected a file here, found none"):
        load(made.parent / "none.zip")
    assert isinstance(Bundle(members(made), "here").says.versions["numpy"], str)
