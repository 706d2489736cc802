"""Hands a project to LeanDojo's tracing, which runs the project's own Lake, or says what that lacks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from lean_bridge.build.checkout import head_commit
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.errors import ToolchainError
from lean_bridge.findings import HealthItem
from lean_bridge.library.discovery import TOOLCHAIN, repository_of
from lean_bridge.toolchain import process

_GIT_LIMIT: Final = 60.0
_TRACE: Final = """\
import sys
from lean_dojo import LeanGitRepo, trace
trace(LeanGitRepo.from_path(sys.argv[1]), dst_dir=sys.argv[2])
"""


def missing_for_tracing(top: Path) -> Iterator[str]:
    """Yield what LeanDojo's tracing of the project at ``top`` lacks, one line each, with the mend."""
    if top.is_dir():
        yield from _missing_in(top)
    else:
        yield f"{top}: no such directory; name the top of the project's git repository by --repository"
    for program, use in (
        ("git", "LeanDojo clones with it; install git"),
        ("lake", "it builds the project; install its toolchain with elan"),
        (
            "lean",
            "it runs LeanDojo's extractor, as the embedded Lean cannot; install the toolchain with elan",
        ),
    ):
        if shutil.which(program) is None:
            yield f"no `{program}` on the path: {use}"
    if importlib.util.find_spec("lean_dojo") is None:
        yield "no LeanDojo: `pip install lean-dojo`, below Python 3.13"


def _missing_in(top: Path) -> Iterator[str]:
    found = [name for name in (LAKEFILE, PROGRAM) if (top / name).is_file()]
    within = [name for name in (LAKEFILE, PROGRAM) if (top / "lean" / name).is_file()]
    alone = "LeanDojo traces the top of a repository, where Lake has to build"
    if not found and within:
        yield f"{top}: its lakefile is in lean/; {alone}: make lean/ a repository of its own, or move it up"
    elif not found:
        yield f"{top}: no {LAKEFILE}; {alone}"
    elif not (top / TOOLCHAIN).is_file():
        yield f"{top}: no {TOOLCHAIN}, by which LeanDojo chooses Lean; write the one that builds it"
    around = repository_of(top)
    if around != top:
        yield f"{top}: a part of the repository at {around}; {alone}: make it a repository of its own"
    elif not (top / ".git").exists():
        yield f"{top}: no git repository; LeanDojo traces a commit: `git init`, and commit"
    elif not _has_commit(top):
        yield f"{top}: a git repository without a commit; LeanDojo traces a commit: `git commit`"


def checkout_health(root: Path, commit: str | None) -> HealthItem:
    """Return which checkout keeps the library at ``root``, and whether LeanDojo would trace it as it is.

    LeanDojo is not imported, and no ``LeanGitRepo`` is made: that would copy the whole repository.
    """
    if commit is None:
        found = "no git checkout keeps the library's lakefile; reports name it by its digest alone"
        return HealthItem("checkout", "missing", found, required=False)
    top = repository_of(root)
    is_whole = next(missing_for_tracing(top), None) is None
    traced = "hands it to LeanDojo as a LeanGitRepo" if is_whole else "says what LeanDojo lacks to trace it"
    found = f"commit {commit} at {top}, which reports name; `lean-bridge trace` {traced}"
    return HealthItem("checkout", "ok", found, required=False)


def uncommitted(top: Path) -> tuple[str, ...]:
    """Return what of the repository at ``top`` is not as it is committed, as far as git tells."""
    settings = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
    command = ("git", *settings, "status", "--porcelain", "--no-renames")
    with tempfile.TemporaryFile() as errors:
        try:
            started = process.start(command, cwd=top, stderr=errors)
            said = list(process.read_lines(started, time_limit=_GIT_LIMIT))
            process.collect(started, time_limit=_GIT_LIMIT)
        except ToolchainError:
            return ()
    return tuple(line[3:].decode("utf-8", "replace").strip('"') for line in said)


def _has_commit(top: Path) -> bool:
    try:
        return head_commit(top) != ""
    except OSError:
        return False
    except ValueError:  # git knows; LeanDojo asks it
        return True


def trace(top: Path, destination: Path) -> NoReturn:
    """Become LeanDojo, as it traces the commit at ``top``; its settings, messages and status are its own."""
    os.execv(sys.executable, [sys.executable, "-c", _TRACE, str(top), str(destination)])
