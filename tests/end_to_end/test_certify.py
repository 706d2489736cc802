"""A function of one's own becomes a package that is accepted, or is refused by a check that has a name."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lean_bridge.certify.certify as room
from lean_bridge.certify.bundle import load
from lean_bridge.certify.same import NAME, check_same
from lean_bridge.certify.target import load_captured
from lean_bridge.cli import app
from lean_bridge.emit.module import render_library_module
from lean_bridge.errors import LeanBridgeError
from lean_bridge.project import open_project
from pybind_models import DGraph
from pybind_models.captured import CertifyReport

pytestmark = [pytest.mark.lean, pytest.mark.full, pytest.mark.usefixtures("embedded")]

FILE = """
import numpy as np
import lean_bridge
from lean_bridge.capture.functions import cross_entropy, masked_softmax, relu, softmax

print("a file may print")


@lean_bridge.graph(
    x=("n", "dIn"), W1=("dHidden", "dIn"), b1=("dHidden",), W2=("dOut", "dHidden"), b2=("dOut",),
    y=("n", "dOut"),
)
def mlp_loss(x, W1, b1, W2, b2, y):
    hidden = np.tanh(x @ W1.T + b1)
    error = hidden @ W2.T + b2 - y
    return np.mean(error ** 2)


@lean_bridge.graph(x=("n",))
def residual(x):
    return x + np.tanh(x)


@lean_bridge.graph(x=("n", "d"), W=("h", "d"), b=("h",), low=float)
def rectified(x, W, b, low):
    return np.maximum(relu(x @ W.T + b), low)


@lean_bridge.graph(x=("n", "d"))
def root(x):
    return np.sqrt(x) + np.log(x)


@lean_bridge.graph(
    x=("n", "d"), Wq=("heads*width", "d"), Wk=("heads*width", "d"), Wv=("heads*width", "d"),
    Wo=("d", "heads*width"), W1=("f", "d"), b1=("f",), W2=("d", "f"), b2=("d",), sizes=("heads", "width"),
    c=float,
)
def attention_block(x, Wq, Wk, Wv, Wo, W1, b1, W2, b2, sizes, c):
    n, _ = x.shape
    heads, width = sizes.shape

    def split(y):
        return y.reshape(n, heads, width).swapaxes(0, 1)

    q, k, v = split(x @ Wq.T), split(x @ Wk.T), split(x @ Wv.T)
    merged = (softmax(c * (q @ k.mT)) @ v).swapaxes(0, 1).reshape(n, heads * width)
    y = x + merged @ Wo.T
    centred = y - y.mean(axis=1, keepdims=True)
    return y + np.tanh(centred @ W1.T + b1) @ W2.T + b2


@lean_bridge.graph(x=("h", "n", "d"), gain=("d",), shift=("n", 1), c=())
def along_axes(x, gain, shift, c):
    centred = (x - x.mean(axis=1, keepdims=True)) * gain + shift
    return np.transpose(np.tanh(centred), (2, 0, 1)).sum(axis=(0, 2)) + c


@lean_bridge.graph(
    table=("v", "d"), mask=lean_bridge.booleans("n", "n"), tokens=lean_bridge.integers("n", below="v"),
    targets=lean_bridge.integers("n", below="v"), more=lean_bridge.integers("n", 1, 2, 1, below="v"),
)
def next_token(table, mask, tokens, targets, more):
    x = table[tokens]
    mixed = masked_softmax(x @ x.T, mask) @ x
    return cross_entropy(mixed @ table.T, targets) + table[more].sum()
"""


def accepted(target: str, package: Path) -> CertifyReport:
    """Return the report of the command that certifies a target as a package, and ends well."""
    words = ["certify", target, "-o", str(package), "--format", "json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return CertifyReport.model_validate_json(done.stdout)


@pytest.fixture(scope="module", name="file")
def _file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "model.py"
    path.write_text(FILE, encoding="utf-8")
    return path


MODULE = """
import lean_bridge
import torch
from torch import nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.GELU(approximate="tanh"), nn.Linear(4, 2))

    def forward(self, x, y):
        return nn.functional.mse_loss(self.net(x), y)


torch.manual_seed(0)
model = lean_bridge.from_torch(
    Mlp().eval(), (torch.randn(5, 3), torch.randn(5, 2)), {"x": {0: "n"}, "y": {0: "n"}}
)
"""


def test_a_module_of_pytorch_is_certified(tmp_path: Path) -> None:
    (tmp_path / "torch_model.py").write_text(MODULE, encoding="utf-8")
    report = accepted(f"{tmp_path}/torch_model.py:model", tmp_path / "Mlp")
    assert (report.target, report.graph) == ("torch_model.py:Mlp", "Mlp.mlpDGraph")
    assert [each.outcome for each in report.checks] == ["passed"] * len(report.checks)
    names = [entry.name for entry in open_project(tmp_path / "Mlp").graph("mlpDGraph").model.context]
    assert names[:2] == ["net.0.weight", "net.0.bias"]


JAX = """
import jax
import jax.numpy as jnp
import lean_bridge
import numpy as np
from jax import nn


