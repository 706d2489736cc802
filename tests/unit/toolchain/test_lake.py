"""What Lake prints is read as it prints it, of whatever age it is; what it leaves is taken if it says so."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain.lake import LakePool, parse_output
from lean_bridge.toolchain.pool import Pool
from lean_bridge.toolchain.provider import Elaboration, Job
from tests.unit.toolchain.scripted import ACCEPTED, Stage

NEW = """\
⚠ [1/4] Replayed A.B
warning: A/B.lean:4:1: declaration uses `sorry`
✔ [2/4] Built A.C (1.2s)
✖ [3/4] Building A (350ms)
trace: .> LEAN_PATH=/x/.lake/build/lib/lean /y/bin/lean /x/A.lean -o /x/.lake/build/lib/lean/A.olean
error: A.lean:8:3: type mismatch
  h
has type
  1 = 2 : Prop
warning: A.lean:10:2: unused variable `h`
error: Lean exited with code 1
ℹ [4/4] Ran A:c.o
info: stderr:
note
Some required targets logged failures:
- A
error: build failed
"""
OLD = """\
[0/2] Building A
stdout:
./././A.lean:8:3: error: type mismatch
  h
./././A.lean:10:2: warning: unused variable `h`
error: external command `lean` exited with code 1
"""


def read(text: str) -> list[tuple[str, str, int, int, str, str]]:
    return [
        (said.job, each.file, each.line, each.column, each.severity, each.text)
        for said in parse_output(text.splitlines())
        for each in said.diagnostics
    ]


def test_messages_are_read_with_their_places_and_their_lines() -> None:
    assert read(NEW) == [
        ("A.B", "A/B.lean", 4, 1, "warning", "declaration uses `sorry`"),
        ("A", "A.lean", 8, 3, "error", "type mismatch\n  h\nhas type\n  1 = 2 : Prop"),
        ("A", "A.lean", 10, 2, "warning", "unused variable `h`"),
        ("A:c.o", "", 1, 0, "information", "stderr:\nnote"),
    ]


def test_an_older_lake_passes_on_what_lean_says() -> None:
    assert read(OLD) == [
        ("A", "./././A.lean", 8, 3, "error", "type mismatch\n  h"),
        ("A", "./././A.lean", 10, 2, "warning", "unused variable `h`"),
    ]


@pytest.mark.parametrize("text", ["", "\n", "nothing of the kind", "- A", "error", "error:x"])
def test_what_is_no_message_is_none(text: str) -> None:
    assert read(text) == []


def test_a_job_is_told_as_soon_as_it_is_complete() -> None:
    told: list[str] = []

    def lines() -> Iterator[str]:
        for line in NEW.splitlines():
            told.append(line)
            yield line

    for said in parse_output(lines()):
        if said.job == "A.B":
            assert told[-1].startswith("✔ [2/4] Built A.C")
            break


def test_colours_are_no_part_of_it() -> None:
    assert read("\x1b[1;31m✖ [1/1] Building A\x1b[m\n\x1b[1;31merror:\x1b[m A.lean:1:2: no") == [
        ("A", "A.lean", 1, 2, "error", "no")
    ]


def test_what_names_no_file_is_of_the_job_it_stands_with() -> None:
    assert read("✖ [1/1] Running A\nerror: bad import 'B'") == [("A", "", 1, 0, "error", "bad import 'B'")]
    assert read("error: dependency 'x' not in manifest")[0][0] == ""


class Project:
    """A project of one module, and a script that is its Lake."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.lake = folder / "lake"
        self.olean = folder / "out" / "module.olean"
        self.source = folder / "copy" / "A" / "B.lean"
        for each in (self.root / "src" / "A", self.olean.parent, self.source.parent):
            each.mkdir(parents=True)
        for each in (self.root / "src" / "A" / "B.lean", self.source):
            each.write_text("module\n")

    def pool(self, script: str, path: str = ".lake/build/lib/lean") -> LakePool:
        self.lake.write_text(
            f'#!/bin/sh\nif [ "$1" = env ]; then echo X=Y; echo LEAN_PATH={path}:/x; exit; fi\n{script}\n'
        )
        self.lake.chmod(0o755)
        return LakePool(self.lake, self.root, Pool(Stage([ACCEPTED]).start, 1, 10.0))

    def elaborate(
        self, pool: LakePool, file: str | None = "src/A/B.lean", upon: dict[str, str] | None = None
    ) -> Elaboration:
        job = Job(
            digests=upon or {},
            source=self.source,
            root=self.source.parents[1],
            olean=self.olean,
            file=file,
            targets=("A.B", "A.C") if file else (),
        )
        try:
            return pool.elaborate(job)
        finally:
            pool.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("path", [".lake/build/lib/lean", ".lake/build/lib", "elsewhere"])
