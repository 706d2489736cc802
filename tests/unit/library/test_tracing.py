"""A project is handed to LeanDojo as it is, or each thing that tracing lacks is one line.

No Lean with a Lake is here, nor on every machine: programs that only stand in for them are on the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOJO = """\
class LeanGitRepo:
    @classmethod
    def from_path(cls, path):
        return path

def trace(repo, dst_dir):
    print("traced", repo, "to", dst_dir)
"""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / ".git/HEAD").write_text(f"{'0' * 40}\n")
    (root / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    for program in ("git", "lake", "lean"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / program).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / program).chmod(0o755)
    (tmp_path / "dojo").mkdir()
    (tmp_path / "dojo" / "lean_dojo.py").write_text(DOJO)
    return root


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    place = project.parent
    paths = os.pathsep.join(map(str, (place / "dojo", ROOT)))
    return subprocess.run(
        [sys.executable, "-m", "lean_bridge", "trace", *words],
        cwd=project,
        env={**os.environ, "PATH": str(place / "bin"), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
def test_the_commit_that_is_checked_out_is_handed_over(project: Path) -> None:
    done = run(project, str(project.parent / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"traced {project} to {project.parent / 'out'}\n"


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("bin/git", "no `git` on the path: LeanDojo clones with it; install git"),
        ("bin/lake", "no `lake` on the path: it builds the project; install its toolchain with elan"),
        ("bin/lean", "no `lean` on the path: it runs LeanDojo's extractor, as the embedded Lean cannot"),
        ("project/lakefile.toml", "no lakefile.toml; LeanDojo traces the top of a repository"),
        ("project/lean-toolchain", "no lean-toolchain, by which LeanDojo chooses Lean; write the one that"),
        ("project/.git/HEAD", "a git repository without a commit; LeanDojo traces a commit: `git commit`"),
        ("project/.git", "no git repository; LeanDojo traces a commit: `git init`, and commit"),
    ],
)
def test_what_tracing_lacks_is_one_line(project: Path, without: str, told: str) -> None:
    path = project.parent / without
    path.rename(project.parent / "gone")
    done = run(project, "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lean-bridge: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
def test_branches_in_a_table_of_git_s_are_git_s_to_read(project: Path) -> None:
    (project / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    (project / ".git/reftable").mkdir()
    assert run(project, str(project.parent / "out")).returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
def test_all_that_it_lacks_is_told_at_once(project: Path) -> None:
    (project / "out").mkdir()
    done = run(project, "out", "--repository", str(project / "out"))
    assert done.returncode == 2
    assert [line.partition(": ")[2][:12] for line in done.stderr.splitlines()] == [
        *[f"{project / 'out'}"[:12]] * 2,
        "out: is ther",
    ]


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
def test_what_is_not_the_top_of_a_project_is_told_as_what_it_is(project: Path) -> None:
    nope = project / "nope"
    done = run(project, "out", "--repository", "nope")
    mend = "name the top of the project's git repository by --repository"
    assert (done.returncode, done.stderr) == (2, f"lean-bridge: {nope}: no such directory; {mend}\n")
    (project / "lean").mkdir()
    for name in ("lakefile.toml", "lean-toolchain"):
        (project / name).rename(project / "lean" / name)
    done = run(project, "out")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"lean-bridge: {project}: its lakefile is in lean/; LeanDojo traces the top"
    )
    assert done.stderr.count("\n") == 1
    done = run(project, "out", "--repository", "lean")
    assert done.returncode == 2
    assert done.stderr.startswith(f"lean-bridge: {project / 'lean'}: a part of the repository at {project}; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for each program")
def test_what_is_not_committed_is_named_and_the_commit_is_traced(project: Path) -> None:
    git = shutil.which("git")
    assert git is not None
    (project.parent / "bin/git").unlink()
    (project.parent / "bin/git").symlink_to(git)
    shutil.rmtree(project / ".git")
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "all")):
        subprocess.run([git, *words], cwd=project, check=True)
    done = run(project, str(project.parent / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    (project / "lakefile.toml").write_text('[[lean_lib]]\nname = "B"\n')
    (project / "new file").touch()
    done = run(project, str(project.parent / "out"))
    assert done.returncode == 0
    assert done.stdout.startswith("traced ")
    assert done.stderr.endswith("or not at all: lakefile.toml, new file; commit what is meant\n")
