"""What nobody meets in Lean is open in the catalogue of what is certified, and nothing else is."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np

from lean_bridge import graph
from lean_bridge.capture.functions import layer_norm, relu
from lean_bridge.certify.certify import package_files
from lean_bridge.codes import Code
from lean_bridge.crosscheck.differences import check_differences
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph


@graph(x=("n", 2), w=(2,), b=(2,), eps=float)
def rectified(x: Any, w: Any, b: Any, eps: Any) -> Any:
    return relu(layer_norm(x, w, b, eps))


@graph(x=("n",))
def everywhere(x: Any) -> Any:
    return np.tanh(x)


@graph(x=("n",))
def nowhere(x: Any) -> Any:
    return relu(x - x)


def opened(model: DGraph) -> list[list[str]]:
    """Return the hypotheses that the catalogue of a graph calls open, by declarations."""
    catalogue = tomllib.loads(package_files(model, "Mine", "a test")["catalogue.toml"])
    return [[*each.get("open", {})] for each in catalogue["declaration"]]


def test_a_hypothesis_about_what_is_computed_is_open_and_one_about_a_scalar_is_not() -> None:
    assert opened(rectified.model) == [[], ["h_relu"], ["h_relu"]]
    assert opened(everywhere.model) == [[], [], []]


def test_a_graph_whose_hypothesis_never_holds_is_not_compared() -> None:
    result = check_differences(nowhere.model, PRIMITIVES)
    assert (result.outcome, result.code) == ("not run", Code.OUTSIDE_HYPOTHESIS)
    assert check_differences(rectified.model, PRIMITIVES).outcome == "passed"
