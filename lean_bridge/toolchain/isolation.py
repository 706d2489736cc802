"""Runs a command so that it sees what it is given and nothing else of this machine."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain import confine
from pybind_models import Isolation

_LIBRARIES: Final = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/nix/store")
"""Where systems keep what programs are linked with, and the loader that starts them."""
_READABLE: Final = ("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf")
"""Settings of the machine without which programs do not start."""
_DEVICES: Final = ("/dev/zero", "/dev/random", "/dev/urandom")
_BWRAP_AT: Final = "/usr/bin:/bin:/usr/local/bin"
"""Where ``bwrap`` is looked for: the user's PATH does not decide what confines."""


@dataclass(frozen=True, slots=True)
class Confined:
    """A command that confines itself before it runs, with the environment that it is to have."""

    command: tuple[str, ...]
    env: dict[str, str]
    """All of it: nothing is inherited."""
    isolation: Isolation


def isolated(
    command: Sequence[str | Path],
    *,
    read: Sequence[Path] = (),
    write: Sequence[Path] = (),
    by: Isolation | None = None,
    attached: bool = False,
) -> Confined:
    """Return ``command`` such that it can read ``read``, change ``write``, and reach nothing else.

    Both are files or directories, with all below them; ``write`` may be read too. The command's own program
    and the system's libraries can be read. There is no network, no new process (under ``bwrap``: none that
    is seen outside), no signal to another process, no capability, and of the environment nothing but a
    locale. Whether a path exists elsewhere can be asked under Landlock, but nothing there can be opened.
    ``by`` is one of :func:`available`; by default the first. An ``attached`` command is killed when the
    thread that starts it ends, however that comes about (on Linux).
    A command that cannot be confined as promised is not run: it ends with ``confine.REFUSED``, or as
    ``bwrap`` does.
    Raises: ToolchainError where there is no such program.
    """
    program = shutil.which(str(command[0]))
    if program is None:
        raise ToolchainError(f"{command[0]}: cannot be started: there is no such program")
    words = [program, *(str(word) for word in command[1:])]
    seen = [str(path.absolute()) for path in read if path.exists()]
    changed = [str(path.absolute()) for path in write]
    env = {"LANG": "C.UTF-8", "LLVM_PROFILE_FILE": os.devnull}
    chosen = by or available()[0]
    parent = {"parent": os.getpid()} if attached and sys.platform == "linux" else {}
    launcher: list[str] = []
    if chosen == "landlock":
        launcher = _launcher(_rules(seen, changed, program) | parent)
    elif chosen == "bwrap":
        launcher = _wrapper(seen, changed, program, attached=attached)
    elif parent and sys.executable:
        launcher = _launcher(parent)
    return Confined((*launcher, *words), env, chosen)


@functools.cache
def available() -> tuple[Isolation, ...]:
    """Return what can confine a command here, the preferred first, and ``none`` last.

    Landlock comes before ``bwrap`` as it leaves one process, which can be watched and ended as before.
    """
    found: list[Isolation] = []
    if confine.landlock_version() and confine.has_filter() and sys.executable:
        found.append("landlock")
    if _bwrap() is not None:
        found.append("bwrap")
    return (*found, "none")


def _launcher(rules: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-I", "-S", confine.__file__, json.dumps(rules)]


def _rules(read: list[str], write: list[str], program: str) -> dict[str, object]:
    return {
        "read": [*read, *_existing(_READABLE), *_existing(_DEVICES)],
        "write": [*write, os.devnull],
        "execute": [os.path.realpath(program), *_existing(_LIBRARIES)],
    }


def _wrapper(read: list[str], write: list[str], program: str, *, attached: bool) -> list[str]:
    binary = _bwrap()
    assert binary is not None, "is not available"
    shown = {*read, program, os.path.realpath(program), *_existing(_LIBRARIES), *_existing(_READABLE)}
    options = ["--unshare-all", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
    options += ["--die-with-parent"] if attached else []
    for path in sorted(shown):  # directories before what they hold
        options += ["--ro-bind", path, path]
    for path in write:
        options += ["--bind", path, path]
    return [binary, *options, "--"]


def _existing(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if Path(path).exists()]


@functools.cache
def _bwrap() -> str | None:
    """Return a ``bwrap`` that works here: containers often forbid what it needs."""
    binary = shutil.which("bwrap", path=_BWRAP_AT)
    if binary is None:
        return None
    trial = [binary, "--unshare-all", "--ro-bind", "/", "/", "--", sys.executable, "-I", "-S", "-c", ""]
    try:
        tried = subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return binary if tried.returncode == 0 else None
