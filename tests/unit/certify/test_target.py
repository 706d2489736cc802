"""A target is a file and a captured function in it; whatever else it is, is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lean_bridge.certify import target
from lean_bridge.certify.target import load_captured, open_target
from lean_bridge.crosscheck.abroad import Raised
from lean_bridge.crosscheck.function import check_function
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
    captured = load_captured(f"{file}:twice")
    assert [node.op for node in captured.model.nodes] == ["add"]
    assert captured.file == str(file)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("model.py", "model.py: expected FILE.py:NAME"),
        ("", "an empty text: expected FILE.py:NAME"),
        ("{file}:twic", "model.py: has no twic; did you mean twice?"),
        ("{file}:other", "model.py: has no other; it has twice"),
        (
            "{file}:number",
            "a function with @lean_bridge.graph, or what from_torch or from_jax returns, found int",
        ),
        ("nowhere.py:f", "nowhere.py: expected a file of Python here"),
        ("{folder}/fails.py:f", "fails.py: raises ZeroDivisionError while it is run: "),
        ("{folder}/ends.py:f", "ends.py: raises SystemExit while it is run: 0"),
    ],
)
def test_what_is_no_target_is_one_line(file: Path, named: str, told: str) -> None:
    (file.parent / "fails.py").write_text("1 / 0\n", encoding="utf-8")
    (file.parent / "ends.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    with pytest.raises(NotCaptured) as raised:
        load_captured(named.format(file=file, folder=file.parent))
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_function_is_itself_in_a_python_of_its_own(file: Path) -> None:
    spoilt = (
        "print('a file may print')\nimport lean_bridge.certify.target as room\nroom.load_captured = None\n"
    )
    file.write_text(FILE + spoilt)
    with open_target(f"{file}:twice") as found:
        assert ([node.op for node in found.model.nodes], len(found.outputs)) == (["add"], 1)
        assert (found.file, found.name, found.qualified) == ("model.py", "twice", "twice")
        for x in (np.zeros((3, 0)), np.array([np.nan, np.inf, 1e-310, 1 / 3]), np.float64(0.1)):
            (value,) = found.function(x=x)
            np.testing.assert_array_equal(value, np.asarray(x + x), strict=True)
    assert load_captured is not None
    assert target.load_captured is load_captured  # what a file does to the tool, it does to its own process


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "import os\nos._exit(0)\n",
            "model.py:twice: no graph came of its file, but the end of its Python: exit",
        ),
        (
            "import os\nos.write(3, b'[1]\\n')\nfor at in range(9): os.write(at, b'{}\\n')\n",
            "model.py:twice: no graph",
        ),
        ("1 / 0\n", "model.py: raises ZeroDivisionError while it is run: "),
    ],
)
def test_a_file_that_ends_python_or_answers_for_it_is_one_line(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(NotCaptured) as raised, open_target(f"{file}:twice"):
        pass
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "os._exit(0) if x.__class__.__name__ == 'ndarray' else x + x",
            "the end of its Python: exit status 0",
        ),
        ("x.nothing if x.__class__.__name__ == 'ndarray' else x + x", "AttributeError of NumPy's arrays: "),
    ],
)
def test_what_a_function_does_with_arrays_is_told(file: Path, body: str, told: str) -> None:
    file.write_text(f"import os\n{FILE.replace('double(x)', body)}")
    with open_target(f"{file}:twice") as found:
        for _ in range(2):
            with pytest.raises(Raised) as raised:
                found.function(x=np.ones(2))
            assert told in str(raised.value)


CAUSAL = """
import lean_bridge, torch

def attend(x):
    return torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)

model = lean_bridge.from_torch(attend, (torch.randn(1, 3, 2),), {"x": {1: "n"}})
"""


@pytest.mark.full
def test_masks_that_the_code_makes_are_told_by_its_process(tmp_path: Path) -> None:
    (tmp_path / "causal.py").write_text(CAUSAL, encoding="utf-8")
    done = list[str]()
    with open_target(f"{tmp_path}/causal.py:model", lambda: done.append("meanwhile")) as found:
        assert done == ["meanwhile"]
        data = found.data(n=4)
        checks = check_function(found.function, found.model, found.outputs, found.constants, data=found.data)
    np.testing.assert_array_equal(data["mask"], np.tri(4, dtype=bool))
    assert [each.outcome for each in checks] == ["passed"] * 2