def next_token(params, ids, targets):
    x = params["embed"][ids]
    mean = x.mean(-1, keepdims=True)
    normed = (x - mean) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * params["g"] + params["b"]
    scores = normed @ params["mix"] @ normed.T / np.sqrt(2)
    scores = jnp.where(jnp.tri(ids.shape[0], dtype=bool), scores, -jnp.inf)
    logits = (x + nn.softmax(scores) @ nn.gelu(normed)) @ params["embed"].T
    return -jnp.take_along_axis(nn.log_softmax(logits), targets[:, None], axis=-1).mean()


params = {"embed": np.ones((5, 4)), "g": np.ones(4), "b": np.ones(4), "mix": np.ones((4, 4))}
ids = np.zeros(3, np.int32)
model = lean_bridge.from_jax(next_token, params, ids, ids, dynamic={"ids": {0: "n"}, "targets": {0: "n"}})
"""


def test_a_function_of_jax_is_certified(tmp_path: Path) -> None:
    (tmp_path / "jax_model.py").write_text(JAX, encoding="utf-8")
    report = accepted(f"{tmp_path}/jax_model.py:model", tmp_path / "Next")
    assert (report.target, report.graph) == ("jax_model.py:next_token", "Next.nextTokenGraph")
    assert [each.outcome for each in report.checks] == ["passed"] * len(report.checks)
    graph = open_project(tmp_path / "Next").graph("nextTokenGraph").model
    assert [entry.name for entry in graph.context] == ["params.b", "params.embed", "params.g", "params.mix"]
    assert [each.name for each in graph.arrays] == ["ids", "targets", "mask"]


ENCODER = """
import lean_bridge
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(4, 2, 3, batch_first=True).eval()
model = lean_bridge.from_torch(layer, (torch.randn(1, 5, 4),), {"src": {1: "n"}}, name="encoderLayer")


def attend(x):
    return nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)


