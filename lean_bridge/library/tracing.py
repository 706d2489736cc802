"""Hands a project to LeanDojo's tracing, which runs the project's own Lake, or says what that lacks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from lean_bridge.build.lake_manifest import head_commit
from lean_bridge.build.lakefile import LAKEFILE, PROGRAM

_TRACE: Final = """\
import sys
from lean_dojo import LeanGitRepo, trace
trace(LeanGitRepo.from_path(sys.argv[1]), dst_dir=sys.argv[2])
"""


def missing_for_tracing(top: Path) -> Iterator[str]:
    """Yield what LeanDojo's tracing of the project at ``top`` lacks, one line each, with the mend."""
    if not any((top / name).is_file() for name in (LAKEFILE, PROGRAM)):
        yield f"{top}: no {LAKEFILE}; LeanDojo traces the top of a repository, where Lake has to build"
    if not (top / ".git").exists():
        yield f"{top}: no git repository; LeanDojo traces a commit: `git init`, and commit"
    elif not _has_commit(top):
        yield f"{top}: a git repository without a commit; LeanDojo traces a commit: `git commit`"
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
