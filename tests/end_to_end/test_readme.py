"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lean_bridge.errors import NumericsError
from tests.typing.example import gradients, status, weights

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

README = Path(__file__).parents[2] / "README.md"


def test_the_python_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(README.parent)
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 3
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    assert getattr(names["out"], "shape", None) == (3, 5, 8)
    assert [getattr(names[name], "shape", None) for name in ("dx", "dWq", "dWo")] == [(5, 8), (8, 8), (8, 8)]


def test_what_the_type_checker_is_shown_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(README.parent)
    assert gradients(3) == [(3, 8), *[(8, 8)] * 4]
    assert weights().inputs == 12
    assert status(NumericsError("x", "bad")) == 2
