"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
