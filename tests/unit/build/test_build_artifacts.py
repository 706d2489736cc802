"""What a compiler that is not to be trusted leaves behind is looked at before it is kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lean_bridge.build import build, store
from lean_bridge.build.build import build_library
from lean_bridge.build.cache import build_store
from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainCrashed, ToolchainError
from lean_bridge.toolchain.provider import Elaboration, Job, WorkerPool
from pybind_models import Toolchain

DATA = Path(__file__).parents[2] / "data" / "olean"
SUFFIXES = (".olean", ".olean.server", ".olean.private")


@dataclass
class Compiler:
    """A Lean that says of every file that all is well, and writes what it is told to."""

    library: Path
    write: Callable[[Job], None]
    info: Toolchain = Toolchain(provider="installed", version="4.28.0", identity="x", location="/x")  # noqa: RUF009
    processes_started: int = 0

    @contextmanager
    def _open(self) -> Iterator[WorkerPool]:
        yield self

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        del workers, time_limit
        return self._open()

    def close(self) -> None:
        """End nothing, as nothing runs."""

    def elaborate(self, job: Job) -> Elaboration:
        self.processes_started += 1
        self.write(job)
        return Elaboration(source=job.source, ok=True, seconds=0.0, diagnostics=(), artifacts=())


def honest(job: Job) -> None:
    """Write what the source compiles to."""
    assert job.olean is not None
    for suffix in SUFFIXES:
        job.olean.with_suffix(suffix).write_bytes((DATA / f"Cell{suffix}").read_bytes())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    root, library = tmp_path / "project", tmp_path / "library"
    for folder in (root, library / "Init"):
        folder.mkdir(parents=True)
    (root / "lakefile.toml").write_text('[[lean_lib]]\nname = "Cell"\nglobs = ["Cell"]\n')
    (root / "Cell.lean").write_text((DATA / "Cell.lean").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("Init", "Init/Prelude", "Init/Core"):
        (library / f"{name}.olean").write_bytes(b"olean")
    return root


def compiler(project: Path, write: Callable[[Job], None]) -> Compiler:
    return Compiler(project.parent / "library", write)


def stored() -> list[Path]:
    return [path for path in build_store().directory.glob("modules/*/*") if path.is_dir()]


def test_an_honest_compiler_is_asked_once(project: Path) -> None:
    lean = compiler(project, honest)
    first, tree = build_library(project, lean, workers=1)
    second, _ = build_library(project, lean, workers=1)
    assert [report.modules[0].state for report in (first, second)] == ["built", "cached"]
    assert {path.name for path in tree.iterdir()} == {f"Cell{suffix}" for suffix in SUFFIXES}
    assert lean.processes_started == 1


def test_what_an_earlier_account_let_pass_is_held_against_its_source_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without asking Lean where it is whole; what is not is compiled again, and refused."""
    source = (project / "Cell.lean").read_text(encoding="utf-8")
    lean = compiler(project, honest)
    for text, again, asked in (
        (source, "cached", 1),
        (f"{source}\ntheorem more : 1 = 1 := rfl\n", "failed", 3),
    ):
        (project / "Cell.lean").write_text(text, encoding="utf-8")
        with monkeypatch.context() as earlier:
            earlier.setattr(store, "account_digest", lambda: "earlier")
            earlier.setattr(build, "find_unaccounted", lambda *_: None)
            report, _ = build_library(project, lean, workers=1)
            assert report.modules[0].state == "built"
        report, _ = build_library(project, lean, workers=1)
        assert (report.modules[0].state, lean.processes_started) == (again, asked)
    assert report.modules[0].code == Code.SOURCE_NOT_ACCOUNTED