causal = lean_bridge.from_torch(attend, (torch.randn(1, 5, 2),), {"x": {1: "n"}})
"""


def test_pytorchs_encoder_layer_is_certified_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "encoder.py").write_text(ENCODER, encoding="utf-8")
    report = accepted(f"{tmp_path}/encoder.py:model", tmp_path / "Encoder")
    assert (report.verdict, report.graph) == ("accepted", "Encoder.encoderLayerGraph")
    _, *theorems = report.report.declarations
    assert [each.witness and [*each.witness.open] for each in theorems] == [["h_relu"]] * 2
    graph = open_project(tmp_path / "Encoder").graph("encoderLayerGraph").model
    assert (len(graph.nodes), graph.dims) == (38, ("n",))


def test_causal_attention_is_certified_for_every_mask(tmp_path: Path) -> None:
    (tmp_path / "encoder.py").write_text(ENCODER, encoding="utf-8")
    report = accepted(f"{tmp_path}/encoder.py:causal", tmp_path / "Causal")
    text = (tmp_path / "Causal" / "Causal.lean").read_text(encoding="utf-8")
    assert "(h_mask : AllowsSome (o := vec n) mask)" in text
    assert [each.outcome for each in report.checks] == ["passed"] * len(report.checks)


def test_rectifiers_are_certified_away_from_their_kinks(file: Path, tmp_path: Path) -> None:
    report = accepted(f"{file}:rectified", tmp_path / "Rectified")
    assert (report.verdict, report.graph) == ("accepted", "Rectified.rectifiedGraph")
    _, *theorems = report.report.declarations
    met = [each.witness for each in theorems]
    assert [each and (each.outcome, [*each.open]) for each in met] == [("open", ["h_relu", "h_maxConst"])] * 2


def test_a_model_of_tokens_is_certified_for_all_of_them(file: Path, tmp_path: Path) -> None:
    report = accepted(f"{file}:next_token", tmp_path / "NextToken")
    assert (report.verdict, report.graph) == ("accepted", "NextToken.nextTokenGraph")
    _, *theorems = report.report.declarations
    assert [each.witness and each.witness.outcome for each in theorems] == ["met"] * 2
    assert "(h_mask : AllowsSome (o := vec n) mask)" in (tmp_path / "NextToken/NextToken.lean").read_text(
        "utf-8"
    )


def test_a_bundle_is_judged_where_it_is_read(file: Path) -> None:
    package, bundle = file.parent / "Residual", file.parent / "residual.zip"
    words = ["certify", f"{file}:residual", "-o", str(package), "--bundle", str(bundle)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, ["show", str(bundle)], catch_exceptions=False).exit_code == 2
    here = ["show", str(bundle), "--check", str(file.parent / "Again")]
    assert CliRunner().invoke(app, here, catch_exceptions=False).exit_code == 0
    graph = open_project(file.parent / "Again").graph("residualDGraph")
    assert graph.standing.status == "accepted"
    assert graph.model.replaced(lean_name="residual") == load(bundle).graph


def test_a_perceptron_and_its_loss_are_certified(file: Path) -> None:
    package = file.parent / "MlpLoss"
    report = accepted(f"{file}:mlp_loss", package)
    assert (report.target, report.graph) == ("model.py:mlp_loss", "MlpLoss.mlpLossDGraph")
    assert (report.verdict, report.outputs) == ("accepted", ("mean",))
    assert [each.outcome for each in report.checks] == ["passed"] * 4
    definition, *theorems = report.report.declarations
    assert definition.name == report.graph
    assert [each.name.rpartition(".")[2] for each in theorems] == [
        "mlpLoss_hasFDerivAt",
        "mlpLoss_backpropVec_eq_adjoint_fderiv",
    ]
    (run,) = report.report.graphs
    assert (run.status, run.certified) == ("agrees", True)

    captured = load_captured(f"{file}:mlp_loss").model
    text = (package / "MlpLoss.lean").read_text(encoding="utf-8")
    assert text == render_library_module(captured, "MlpLoss", "Captured from `mlp_loss` in `model.py`.")
    assert tomllib.loads((package / "certified.toml").read_text(encoding="utf-8"))["declaration"]
    written = [each for each in package.rglob("*") if each.is_file()]
    assert not any(str(file.parent) in each.read_text(encoding="utf-8") for each in written)
    compiled = open_project(package).extract("mlpLossDGraph")
    assert check_same(captured, compiled).outcome == "passed"
    first = captured.nodes[0]
    planted = captured.replaced(nodes=(first.replaced(operands=(3,)), *captured.nodes[1:]))
    assert check_same(planted, compiled).outcome == "failed"

    pins = (package / "certified.toml").read_bytes()
    accepted(f"{file}:mlp_loss", package)
    assert (package / "certified.toml").read_bytes() == pins
    other = CliRunner().invoke(app, ["certify", f"{file}:residual", "-o", str(package)])
    assert isinstance(other.exception, LeanBridgeError)
    assert other.exception.exit_code == 2
    assert "found otherwise: MlpLoss.lean has " in str(other.exception)


def test_a_module_of_another_graph_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(graph: DGraph, space: str, origin: str) -> str:
        return render_library_module(graph, space, origin).replace("TapeNodes.add", "TapeNodes.sub")

    monkeypatch.setattr(room, "render_library_module", planted)
    done = CliRunner().invoke(
        app, ["certify", f"{file}:residual", "-o", str(tmp_path / "Residual"), "--format", "json"]
    )
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout)
    assert (report["verdict"], report["code"]) == ("rejected", "LB301")
    assert report["report"]["verdict"] == "accepted"  # it is a graph, with its theorem, of something else
    assert report["reason"].startswith(
        f"{NAME}: node 1 (add): captured add : n := Proofs.Autograd.Op.add(0, 1"
    )


def test_a_block_of_attention_is_certified(file: Path, tmp_path: Path) -> None:
    report = accepted(f"{file}:attention_block", tmp_path / "Block")
    assert [each.outcome for each in report.checks] == ["passed"] * 4
    nodes = open_project(tmp_path / "Block").extract("attentionBlockDGraph").nodes
    assert len(nodes) == 35
    assert sum(node.op in ("reshape", "swap01", "transposeLast2") for node in nodes) == 15


def test_ops_along_an_axis_are_certified(file: Path, tmp_path: Path) -> None:
    words = ["certify", f"{file}:along_axes", "-o", str(tmp_path / "Axes"), "--format", "json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    used = {node.op for node in open_project(tmp_path / "Axes").extract("alongAxesDGraph").nodes}
    assert {"swapAxes", "expandAxis", "sumAxis", "meanAxis"} <= used


def test_what_is_not_captured_writes_nothing(file: Path, tmp_path: Path) -> None:
    words = ["certify", f"{file}:root", "-o", str(tmp_path / "Root")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, LeanBridgeError)
    assert done.exception.exit_code == 2
    line = FILE.splitlines().index("    return np.sqrt(x) + np.log(x)") + 1
    told = rf"2 places: .*:{line}: sqrt: no op that is certified.*:{line}: log: no op that is certified"
    assert re.search(told, str(done.exception))
    assert not (tmp_path / "Root").exists()
