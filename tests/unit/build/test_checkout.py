"""What git has is read from its files as git itself tells it; where it is not known, nothing is told."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.build.checkout import commit_of
from lean_bridge.library.tracing import checkout_health
from lean_bridge.project import Project

WHO = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
FILE = "proofs/lean/lakefile.toml"


def git(top: Path, *words: str) -> str:
    program = shutil.which("git")
    assert program is not None
    done = subprocess.run([program, *WHO, *words], cwd=top, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(top: Path, *how: str) -> str:
    """Make a repository of files whose names share beginnings and differ in length; return its commit."""
    for name in (
        "a",
        "proofs/lean/lake",
        FILE,
        f"{FILE}.old",
        *(f"proofs/lean/L{'x' * n}" for n in range(9)),
    ):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    git(top, "init", "-q", "-b", "main", *how)
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "all")
    return git(top, "rev-parse", "HEAD")


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_the_commit_is_git_s_own(tmp_path: Path, version: str) -> None:
    commit = repository(tmp_path)
    git(tmp_path, "update-index", "--index-version", version)
    if version == "3":  # what has more flags makes it one
        git(tmp_path, "update-index", "--skip-worktree", "a", "proofs/lean/Lxx")
    index = (tmp_path / ".git/index").read_bytes()
    assert index[4:8] == bytes((0, 0, 0, int(version)))
    for kept in git(tmp_path, "ls-files").splitlines():
        assert commit_of(tmp_path, [kept]) == commit
    for other in ("proofs/lean/lakefile", "proofs/lean", "lakefile.toml", f"{FILE}.new", "b", ""):
        assert commit_of(tmp_path, [other]) is None
    assert commit_of(tmp_path, ["lakefile.lean", FILE]) == commit


def test_a_repository_of_longer_digests_has_longer_commits(tmp_path: Path) -> None:
    commit = repository(tmp_path, "--object-format=sha256")
    assert len(commit) == 64
    assert commit_of(tmp_path, [FILE]) == commit


def test_a_branch_that_is_packed_a_commit_without_branch_and_a_work_tree_are_read(tmp_path: Path) -> None:
    top, tree = tmp_path / "top", tmp_path / "tree"
    top.mkdir()
    first = repository(top)
    git(top, "commit", "-q", "--allow-empty", "-m", "another")
    second = git(top, "rev-parse", "HEAD")
    git(top, "pack-refs", "--all")
    assert (top / ".git/packed-refs").is_file()
    git(top, "worktree", "add", "-q", "--detach", str(tree), first)
    assert (commit_of(top, [FILE]), commit_of(tree, [FILE])) == (second, first)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (".git/HEAD", b"ref: ../../secret\n"),
        (".git/HEAD", b"ref: refs/heads/another\n"),
        (".git/HEAD", b"\xff"),
        (".git/index", b"DIRC\0\0\0\7"),
        (".git/index", b"DIRC\0\0\0\2\0\0\0\1"),
        (".git/index", b"DIRC\0\0\0\4\0\0\0\1" + bytes(61) + b"\xff"),
        (".git/index", b""),
    ],
)
def test_what_is_not_understood_is_no_commit(tmp_path: Path, file: str, content: bytes) -> None:
    repository(tmp_path)
    (tmp_path / "secret").write_text("not for a report\n")
    (tmp_path / file).write_bytes(content)
    assert commit_of(tmp_path, [FILE]) is None


def test_a_library_names_the_commit_of_the_checkout_that_keeps_it_and_no_other(tmp_path: Path) -> None:
    commit = repository(tmp_path)
    kept, installed = tmp_path / "proofs" / "lean", tmp_path / ".venv" / "lean"
    installed.mkdir(parents=True)
    (installed / "lakefile.toml").touch()
    assert [Project(root).identity.commit for root in (kept, installed)] == [commit, None]
    assert Project(installed, is_shipped=True).identity.commit is None
    (kept / ".hg").mkdir()  # the library is of another repository, then
    assert Project(kept).identity.commit is None


def test_what_is_changed_since_changes_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository(tmp_path)
    (tmp_path / FILE).write_text("# changed\n")
    git(tmp_path, "add", FILE)
    monkeypatch.setenv("PATH", "")  # nothing is run
    assert Project(tmp_path / "proofs/lean").identity.commit == commit


@pytest.mark.skipif(importlib.util.find_spec("lean_dojo") is None, reason="LeanDojo is not installed")
def test_leandojo_names_the_same_commit_and_needs_no_url_for_it(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    commit = repository(top)
    says = "from lean_dojo import LeanGitRepo as R; r = R.from_path({!r}); print(r.url, r.commit)"
    (tmp_path / "cache").mkdir()
    settings = {"CACHE_DIR": str(tmp_path / "cache"), "DISABLE_REMOTE_CACHE": "1", "GITHUB_ACCESS_TOKEN": ""}
    done = subprocess.run(
        [sys.executable, "-c", says.format(str(top))],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [str(top), commit]
    health = checkout_health(top / "proofs/lean", commit)
    assert (health.state, health.required) == ("ok", False)
    assert f"commit {commit} at {top}, " in health.detail
    assert checkout_health(tmp_path, None).state == "missing"


def test_without_a_commit_or_a_repository_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").touch()
    assert Project(tmp_path).identity.commit is None
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    assert Project(tmp_path).identity.commit is None
