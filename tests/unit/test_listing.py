"""What is listed of ops is there: their declarations in Lean, and the names that others have for them."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.commands.listing import ops
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models.listing import Listing

ROOT = Path(__file__).parents[2]
SOURCES = "\n".join(path.read_text("utf-8") for path in (ROOT / "lean" / "Proofs").rglob("*.lean"))


def found(name: str) -> Any:
    library, *parts = name.split(".")
    return reduce(getattr, parts, importlib.import_module(library))


@pytest.mark.parametrize("op", ops(), ids=lambda op: op.name)
def test_names_are_those_of_functions_there_and_of_a_declaration_here(op: Any) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    assert re.search(rf"def (Op\.)?{op.name}\b", SOURCES)
    assert op.torch
    assert all(callable(found(name)) for name in (*op.torch, *op.jax))


def test_every_op_is_listed_once_and_upstream_s_nodes_with_it() -> None:
    assert [op.name for op in ops()] == list(PRIMITIVES)
    by_name = {op.name: op for op in ops()}
    assert by_name["bmatmul"].upstream == ("Proofs.Autograd.TapeNodes.Batched.matmul",)
    assert by_name["layerNorm"].domain == "var + ε > 0"
    assert by_name["exp"].domain is None
    assert by_name["huber"].jax == ()


def test_the_command_lists_declarations_and_ops() -> None:
    done = CliRunner().invoke(app, ["list", "--project", str(ROOT), "--format", "json"])
    assert done.exit_code == 0, done.output
    told = Listing.model_validate_json(done.stdout)
    assert told.ops == ops()
    plain = CliRunner().invoke(app, ["list", "--project", str(ROOT)]).stdout.splitlines()
    assert [each.name for each in told.declarations] == [line.partition("\t")[2] for line in plain]
    assert any(each.upstream for each in told.declarations)
