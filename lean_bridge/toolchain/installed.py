"""An installed Lean: the ``lean`` command, on the PATH or under elan, one confined process per file.

The environment variables PATH and ``ELAN_HOME`` say where to look for one, and not what it is worth.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lean_bridge.errors import ToolchainError
from pybind_models import Toolchain

if TYPE_CHECKING:
    from lean_bridge.toolchain.provider import WorkerPool
    from lean_bridge.toolchain.worker import Worker


@dataclass(frozen=True, slots=True)
class InstalledProvider:
    """The Lean whose ``lean`` command is ``binary``."""

    binary: Path
    info: Toolchain
    library: Path

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        """Open a pool of one process per file; see :class:`lean_bridge.toolchain.provider.Provider`."""
        from lean_bridge.toolchain.pool import open_pool

        return open_pool(self.worker, workers, time_limit)

    def worker(self) -> Worker:
        """Return one that starts a process for every file, which ends with the thread that starts it."""
        from lean_bridge.toolchain.installed_worker import InstalledWorker

        return InstalledWorker(self.binary, self.library)


def read_installed(binary: Path, *, fresh: bool = False, asks: bool = True) -> InstalledProvider:
    """Read which Lean the command at ``binary`` belongs to, and ask it for its version.

    Its identity is the digest of its files, not its word; that is asked within the same confines as a build.
    With ``fresh`` no digest is taken over from an earlier run. Unless it ``asks`` no program is started, and
    only a Lean that an earlier run has read is known.
    Raises: ToolchainError if it is no compiled program, lies in no toolchain, or does not answer as Lean
    does.
    """
    from lean_bridge.toolchain.digests import check_program, known_leans, read_contents
    from lean_bridge.toolchain.installed_worker import ask
    from lean_bridge.toolchain.isolation import available

    check_program(binary)
    program = binary.resolve()
    root = program.parent.parent
    library = root / "lib" / "lean"
    if not library.is_dir():
        raise ToolchainError(f"{binary}: expected Lean's library at {library}, found none")
    library = library.resolve()
    question = partial(ask, program, "--version", read=(root, library))
    contents = read_contents(program, library, question if asks else None, fresh=fresh)
    version = re.match(r"Lean \(version ([^,\s)]+)", contents.said)
    if version is None:
        raise ToolchainError(f"{binary}: expected a line `Lean (version …)`, found {contents.said[:80]!r}")
    identity = contents.identity(version[1])
    info = Toolchain(
        provider="installed",
        version=version[1],
        identity=identity,
        location=str(binary),
        isolation=available()[0],
        known=known_leans().get(identity) == version[1],
    )
    return InstalledProvider(program, info, library)


def installed_binaries(required: str) -> tuple[Path, ...]:
    """Return the ``lean`` commands that may be the ``required`` one (a line of ``lean-toolchain``).

    That is elan's copy of exactly this toolchain, then ``lean`` on the PATH. elan's own ``lean`` is passed
    over: it stands for whatever toolchain the current directory names, and may go and download it.
    """
    elan = Path(os.environ.get("ELAN_HOME") or os.path.expanduser("~/.elan"))  # noqa: PTH111 - never raises
    kept = elan / "toolchains" / required.replace("/", "--").replace(":", "---") / "bin" / _executable("lean")
    on_path = shutil.which("lean")
    candidates = [kept] if kept.is_file() else []
    if on_path is not None and not _is_elan(Path(on_path)):
        candidates.append(Path(on_path))
    return tuple(candidates)


def _is_elan(binary: Path) -> bool:
    return any(path.with_name(_executable("elan")).is_file() for path in (binary, binary.resolve()))


def _executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name