def test_an_account_is_made_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = compiler(project, honest)
    with monkeypatch.context() as earlier:
        earlier.setattr(store, "account_digest", lambda: "earlier")
        build_library(project, lean, workers=1)
    build_library(project, lean, workers=1)
    monkeypatch.delattr(build, "find_unaccounted")
    report, _ = build_library(project, lean, workers=1)
    assert (report.modules[0].state, lean.processes_started) == ("cached", 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_cut_short_is_no_answer_and_is_not_kept(project: Path, suffix: str) -> None:
    def cut(job: Job) -> None:
        honest(job)
        assert job.olean is not None
        path = job.olean.with_suffix(suffix)
        path.write_bytes(path.read_bytes()[:-64])

    with pytest.raises(ToolchainCrashed, match=r"Cell\.lean: Lean accepts it, and what it wrote") as caught:
        build_library(project, compiler(project, cut), workers=1)
    assert caught.value.code is Code.UNREADABLE
    assert stored() == []
    report, _ = build_library(project, compiler(project, honest), workers=1)
    assert report.modules[0].state == "built"


def test_a_link_is_no_answer(project: Path) -> None:
    def link(job: Job) -> None:
        honest(job)
        assert job.olean is not None
        job.olean.unlink()
        job.olean.symlink_to(DATA / "Cell.olean")

    with pytest.raises(ToolchainCrashed, match="expected a plain file"):
        build_library(project, compiler(project, link), workers=1)
    assert stored() == []


def test_what_another_source_compiles_to_is_refused_and_not_kept(project: Path) -> None:
    source = project / "Cell.lean"
    source.write_text(source.read_text("utf-8") + "\ntheorem broken : 1 = 2 := rfl\n", "utf-8")
    report, tree = build_library(project, compiler(project, honest), workers=1)
    (module,) = report.modules
    assert (module.state, module.code) == ("failed", Code.SOURCE_NOT_ACCOUNTED)
    assert module.diagnostics[-1].text.startswith("theorem broken stands in the source")
    assert stored() == []
    assert list(tree.iterdir()) == []


def test_a_module_that_is_changed_while_another_is_made_stops_the_build(project: Path) -> None:
    (project / "Twin.lean").write_text((project / "Cell.lean").read_text("utf-8"), "utf-8")
    (project / "lakefile.toml").write_text('[[lean_lib]]\nname = "Cell"\nglobs = ["Cell", "Twin"]\n')

    def meddle(job: Job) -> None:
        honest(job)
        for kept in build_store().directory.glob("modules/*/*/module.olean"):
            content = bytearray(kept.read_bytes())
            content[-1] ^= 1
            kept.write_bytes(content)

    with pytest.raises(ToolchainError, match="its compiled files were changed while others") as caught:
        build_library(project, compiler(project, meddle), workers=1)
    assert caught.value.code is Code.NOT_AUTHENTIC
    report, _ = build_library(project, compiler(project, honest), workers=1)
    assert sorted(module.state for module in report.modules) == ["built", "cached"]


def test_what_is_made_beside_a_module_that_is_being_placed_expects_nothing_of_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Other", "Third"):
        (project / f"{name}.lean").write_text((project / "Cell.lean").read_text("utf-8"), "utf-8")
    (project / "lakefile.toml").write_text(
        '[[lean_lib]]\nname = "Cell"\nglobs = ["Cell", "Other", "Third"]\n'
    )
    begun, goes_on, place = threading.Event(), threading.Event(), store.Store.place
    asked: list[str] = []
    absent: list[str] = []

    def slowly(self: store.Store, key: str, entry: store.Entry, tree: Path) -> None:
        if not begun.is_set():
            begun.set()
            assert goes_on.wait(60)
        place(self, key, entry, tree)

    def write(job: Job) -> None:
        asked.append(job.source.stem)
        if len(asked) == 2:
            assert begun.wait(60)
        if len(asked) == 3:  # the first is being placed
            absent.extend(name for name in job.digests if not (job.search_path[0] / name).is_file())
            goes_on.set()
        honest(job)

    monkeypatch.setattr(store.Store, "place", slowly)
    report, _ = build_library(project, compiler(project, write), workers=2)
    assert [module.state for module in report.modules] == ["built"] * 3
    assert (len(asked), absent) == (3, [])


def test_a_run_that_never_lets_go_is_not_waited_for_for_ever(project: Path) -> None:
    provider, keys = compiler(project, honest), list[str]()
    build_library(project, provider, workers=1)
    keys = [path.name.partition("-")[0] for path in stored()]
    shutil.rmtree(build_store().directory / "modules")
    with build_store().lock(keys[0]), pytest.raises(ToolchainError, match=r"Cell\.lean: another run of"):
        build_library(project, provider, workers=1, time_limit=0.1)
    assert provider.processes_started == 1


def test_what_is_planted_in_the_search_path_is_gone_before_lean_sees_it(project: Path) -> None:
    _, tree = build_library(project, compiler(project, honest), workers=1)
    (tree / "Init").mkdir()
    (tree / "Init" / "Core.olean").write_bytes(b"planted")
    (tree / "Cell.ir").write_bytes(b"planted")
    _, again = build_library(project, compiler(project, honest), workers=1)
    assert again == tree
    assert {path.name for path in tree.rglob("*") if path.is_file()} == {f"Cell{s}" for s in SUFFIXES}
