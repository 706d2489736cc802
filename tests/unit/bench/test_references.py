"""Other frameworks do the same work: every result agrees with the interpreter's."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest
import torch

from lean_bridge.bench.case import Counterpart, draw_case, find_counterpart
from lean_bridge.bench.counterpart import Reference
from lean_bridge.bench.ours import compile_case, interpret_case, named
from lean_bridge.bench.references import check_installed, refer
from lean_bridge.bench.torch_reference import peak_bytes
from lean_bridge.errors import Declined
from lean_bridge.extract.compose import stack
from pybind_models import DGraph
from pybind_models.bench import Mode
from tests.tiers import one_in
from tests.unit.bench.test_floor import SIZES
from tests.unit.executor.graphs import (
    attention,
    cross_entropy,
    encoder,
    feed_forward,
    gpt_block,
    llama_block,
    one_token,
    post_norm,
)

MODES: tuple[Mode, ...] = get_args(Mode)
GRAPHS = {
    "block": (encoder(fixed=False), 1),
    "blocks": (encoder(fixed=False), 2),
    "fixed block": (encoder(), 1),
    "attention": (post_norm(attention()), 1),
    "network": (feed_forward(fixed=False), 2),
    "one token": (one_token(), 1),
}


KNOWN = {
    known.__name__: (known(), layers)
    for known, layers in ((gpt_block, 2), (llama_block, 2), (cross_entropy, 1))
}


def counterpart_of(model: DGraph) -> Counterpart:
    found = find_counterpart(model)
    assert not isinstance(found, str)
    return found


WORK = [
    *one_in(3, product(("torch", "autograd", "as_torch"), GRAPHS, MODES)),
    # its compiler takes longer than the rest together
    pytest.param("jax", "blocks", "vjp", marks=pytest.mark.full),
    ("jax", "fixed block", "vjp"),
    ("jax", "network", "jvp"),
    ("jax", "network", "forward"),
    *one_in(3, product(("torch",), KNOWN, MODES)),
    *one_in(3, product(("jax",), KNOWN, ("vjp",))),
]


@pytest.mark.parametrize(("framework", "name", "mode"), WORK)
def test_a_framework_does_the_work_of_the_case(framework: str, name: str, mode: Mode) -> None:
    model, layers = (GRAPHS | KNOWN)[name]
    sizes = {dim: SIZES[dim] for dim in model.dims}
    case = draw_case(
        stack(model, layers), sizes, mode, "float64", counterpart=counterpart_of(model), layers=layers
    )
    expected = interpret_case(case)()
    reference = refer(framework, case)
    assert isinstance(reference, Reference)
    found = reference.results(reference.run())
    assert set(expected) <= set(found)
    for entry, array in expected.items():
        np.testing.assert_allclose(found[entry], array, rtol=1e-9, atol=1e-11, err_msg=entry)
    compiled = compile_case(case)
    for call in (compiled.run, compiled.checked):
        made = named(case, call())
        for entry, array in expected.items():
            np.testing.assert_allclose(made[entry], array, rtol=1e-9, atol=1e-11, err_msg=entry)


@pytest.mark.parametrize("framework", ["torch", "jax", "autograd"])
def test_frameworks_keep_single_precision(framework: str) -> None:
    model = feed_forward(fixed=False)
    case = draw_case(
        model, {"n": 2, "dModel": 3, "dFF": 4}, "vjp", "float32", counterpart=counterpart_of(model)
    )
    reference = refer(framework, case)
    assert isinstance(reference, Reference)
    assert {array.dtype for array in reference.results(reference.run()).values()} == {np.dtype(np.float32)}


def test_what_has_no_counterpart_is_said() -> None:
    model = attention(split="reshape")
    sizes = {dim: SIZES[dim] for dim in model.dims}
    bare = draw_case(model, sizes, "vjp", "float64", counterpart=counterpart_of(model))
    assert refer("torch", bare) == "PyTorch has no attention whose heads are split by a bare reshape"
    assert isinstance(refer("autograd", bare), Reference)
    no_block = draw_case(model, sizes, "vjp", "float64")
    assert refer("jax", no_block) == "of the graph it is not known what others have for it"
    known = draw_case(
        cross_entropy(), {"n": 2, "v": 3}, "vjp", "float64", counterpart=counterpart_of(cross_entropy())
    )
    assert refer("autograd", known) == "nothing of it is known for this graph"


def test_frameworks_must_be_known_and_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed(["torch", "jax", "autograd"])
    with pytest.raises(
        Declined, match="no framework 'mxnet' to compare with; expected one of interpreter, torch, "
    ):
        check_installed(["mxnet"])
    monkeypatch.setattr("lean_bridge.bench.references.find_spec", lambda _name: None)
    with pytest.raises(Declined, match=r"jax is not installed; pip install 'lean-bridge\[jax\]'"):
        check_installed(["jax"])


def test_the_peak_of_pytorchs_allocator_is_what_was_alive_at_once() -> None:
    def run() -> torch.Tensor:
        kept = torch.zeros(1000, dtype=torch.float64)
        scratch = torch.zeros(3000, dtype=torch.float64)
        del scratch
        return kept + torch.zeros(500, dtype=torch.float64).repeat(2)

    assert peak_bytes(run) == 8 * (1000 + 3000)
