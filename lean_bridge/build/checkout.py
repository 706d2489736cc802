"""What git has of a directory, read from git's own files: no program is run, and none is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

_OBJECT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""What git calls a commit, by SHA-1 or by SHA-256."""
_COUNTED: Final = 40
"""Bytes of an entry of git's index before the digest of its file."""


def head_commit(directory: Path) -> str:
    """Return the commit at which a clone stands, on a branch or not; nothing, where there is none yet.

    Raises: OSError, ValueError where it cannot be read.
    """
    git = _git_directory(directory)
    head = (git / "HEAD").read_text(encoding="ascii").strip()
    branch = head.removeprefix("ref: ")
    if branch == head:
        return head
    shared = git / "commondir"
    top = git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git
    if (top / "reftable").is_dir():
        raise ValueError("its branches are in a table of git's own")
    if (top / branch).is_file():
        return (top / branch).read_text(encoding="ascii").strip()
    refs = top / "packed-refs"
    lines = refs.read_text(encoding="utf-8").splitlines() if refs.is_file() else []
    packed = (line.split() for line in lines)
    return next((line[0] for line in packed if line[1:] == [branch]), "")


def commit_of(top: Path, files: Collection[str]) -> str | None:
    """Return the commit that is checked out at ``top``, if git keeps one of ``files`` there.

    These are paths relative to it. Files that git does not keep, as those of a package installed below, are
    of no commit. What was changed since is not asked; nor is anything told that git's files do not tell.
    """
    try:
        commit = head_commit(top)
        if not _OBJECT.fullmatch(commit):
            return None
        index = (_git_directory(top) / "index").read_bytes()
        wanted = {os.fsencode(file) for file in files}
        is_kept = any(name in wanted for name in _kept(index, len(commit) // 2))
    except (OSError, ValueError, IndexError):
        return None
    return commit if is_kept else None


def _git_directory(directory: Path) -> Path:
    git = directory / ".git"
    if git.is_file():  # of a submodule or a work tree
        return directory / git.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
    return git


def _kept(index: bytes, digest: int) -> Iterator[bytes]:
    """Yield the files in git's index, whose digests take so many bytes; not those of a shared index.

    Raises: ValueError, IndexError where it is of another form.
    """
    version = int.from_bytes(index[4:8], "big")
    if index[:4] != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("no index of a version that is known")
    at, name = 12, b""
    for _ in range(int.from_bytes(index[8:12], "big")):
        flags = at + _COUNTED + digest
        start = flags + (4 if index[flags] & 0x40 else 2)  # there are more flags
        if version == 4:  # names share what they begin with
            dropped, start = _number(index, start)
            name = name[: len(name) - dropped]
        else:
            name = b""
        end = index.index(b"\0", start)
        name += index[start:end]
        yield name
        at = end + 1 if version == 4 else at + ((end - at) // 8 + 1) * 8


def _number(index: bytes, at: int) -> tuple[int, int]:
    """Return a number of so many bytes as it takes, and where it ends."""
    number = index[at] & 0x7F
    while index[at] & 0x80:
        at += 1
        number = (number + 1) << 7 | index[at] & 0x7F
    return number, at + 1
