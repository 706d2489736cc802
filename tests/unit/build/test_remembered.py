"""What was compiled or refused once is not asked of Lean again, and what is kept has a limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lean_bridge.build.build import build_modules
from lean_bridge.build.cache import LIMIT, build_store, clear, holdings, prune, size_limit
from lean_bridge.build.modules import read_library
from lean_bridge.build.store import module_keys
from lean_bridge.errors import NoVerdict, ProjectNotFound
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.pool import Pool
from lean_bridge.toolchain.provider import WorkerPool
from lean_bridge.toolchain.worker import Answer
from pybind_models import BuildReport, ModuleReport, Toolchain
from tests.unit.toolchain.scripted import Stage

MESSAGE = (
    '{"severity":"error","pos":{"line":3,"column":0},"data":"DATA","fileName":"x","endPos":null,'
    '"caption":"","kind":"","keepFullRange":false,"isSilent":false}'
)
EMBEDDED = Toolchain(provider="embedded", version="4.28.0-pre", identity="x", location="/x", isolation="wasm")


def refused(text: str = "unsolved goals", status: int = 1) -> Answer:
    return Answer(status, 0.5, (MESSAGE.replace("DATA", text),), ())


@dataclass
class Lean:
    """A Lean whose workers follow a script."""

    library: Path
    answers: list[Answer | Exception]
    info: Toolchain = EMBEDDED
    pools: list[Pool] = field(default_factory=list)

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        stage = Stage(self.answers)
        self.pools.append(Pool(stage.start, workers, time_limit))
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[WorkerPool]:
        yield self.pools[-1]
        self.pools[-1].close()


@pytest.fixture(name="project")
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    root, library = tmp_path / "project", tmp_path / "library"
    root.mkdir()
    (library / "Init").mkdir(parents=True)
    (library / "Init.olean").touch()
    (root / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\nglobs = ["A"]\n')
    (root / "A.lean").write_text("module\n\ntheorem wrong : 1 = 2 := rfl\n")
    return root


def build(root: Path, *answers: Answer | Exception, fresh: bool = False, **info: object) -> BuildReport:
    lean = Lean(root.parent / "library", list(answers), EMBEDDED.replaced(**info))
    library = read_library(root, lean.library)
    return build_modules(library, lean, workers=1, fresh=fresh)[0]


def state(report: BuildReport) -> tuple[str, bool, int]:
    (module,) = report.modules
    return module.state, module.remembered, report.lean_processes


def test_what_lean_refuses_is_refused_again_without_it_and_with_its_messages(project: Path) -> None:
    first = build(project, refused())
    assert state(first) == ("failed", False, 1)
    again = build(project)
    assert state(again) == ("failed", True, 0)
    assert again.modules[0].diagnostics == first.modules[0].diagnostics
    assert state(build(project, refused("another"), fresh=True)) == ("failed", False, 1)
    assert build(project).modules[0].diagnostics[0].text == "another"


@pytest.mark.parametrize(
    ("option", "said", "told"),
    [
        (
            "autoImplict = false",
            "invalid -D parameter, unknown configuration option 'autoImplict'",
            "Lean has no option autoImplict; did you mean autoImplicit or",
        ),
        (
            "zzz = false",
            "invalid -D parameter, unknown configuration option 'zzz'",
            "Lean has no option zzz; correct it, or write weak.zzz where",
        ),
        (
            "weak.zzz = 7",
            "invalid -D parameter, invalid configuration option '7' value, it must be true/false",
            "weak.zzz takes true/false, found '7'",
        ),
    ],
)
def test_an_option_that_lean_does_not_take_is_the_lakefile_s_fault_and_not_the_source_s(
    project: Path, option: str, said: str, told: str
) -> None:
    with (project / "lakefile.toml").open("a") as lakefile:
        lakefile.write(f"leanOptions.{option}\n")
    with pytest.raises(ProjectNotFound) as error:
        build(project, refused(said))
    assert str(error.value).startswith(f"{project / 'lakefile.toml'}:4: lean_lib A, leanOptions: {told}")


def test_a_refusal_is_of_the_source_and_not_of_its_place(project: Path) -> None:
    build(project, refused())
    moved = project.parent / "moved"
    (moved / "vendored").mkdir(parents=True)
    shutil.copy(project / "A.lean", moved / "vendored" / "A.lean")
    (moved / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\nglobs = ["A"]\nsrcDir = "vendored"\n')
    again = build(moved)
    assert state(again) == ("failed", True, 0)
    assert (again.modules[0].file, again.modules[0].diagnostics[0].file) == ("vendored/A.lean",) * 2
    (moved / "vendored" / "A.lean").write_text("module\n\ntheorem wrong : 1 = 3 := rfl\n")
    assert state(build(moved, refused())) == ("failed", False, 1)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refused("(deterministic) timeout at `whnf`"), id="heartbeats"),
        pytest.param(refused("(kernel) deep recursion detected"), id="stack"),
        pytest.param(refused("out of memory"), id="memory"),
        pytest.param(refused(status=134), id="killed behind an error"),
        pytest.param(Answer(1, 0.5, (), ("Aborted",)), id="no message"),
        pytest.param(Answer(1, 0.5, refused().stdout, (), ended_by="source"), id="ended by the source"),
        pytest.param(refused("Unknown constant `Lean.f._redArg`"), id="limit of this Lean"),
    ],
)
def test_what_another_day_may_decide_otherwise_is_asked_again(project: Path, answer: Answer) -> None:
    assert state(build(project, answer))[0] in ("failed", "unsupported")
    assert state(build(project, answer))[1:] == (False, 1)


def test_where_nothing_isolates_a_refusal_is_not_remembered(project: Path) -> None:
    build(project, refused(), isolation="none")
    assert state(build(project, refused(), isolation="none")) == ("failed", False, 1)


def test_the_same_sources_elsewhere_are_not_compiled_again(project: Path) -> None:
    (project / "A.lean").write_text("module\n")
    report = ModuleReport(module="A", file="A.lean", state="built", seconds=0.0)
    key = stored_key(project)
    store = build_store()
    with store.lock(key), store.scratch() as scratch:
        (scratch / "module.olean").write_bytes(b"olean")
        store.put(key, report, scratch)
    clone = shutil.copytree(project, project.parent / "a clone" / "lean")
    moved = project.parent / "moved"
    (moved / "src").mkdir(parents=True)
    shutil.copy(project / "A.lean", moved / "src")
    (moved / "lakefile.toml").write_text('srcDir = "src"\n[[lean_lib]]\nname = "A"\nglobs = ["A"]\n')
    for root, file in ((project, "A.lean"), (clone, "A.lean"), (moved, "src/A.lean")):
        found = build(root)
        assert state(found) == ("cached", False, 0)
        assert found.modules[0].file == file


def stored_key(root: Path) -> str:
    return module_keys(read_library(root, root.parent / "library"), EMBEDDED)["A"]


def old(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (1, 1))


def test_a_build_prunes_what_is_kept_at_most_once_an_hour(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = cache_directory() / "answers" / "one"
    record.parent.mkdir(parents=True)
    record.write_bytes(bytes(5000))
    old(record)
    build(project, refused())
    assert record.exists()
    monkeypatch.setenv(LIMIT, "1K")
    build(project)
    assert record.exists()
    old(cache_directory() / "build" / "pruned")
    build(project)
    assert not record.exists()


@pytest.mark.parametrize(
    ("said", "size"),
    [(None, 4 << 30), ("", 4 << 30), ("0", 0), ("12", 12), ("500M", 500 << 20), ("4 gb", 4 << 30)],
)
def test_the_limit_is_a_size(said: str | None, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT, raising=False)
    if said is not None:
        monkeypatch.setenv(LIMIT, said)
    assert size_limit() == size


@pytest.mark.parametrize("said", ["much", "-1", "1.5G", "4X", "G"])
def test_what_is_no_size_is_no_limit(said: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT, said)
    with pytest.raises(NoVerdict, match=f"{LIMIT}: expected a size such as 500M or 4G, found '{said}'"):
        build(project)


def test_clearing_and_pruning_leave_an_installed_lean(project: Path) -> None:
    build(project, refused())
    lean = cache_directory() / "toolchains" / "lean"
    lean.parent.mkdir(parents=True)
    lean.write_bytes(bytes(100))
    old(lean)
    assert prune(0) == 0
    assert {each.path.name: each.is_pruned for each in holdings()} == {"build": True, "toolchains": False}
    assert clear() > 0
    assert [(each.path.name, each.files, each.size) for each in holdings()] == [("toolchains", 1, 100)]
    assert state(build(project, refused())) == ("failed", False, 1)


def test_the_command_shows_prunes_and_clears(project: Path) -> None:
    build(project, refused())

    def said(*options: str, **environment: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "lean_bridge", "cache", *options]
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    status, shown = said("status")
    assert status == 0
    assert f"\t{cache_directory() / 'build'}\tat most 4.0 GB with the others" in shown
    assert said("prune") == (0, f"0 B freed\n{shown}")
    status, shown = said("clear")
    assert status == 0
    assert shown.endswith("freed\n")
    assert list(holdings()) == []
    status, shown = said("status", LEAN_BRIDGE_CACHE_LIMIT="much")
    assert (status, "expected a size" in shown, "Traceback" in shown) == (2, True, False)
