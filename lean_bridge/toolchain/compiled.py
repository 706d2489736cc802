"""The compiled files that a job may read, where they are to be handed over."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Job

_UNREAD: Final = ".ilean"
"""Of what is compiled, the part that Lean does not read again."""


class CompiledFile(NamedTuple):
    """A compiled file on the search path."""

    name: str
    path: Path
    identity: str
    """Changes with the file's content."""


def compiled_files(directory: Path) -> list[CompiledFile]:
    """Return what Lean may read of a directory of its search path; links lead nowhere."""
    found = []
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix != _UNREAD and any(name.endswith(suffix) for suffix in ARTIFACT_SUFFIXES):
                seen = path.lstat()
                if stat.S_ISREG(seen.st_mode):
                    about = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
                    relative = path.relative_to(directory).as_posix()
                    found.append(CompiledFile(relative, path, "-".join(map(str, about))))
    return found


def check_compiled(job: Job, search: Sequence[Sequence[CompiledFile]], digests: Mapping[str, str]) -> None:
    """Check that the files of a job's search path, of these digests by identity, are what was compiled.

    Raises: ToolchainError, naming one that is not.
    """
    # a file may have several names, and of one name in two directories Lean reads the first
    found = {file.name: digests[file.identity] for directory in reversed(search) for file in directory}
    for name, digest in job.digests.items():
        if not name.endswith(_UNREAD) and found.get(name) != digest:
            raise ToolchainError(
                f"{name}: what lies in the cache is not what was compiled; see what else writes there, "
                "and build again",
                code=Code.NOT_AUTHENTIC,
            )
