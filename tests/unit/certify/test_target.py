"""A target is a file and a captured function in it; whatever else it is, is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.certify.target import load_target
from lean_bridge.errors import NotCaptured

FILE = """
import lean_bridge
from beside import double

@lean_bridge.graph(x=("n",))
def twice(x):
    return double(x)

number = 3
"""


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("def double(x):\n    return x + x\n", encoding="utf-8")
    file = tmp_path / "model.py"
    file.write_text(FILE, encoding="utf-8")
    return file


def test_a_captured_function_is_loaded_with_what_lies_beside_its_file(file: Path) -> None:
    captured = load_target(f"{file}:twice")
    assert [node.op for node in captured.model.nodes] == ["add"]
    assert captured.file == str(file)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("model.py", "model.py: expected FILE.py:NAME"),
        ("{file}:twic", "model.py: has no twic; did you mean twice?"),
        ("{file}:other", "model.py: has no other; it has twice"),
        ("{file}:number", "expected a function with @lean_bridge.graph, found int"),
        ("nowhere.py:f", "nowhere.py: expected a file of Python here"),
        ("{folder}/fails.py:f", "fails.py: raises ZeroDivisionError while it is run: "),
        ("{folder}/ends.py:f", "ends.py: raises SystemExit while it is run: 0"),
    ],
)
def test_what_is_no_target_is_one_line(file: Path, target: str, told: str) -> None:
    (file.parent / "fails.py").write_text("1 / 0\n", encoding="utf-8")
    (file.parent / "ends.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    with pytest.raises(NotCaptured) as raised:
        load_target(target.format(file=file, folder=file.parent))
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
