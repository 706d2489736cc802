from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.build.build import build_generated, build_library
from lean_bridge.build.store import Store
from lean_bridge.events import BuildEvent, BuildStarted, ModuleFinished, ModuleStarted, Spent
from lean_bridge.toolchain.provider import Provider
from pybind_models import BuildReport
from tests.end_to_end.lean_processes import ENDLESS, children, is_running, wait_until

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]

DOUBLE = """module
public import Init
@[expose] public section
def double (n : Nat) : Nat := n + n
"""
LEMMA = """module
public import Small.Double
public section
theorem double_eq (n : Nat) : double n = 2 * n := by unfold double; omega
"""
USE = """module
public import Small.Lemma
theorem eight : double 4 = 8 := by rw [double_eq]
"""
PROGRAM = """
import signal
import sys
from pathlib import Path
from lean_bridge.build.build import build_library
from lean_bridge.toolchain.embedded import EmbeddedProvider
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests were told to ignore it
report, tree = build_library(Path(sys.argv[1]), EmbeddedProvider(Path(sys.argv[2])), workers=1)
print(report.model_dump_json())
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: Provider) -> Path:
    assert embedded.library.is_dir()  # found before the cache moves
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Path:
    root = tmp_path / "lean"
    (root / "Small").mkdir(parents=True)
    (root / "lakefile.toml").write_text('name = "small"\n[[lean_lib]]\nname = "Small"\nglobs = ["Small.+"]\n')
    for name, text in {"Double": DOUBLE, "Lemma": LEMMA, "Use": USE}.items():
        (root / "Small" / f"{name}.lean").write_text(text)
    assert not cache.exists()
    return root


def states(report: BuildReport) -> dict[str, str]:
    return {module.module: module.state for module in report.modules}


def test_only_what_changed_is_built_again(project: Path, embedded: Provider) -> None:
    events: list[BuildEvent] = []
    first, tree = build_library(project, embedded, workers=1, observe=events.append)
    assert states(first) == {"Small.Double": "built", "Small.Lemma": "built", "Small.Use": "built"}
    assert first.lean_processes == 1
    assert (tree / "Small" / "Lemma.olean.private").is_file()
    spent = [each for each in events if isinstance(each, Spent)]
    assert {each.lane for each in spent} == {"MainThread", "Lean 1"}
    assert {"start", "hand over", "instance", "elaborate", "write"} < {each.name for each in spent}
    assert [each for each in events if each not in spent] == [
        BuildStarted(("Small.Double", "Small.Lemma", "Small.Use")),
        *(
            event
            for module in first.modules
            for event in (ModuleStarted(module.module), ModuleFinished(module))
        ),
    ]

    second, same_tree = build_library(project, embedded)
    assert set(states(second).values()) == {"cached"}
    assert second.lean_processes == 0
    assert same_tree == tree
    assert [module.seconds for module in second.modules] == [module.seconds for module in first.modules]

    (project / "Small" / "Use.lean").write_text(USE + "theorem six : double 3 = 6 := by rw [double_eq]\n")
    third, _ = build_library(project, embedded)
    assert states(third) == {"Small.Double": "cached", "Small.Lemma": "cached", "Small.Use": "built"}

    only, _ = build_library(project, embedded, only=["Small.Lemma"])
    assert states(only) == {"Small.Double": "cached", "Small.Lemma": "cached"}


def test_an_edited_compiled_file_is_made_again(project: Path, embedded: Provider, cache: Path) -> None:
    build_library(project, embedded, workers=1, only=["Small.Double"])
    for compiled in cache.glob("build/**/*Double.olean"):
        edited = bytearray(compiled.read_bytes())
        edited[len(edited) // 2] ^= 1
        compiled.write_bytes(edited)  # the store's file too: the tree is made of links
    report, tree = build_library(project, embedded, workers=1, only=["Small.Lemma"])
    assert states(report) == {"Small.Double": "built", "Small.Lemma": "built"}
    assert (tree / "Small" / "Double.olean").read_bytes() != edited


def test_an_error_is_placed_and_blocks_its_importers(project: Path, embedded: Provider) -> None:
    (project / "Small" / "Lemma.lean").write_text(LEMMA.replace("2 * n", "3 * n"))
    report, tree = build_library(project, embedded, workers=2)
    assert states(report) == {"Small.Double": "built", "Small.Lemma": "failed", "Small.Use": "blocked"}
    (error,) = report.modules[1].diagnostics
    assert (error.file, error.line, error.column, error.severity) == ("Small/Lemma.lean", 4, 68, "error")
    assert "omega" in error.text
    assert not (tree / "Small" / "Lemma.olean").exists()

    (project / "Small" / "Lemma.lean").write_text(LEMMA)
    mended, _ = build_library(project, embedded, workers=1)
    assert states(mended) == {"Small.Double": "cached", "Small.Lemma": "built", "Small.Use": "built"}


@pytest.mark.full
def test_two_builds_at_once_share_the_work(project: Path, embedded: Provider, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(project), embedded.info.location]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=200) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    reports = [BuildReport.model_validate_json(out) for out, _ in outputs]
    for first, second in zip(reports[0].modules, reports[1].modules, strict=True):
        assert {first.state, second.state} == {"built", "cached"}
        assert first.seconds == second.seconds
    results = list(tmp_path.glob("cache/build/modules/*/*/result.sealed"))
    found = [
        Store(tmp_path / "cache" / "build").find(result.parent.name.partition("-")[0]) for result in results
    ]
    assert sorted(entry.report.module for entry in found if entry is not None) == [
        "Small.Double",
        "Small.Lemma",
        "Small.Use",
    ]


def test_an_interrupted_build_resumes(project: Path, embedded: Provider, cache: Path) -> None:
    (project / "Small" / "Lemma.lean").write_text(ENDLESS.replace("import Init", "import Small.Double"))
    command = [sys.executable, "-c", PROGRAM, str(project), embedded.info.location]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(list(cache.glob("build/modules/*/*/result.sealed"))), 120)
        workers = children(running.pid)
        running.send_signal(signal.SIGINT)
        running.wait(30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode != 0
    assert workers
    assert not any(is_running(worker) for worker in workers)
    (project / "Small" / "Lemma.lean").write_text(LEMMA)
    report, _ = build_library(project, embedded, workers=1)
    assert states(report) == {"Small.Double": "cached", "Small.Lemma": "built", "Small.Use": "built"}
    assert list((cache / "build" / "scratch").iterdir()) == []


@pytest.mark.full
def test_generated_modules_are_built_once_against_a_library(project: Path, embedded: Provider) -> None:
    _, library = build_library(project, embedded, workers=1, only=["Small.Double"])
    sources = {
        "Made.Base": "module\npublic import Small.Double\npublic theorem one : double 1 = 2 := rfl\n",
        "Made.Top": "module\nimport Made.Base\ntheorem two : double 1 = 2 ∧ double 1 = 2 := ⟨one, one⟩\n",
        "Made.Wrong": "module\nimport Small.Double\ntheorem wrong : double 1 = 3 := rfl\n",
    }
    first, tree = build_generated(sources, [library], embedded, workers=1)
    assert states(first) == {"Made.Base": "built", "Made.Top": "built", "Made.Wrong": "failed"}
    assert first.lean_processes == 1
    refused = next(module for module in first.modules if module.module == "Made.Wrong")
    assert {(error.file, error.line) for error in refused.diagnostics} == {("Made/Wrong.lean", 3)}
    assert sorted(file.name for file in tree.glob("Made/*.olean")) == ["Base.olean", "Top.olean"]
    assert not (tree / "Small").exists()

    del sources["Made.Wrong"]
    again, _ = build_generated(sources, [library], embedded)
    assert states(again) == {"Made.Base": "cached", "Made.Top": "cached"}
    assert again.lean_processes == 0

    (project / "Small" / "Double.lean").write_text(DOUBLE.replace("n + n", "n + (n + 0)"))
    _, changed = build_library(project, embedded, workers=1, only=["Small.Double"])
    report, _ = build_generated(sources, [changed], embedded, workers=1)
    assert states(report) == {"Made.Base": "built", "Made.Top": "built"}
