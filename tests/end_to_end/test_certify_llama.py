"""A block of Llama that somebody wrote in NumPy is certified, and is the library's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lean_bridge.certify.target import load_captured
from lean_bridge.cli import app
from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph
from pybind_models.captured import CertifyReport

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

FILE = """
import lean_bridge
from lean_bridge.capture.functions import masked_softmax, rms_norm, rotary, silu


@lean_bridge.graph(
    x=("n", "d"), g1=("d",), Wq=("d", "kv*groups*2*half"), Wk=("d", "kv*2*half"), Wv=("d", "kv*2*half"),
    cos=("n", "half"), sin=("n", "half"), Wo=("kv*groups*2*half", "d"), g2=("d",), Wgate=("d", "f"),
    Wup=("d", "f"), Wdown=("f", "d"), sizes=("kv", "groups"), c=float, eps1=float, eps2=float,
    mask=lean_bridge.booleans("n", "n"),
)
def llama(x, g1, Wq, Wk, Wv, cos, sin, Wo, g2, Wgate, Wup, Wdown, sizes, c, eps1, eps2, mask):
    n, half = cos.shape
    kv, groups = sizes.shape

    def split(y, heads):
        return y.reshape(n, heads, 2 * half).swapaxes(0, 1)

    y = rms_norm(x, g1, eps1)
    q, k, v = split(y @ Wq, kv * groups), split(y @ Wk, kv), split(y @ Wv, kv)
    q, k = rotary(q, cos, sin).reshape(kv, groups * n, 2 * half), rotary(k, cos, sin)
    scores = (c * (q @ k.mT)).reshape(kv, groups, n, n)
    mixed = masked_softmax(scores, mask).reshape(kv, groups * n, n) @ v
    heads = mixed.reshape(kv * groups, n, 2 * half).swapaxes(0, 1).reshape(n, kv * groups * 2 * half)
    h = x + heads @ Wo
    y = rms_norm(h, g2, eps2)
    return h + (silu(y @ Wgate) * (y @ Wup)) @ Wdown
"""


@pytest.fixture(scope="module", name="target")
def _target(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("mine") / "block.py"
    path.write_text(FILE, encoding="utf-8")
    return f"{path}:llama"


@pytest.mark.full
def test_it_computes_what_the_library_s_block_does(target: str, library_graphs: dict[str, DGraph]) -> None:
    rng, common = np.random.default_rng(0), {"c": 0.5, "mask": np.tri(5, dtype=bool)}
    written = ExecutableGraph(load_captured(target).model, allow_uncertified=True)
    certified = ExecutableGraph(library_graphs["llamaBlockGraph"], allow_uncertified=True)
    mine = written.bind(n=5, d=6, kv=2, groups=3, half=2, f=7).compile(eps1=1e-5, eps2=1e-3, **common)
    theirs = certified.bind(seqLen=5, dModel=6, kvHeads=2, groups=3, halfDim=2, dFF=7).compile(
        **{"ε₁": 1e-5, "ε₂": 1e-3}, **common
    )
    inputs = [rng.normal(size=entry.shape) for entry in theirs.context]
    seed = rng.normal(size=(5, 6))
    found = mine.value_and_vjp([*inputs, np.zeros((2, 3))], {mine.entries[-1].name: seed})
    expected = theirs.value_and_vjp(inputs, {"ffnResidual": seed})
    np.testing.assert_allclose(found[0][-1], expected[0][-1], rtol=1e-12, atol=1e-12)
    for each, other in zip(found[1][:-1], expected[1], strict=True):
        np.testing.assert_allclose(each, other, rtol=1e-11, atol=1e-12)


@pytest.mark.full
def test_it_is_certified(target: str, tmp_path: Path) -> None:
    words = ["certify", target, "-o", str(tmp_path / "Llama"), "--format", "json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    report = CertifyReport.model_validate_json(done.stdout)
    assert (report.verdict, report.graph) == ("accepted", "Llama.llamaGraph")
    text = (tmp_path / "Llama" / "Llama.lean").read_text("utf-8")
    assert "(h_eps1 : 0 < eps1)" in text
    assert "(h_mask : AllowsSome (o := vec n) mask)" in text
