"""The page on certifying a function says what is there: its example is captured, its checks have names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lean_bridge.capture.functions
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.capture.captured import CapturedGraph
from lean_bridge.capture.ops import FUNCTIONS
from lean_bridge.certify.same import NAME
from lean_bridge.certify.target import load_captured
from lean_bridge.crosscheck.function import GRADIENTS, VALUES, check_function

PAGE = (Path(__file__).parents[3] / "docs" / "certify.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_is_captured_and_is_itself(tmp_path: Path) -> None:
    (code, of_tokens) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (file, name) = re.findall(r"lean-bridge certify (\S+):(\w+) -o", PAGE)[0]
    (tmp_path / file).write_text(code + of_tokens, encoding="utf-8")
    captured = load_captured(f"{tmp_path / file}:{name}")
    assert isinstance(captured, CapturedGraph)
    assert captured.bind(n=8, d=3, h=4).compile().standing.status == "not judged"
    for each in (captured, load_captured(f"{tmp_path / file}:next_token")):
        checks = check_function(each.function, each.model, each.outputs)
        assert [check.outcome for check in checks] == ["passed"] * 2


@pytest.mark.parametrize("name", [NAME, VALUES, GRADIENTS])
def test_a_check_is_called_what_the_page_calls_it(name: str) -> None:
    assert f"| {name} |" in PAGE


def test_the_functions_that_numpy_lacks_are_those_of_the_page() -> None:
    own = {
        name
        for name, value in vars(lean_bridge.capture.functions).items()
        if callable(value) and getattr(value, "__module__", "") == lean_bridge.capture.functions.__name__
        if not name.startswith("_")
    }
    (sentence,) = re.findall(r"which NumPy\s+lacks: (.*?)\.", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == own
    assert own <= set(FUNCTIONS)


def test_the_largest_graph_of_the_page_is_one_that_a_test_certifies() -> None:
    ops, moving = re.findall(r"a block of attention of (\d+) ops, (\d+) of which move or reshape", PAGE)[0]
    proof = (Path(__file__).parents[2] / "end_to_end" / "test_certify.py").read_text(encoding="utf-8")
    assert f"len(nodes) == {ops}" in proof
    assert f'in ("reshape", "swap01", "transposeLast2") for node in nodes) == {moving}' in proof
    assert f"Lean has {TIME_LIMIT:.0f} s for a file" in PAGE