def test_what_lake_leaves_is_taken_from_where_it_says(project: Project, path: str) -> None:
    script = (
        f"[ \"$*\" = 'build +A.B +A.C' ] || exit 9; mkdir -p {path}/A; echo o > {path}/A/B.olean\n"
        f"echo p > {path}/A/B.olean.private; echo t > {path}/A/B.trace\n"
        "echo '⚠ [1/2] Replayed A.B'; echo 'warning: ././src/A/B.lean:1:2: declaration uses `sorry`'"
    )
    told = project.elaborate(project.pool(script, path))
    assert told.ok
    assert [(e.file, e.line, e.column, e.text) for e in told.diagnostics] == [
        ("A/B.lean", 1, 2, "declaration uses `sorry`")
    ]
    assert told.artifacts == (project.olean, project.olean.with_suffix(".olean.private"))
    assert [each.read_text() for each in told.artifacts] == ["o\n", "p\n"]
    assert {each.name for each in project.olean.parent.iterdir()} == {"module.olean", "module.olean.private"}


OTHER = "echo '✖ [1/2] Building A.C'; echo 'error: src/A/C.lean:1:1: x'"
LEFT = "mkdir -p .lake/build/lib/lean/A; echo o > .lake/build/lib/lean/A/B.olean"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 0", "Lake builds it, and leaves no compiled file of it on its search path"),
        (f"{LEFT}; echo >> src/A/B.lean", "src/A/B.lean: was edited while Lake was building it"),
        (f"{LEFT}; rm src/A/B.lean", "src/A/B.lean: was edited while Lake was building it"),
        (
            f"{LEFT}; echo 'error: no manifest' >&2; exit 3",
            "project: Lake does not build src/A/B.lean, and has nothing against it: no manifest (exit "
            "status 3)",
        ),
        (
            "echo 'error: no such file (error code: 2)'; echo '  file: /x/lake-manifest.json'; exit 1",
            "no such file (error code: 2) file: /x/lake-manifest.json (exit status 1)",
        ),
        (
            "echo 'error: one'; echo '  of many'; echo '[1/1] Building A.C'; echo more; "
            "echo 'error: build failed'; exit 1",
            "has nothing against it: one of many (exit status 1)",
        ),
        ("echo 'error: a'; seq 2 9; exit 1", "has nothing against it: a 2 3 4 5 … (exit status 1)"),
        (f"{LEFT}; echo '✖ [1/1] Building A.B'; echo 'error: Lean exited with code 139'; exit 1", "139"),
        (f"{LEFT}; {OTHER}; exit 1", "A/C.lean:1:1: x"),
        ("kill -9 $$", "has nothing against it: it said nothing (killed by signal SIGKILL)"),
    ],
)
def test_where_lake_does_not_say_that_a_file_is_built_or_wrong_there_is_no_answer(
    project: Project, script: str, told: str
) -> None:
    with pytest.raises(ToolchainError) as error:
        project.elaborate(project.pool(script))
    assert told in str(error.value)
    assert error.value.exit_code == 2
    assert not project.olean.exists()


def test_a_lake_that_cannot_be_started_is_told(project: Project) -> None:
    pool = project.pool("")
    project.lake.write_text("#!/nowhere\n")
    with pytest.raises(ToolchainError, match="lake: cannot be started: No such file"):
        project.elaborate(pool)


def test_what_lake_compiled_upon_another_file_than_was_taken_is_not_taken(project: Project) -> None:
    script = f"{LEFT}; echo c > .lake/build/lib/lean/A/C.olean; echo i > .lake/build/lib/lean/A/C.ilean"
    same, other = (hashlib.sha256(text).hexdigest() for text in (b"c\n", b"d\n"))
    assert project.elaborate(project.pool(script), upon={"A/C.olean": same, "A/C.ilean": other}).ok
    for upon in ({"A/C.olean": other}, {"A/D.olean": same}):
        with pytest.raises(ToolchainError, match=r"Lake compiled it upon another A/[CD]\.olean than was"):
            project.elaborate(project.pool(script), upon=upon)


def test_what_was_not_refused_is_asked_of_alone(project: Project) -> None:
    script = f"{LEFT}\n[ $# = 2 ] && exit 0\n{OTHER}\nexit 1"
    pool = project.pool(script)
    assert project.elaborate(pool).ok
    assert pool.processes_started == 2


def test_a_refusal_is_told_while_lake_is_still_at_work_and_lake_ends_with_the_pool(project: Project) -> None:
    script = (
        f"echo $$ > ../pid; {LEFT}; echo '✖ [1/2] Building A.B'; echo 'error: src/A/B.lean:3:4: no'\n"
        "echo more; echo '✔ [2/2] Built A.C'; exec sleep 300"
    )
    told = project.elaborate(project.pool(script))
    assert not told.ok
    assert [(e.line, e.column, e.text) for e in told.diagnostics] == [(3, 4, "no\nmore")]
    assert not told.artifacts
    pid = int((project.root.parent / "pid").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_of_no_project_is_the_lean_s(project: Project) -> None:
    pool = project.pool("exit 1")
    assert project.elaborate(pool, file=None).ok
    assert pool.processes_started == 1
