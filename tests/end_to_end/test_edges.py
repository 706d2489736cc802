"""The command line at the edges of the world: one line, no traceback, no fault of its own, no verdict."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from lean_bridge.bench.case import draw_case
from lean_bridge.bench.sizes import parse_sizes
from lean_bridge.commands.options import write_result
from lean_bridge.errors import BindingError, Declined, NoVerdict
from tests.tiers import one_in
from tests.unit.executor.graphs import attention

BRIDGE = (sys.executable, "-m", "lean_bridge")


def run(*words: str, cwd: Path | None = None, before: str = "") -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f'{before}exec "$@"', "bash", *BRIDGE, *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)


def expect(found: subprocess.CompletedProcess[str], *said: str) -> None:
    assert found.returncode == 2
    for word in said:
        assert word in " ".join((found.stdout + found.stderr).split())
    for fault in ("Traceback", "LB999"):
        assert fault not in found.stdout + found.stderr


BAD = ["nowhere/x.svg", ".", "file/x.svg", "x" * 300 + ".svg"]


PLACES = [("graph", "-f", "svg", "-o"), ("bench", "--save"), ("bench", "--plot")]


@pytest.mark.parametrize(("path", "command"), one_in(2, product(BAD, PLACES)))
def test_a_place_for_results_is_looked_at_before_any_work(
    tmp_path: Path, command: tuple[str, ...], path: str
) -> None:
    (tmp_path / "file").touch()
    name, *options = command
    found = run(name, "no_such_graph", *options, str(tmp_path / path), "--shipped")
    expect(found, "expected a file" if "--plot" in options and path == "." else "Invalid value")
    assert "no_such_graph" not in found.stderr


@pytest.mark.parametrize(
    "words",
    [("list",), ("verify",), ("status",), ("doctor",), ("lean", "x.lean"), ("olean", "x"), ("graph", "g")],
)
def test_a_working_directory_that_is_gone_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "gone").mkdir()
    found = run(*words, before=f'cd "{tmp_path}/gone" && rmdir "{tmp_path}/gone" && ')
    assert found.returncode in (0, 2)
    assert "Traceback" not in found.stderr
    assert "LB999" not in found.stderr


WRITERS = [("verify", "--shipped"), ("toolchain", "install"), ("build", "--shipped")]


@pytest.mark.parametrize(("words", "below"), one_in(2, product(WRITERS, ["", "/below"])))
def test_a_cache_that_is_a_file_is_named(tmp_path: Path, words: tuple[str, ...], below: str) -> None:
    (tmp_path / "cache").touch()
    found = run(*words, before=f'export LEAN_BRIDGE_CACHE="{tmp_path}/cache{below}"; ')
    expect(found, "Not a directory")


@pytest.mark.parametrize("size", ["9" * 5000, "1" * 19])
def test_dimensions_without_measure_are_refused(size: str) -> None:
    with pytest.raises(BindingError, match="expected an integer of at most 18 digits") as caught:
        parse_sizes([f"n={size}"], attention())
    assert len(str(caught.value)) < 200


def test_more_than_this_machine_holds_is_declined_before_anything_is_drawn() -> None:
    sizes = {"n": 10**6, "dModel": 8, "numHeads": 2, "headDim": 4}
    with pytest.raises(Declined, match=r"its entries take [\d,]+ GB at these sizes, more than the \d+ GB"):
        draw_case(attention(), sizes, "vjp", "float64")


def test_memory_that_is_not_there_is_said() -> None:
    told = (
        "from lean_bridge import cli\n"
        "def app(**_):\n    raise MemoryError('Unable to allocate 7 TiB')\n"
        "cli.app = app\ncli.main()\n"
    )
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    expect(found, "there is not enough memory: Unable to allocate 7 TiB: no verdict")


@pytest.mark.parametrize(
    "words", [("list",), ("status",), ("verify", "-f", "text"), ("verify", "-f", "github")]
)
def test_a_place_is_named_from_where_the_person_stands(tmp_path: Path, words: tuple[str, ...]) -> None:
    project = tmp_path / "a:b #[x] y"
    (project / "lean").mkdir(parents=True)
    (project / "lean" / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\n')
    (project / "lean" / "catalogue.toml").write_text('\n\n[[declaration]]\nname = "A"\nkind = "theorem"\n')
    found = run(*words, cwd=project)
    expect(found, "lean/catalogue.toml:3: expected declaration.1.group, found none")
    assert str(tmp_path) not in found.stdout + found.stderr
    expect(run(*words, "--project", str(project), cwd=tmp_path), "a:b #[x] y/lean/catalogue.toml:3: expected")


@pytest.mark.parametrize(
    "words", [("replay", "--time-limit", "1e300"), ("lean", "A.lean", "--time-limit", "inf")]
)
def test_a_time_that_no_clock_takes_is_no_fault(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    (tmp_path / "catalogue.toml").touch()
    found = run(*words, cwd=tmp_path)
    expect(found)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_result_that_does_not_fit_is_named() -> None:
    with pytest.raises(NoVerdict, match=r"^/dev/full: cannot be written: No space left on device; nothing"):
        write_result(Path("/dev/full"), "x" * 100_000)


@pytest.mark.parametrize(
    "command", [("verify", "-f", "json"), ("verify", "-f", "junit"), ("toolchain", "path")]
)
def test_a_cache_whose_name_is_no_text_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    found = run(*command, "--shipped", before=f"export LEAN_BRIDGE_CACHE={tmp_path}/$'a\\xffb'; ")
    expect(found, "Node reads no path whose bytes are no text; set LEAN_BRIDGE_CACHE to another")


NAMES = ["a b", "a;b", "a*b?", "a#b%20", "a:b", "a\nb", "a\udcffb", "-a", "a'\"b$(x)`"]


@pytest.mark.parametrize(("name", "form"), one_in(2, product(NAMES, ["json", "junit"])))
def test_a_project_may_have_any_name(tmp_path: Path, name: str, form: str) -> None:
    project = tmp_path / name
    project.mkdir()
    (project / "lakefile.toml").write_text('name = "A"\n[[lean_lib]]\nname = "A"\n')
    (project / "lean-toolchain").write_text("leanprover/lean4:v4.1.0\n")  # which nobody has
    (project / "catalogue.toml").write_text('[[declaration]]\nname = "A"\nkind = "theorem"\ngroup = "g"\n')
    (project / "A.lean").write_text("module\n")
    expect(run("verify", "-f", form, cwd=project), "LB901")
