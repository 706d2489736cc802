"""How declarations were pinned is read from the commits of a real repository, and nothing is made up."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lean_bridge.audit.manifest import write_manifest
from lean_bridge.dash.history import head, pin_history
from lean_bridge.dash.loop import Loop
from lean_bridge.library.discovery import find_library
from pybind_models.manifest import Manifest, PinnedDeclaration
from tests.lines import write_two_and_one_beside

LONG = 30.0
BASE = PinnedDeclaration(
    name="Line.base", kind="theorem", statement="a + b = b + a", axioms=(), hash="ab" * 20
)
TOP = BASE.replaced(name="Line.top", statement="a = a", axioms=("propext",), hash="cd" * 20)
STRONGER = TOP.replaced(statement="a + b = b + a", axioms=(), hash="ef" * 20)

Commit = Callable[[Iterable[PinnedDeclaration]], str]


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library in a directory of a repository, judgements of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_two_and_one_beside(tmp_path / "top" / "lean")
    git(tmp_path / "top", "init", "--quiet")
    return tmp_path / "top" / "lean"


@pytest.fixture(name="commit")
def _commit(root: Path) -> Commit:
    days = iter(range(1, 100))

    def commit(pins: Iterable[PinnedDeclaration]) -> str:
        pinned = tuple(pins)
        if pinned:
            definitions = {pin.name: pin.hash for pin in pinned}
            write_manifest(root, Manifest(lean="4.28.0", declaration=pinned, definitions=definitions))
        else:
            (root / "certified.toml").unlink()
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "pins", date=f"2026-01-{next(days):02d}T00:00:00Z")
        return git(root, "rev-parse", "HEAD")

    return commit


def git(root: Path, *words: str, date: str = "") -> str:
    who = {f"GIT_{role}_{what}": "somebody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, **who, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    done = subprocess.run(["git", *words], cwd=root, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def told(root: Path) -> dict[str, list[tuple[str, str | None]]]:
    """Return the commits from which on each declaration was pinned so, and what its hash was."""
    return {
        name.removeprefix("Line."): [(pin.commit, pin.pinned.hash if pin.pinned else None) for pin in pins]
        for name, pins in pin_history(root).items()
    }


def test_each_pin_is_told_from_the_commit_on_that_made_it_so(root: Path, commit: Commit) -> None:
    assert head(root) is None
    assert told(root) == {}
    first = commit([BASE, TOP])
    (root / "notes.txt").write_text("of something else")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "beside", date="2026-01-02T00:00:00Z")
    second = commit([BASE, STRONGER])
    third = commit([BASE])
    assert head(root) == third
    assert told(root) == {
        "base": [(first, BASE.hash)],
        "top": [(third, None), (second, STRONGER.hash), (first, TOP.hash)],
    }
    fourth = commit([])
    fifth = commit([TOP])
    found = told(root)
    assert found["base"] == [(fourth, None), (first, BASE.hash)]
    assert found["top"][:2] == [(fifth, TOP.hash), (third, None)]


def test_a_pin_that_is_written_otherwise_is_the_same_pin(root: Path, commit: Commit) -> None:
    first = commit([BASE, TOP])
    manifest = root / "certified.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('kind = "theorem"', "kind = 'theorem'"))
    git(root, "commit", "--quiet", "--all", "--message", "quotes", date="2026-02-01T00:00:00Z")
    assert told(root)["top"] == [(first, TOP.hash)]
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("kind = 'theorem'", "kind = 7"))
    git(root, "commit", "--quiet", "--all", "--message", "wrong", date="2026-02-02T00:00:00Z")
    assert told(root)["top"] == [(first, TOP.hash)], "what cannot be read is no pin, and ends none"


def test_without_git_nothing_is_told(root: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    commit([BASE])
    monkeypatch.setenv("PATH", str(root))
    assert (head(root), told(root)) == (None, {})


def test_a_configuration_of_the_repository_runs_nothing(root: Path, commit: Commit) -> None:
    first = commit([BASE])
    program = root / "evil"
    program.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    program.chmod(0o755)
    for key in ("gpg.program", "core.fsmonitor", "diff.external", "core.pager", "core.sshCommand"):
        git(root, "config", key, str(program))
    git(root, "config", "log.showSignature", "true")
    assert (head(root), told(root)) == (first, {"base": [(first, BASE.hash)]})
    assert not (root / "ran").exists()


def test_an_open_dashboard_looks_it_up_again_after_a_commit(root: Path, commit: Commit) -> None:
    def until(found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONG
        while not found():
            assert time.monotonic() < deadline, loop.board
            time.sleep(0.02)

    commit([BASE])
    loop = Loop(find_library(root), eager=False)
    loop.start()
    try:
        until(lambda: len(loop.board.pins) == 1)
        commit([BASE, TOP])
        until(lambda: len(loop.board.pins) == 2)
        git(root, "commit", "--quiet", "--amend", "--message", "no file", date="2026-02-01T00:00:00Z")
        last = git(root, "rev-parse", "HEAD")
        until(lambda: loop.board.pins["Line.top"][0].commit == last)
    finally:
        loop.close()
