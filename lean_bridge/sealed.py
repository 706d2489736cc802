"""Records kept between runs that only this user's own runs can have written.

Each is sealed by a message authentication code under a key that lies apart from the cache, so that neither a
copied cache nor a file written by another hand is taken for an answer of our own.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import read_file, user_directory

_MAGIC: Final = b"lean-bridge sealed record 1\n"
_KEY_SIZE: Final = 32
_SEAL_SIZE: Final = 32
_MOST_BYTES: Final = 1 << 28
"""More than any record: the names of Lean's own library are 6 MB."""
_OF_THIS_PROCESS: Final = secrets.token_bytes(_KEY_SIZE)
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Seal:
    """The user's seal, or why there is none; without one nothing is kept and nothing kept is believed."""

    key: bytes | None
    note: str | None = None
    """What a reader should know: why there is no key, or that the old one was not safe."""

    @property
    def mark(self) -> str:
        """What tells the places of this seal from those of another; without a key, of any other process."""
        key = _OF_THIS_PROCESS if self.key is None else self.key
        return hmac.digest(key, b"places", "sha256").hex()[:16]

    def close(self, payload: bytes, context: str) -> bytes | None:
        """Return a record that says ``payload`` of ``context``; ``None`` without a key.

        ``context`` is what the record is about, with the key under which it is kept: it opens for no other.
        """
        if self.key is None:
            return None
        return _MAGIC + _code(self.key, payload, context) + payload

    def open(self, record: bytes, context: str) -> bytes | None:
        """Return what a record says; ``None`` if it was not sealed here, for this context, in these bytes."""
        payload = record[len(_MAGIC) + _SEAL_SIZE :]
        if self.key is None or not record.startswith(_MAGIC):
            return None
        found = record[len(_MAGIC) : len(_MAGIC) + _SEAL_SIZE]
        return payload if hmac.compare_digest(found, _code(self.key, payload, context)) else None

    def keep(self, path: Path, context: str, payload: bytes) -> None:
        """Write a record, if there is a key and the place can be written; readers see it whole or not at all.

        A record only saves time: where none can be kept, nothing is wrong.
        """
        record = self.close(payload, context)
        if record is None:
            return
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".kept-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(record)
                Path(scratch).replace(path)
            except OSError:
                Path(scratch).unlink()
                raise

    def kept(self, path: Path, context: str) -> bytes | None:
        """Return what the record in a plain file says, as :meth:`open`; ``None`` if it cannot be read."""
        if not os.path.lexists(path):  # as usual: nobody is to look for names that are near among thousands
            return None
        try:
            return self.open(read_file(path, max_bytes=_MOST_BYTES), context)
        except ProjectNotFound:
            return None


def key_path() -> Path:
    """Return where the key lies: with the user's data, which no copy of the cache takes along."""
    return user_directory("data") / "seal.key"


def user_seal() -> Seal:
    """Return this user's seal, with a new key where there is none.

    A key of another mode, size or kind than it was made with may be known to others, and is replaced; one
    that belongs to somebody else, or cannot be read or written, is not used.
    """
    path = key_path()
    if not path.is_absolute():
        return Seal(None, "nothing is remembered: there is no home directory; set HOME, or XDG_DATA_HOME")
    try:
        fault = _fault(path)
        if fault is None:
            return Seal(path.read_bytes())
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if unsafe := _unsafe_directory(path.parent):
            return Seal(None, f"nothing is remembered: {unsafe}")
        _make(path, replace=bool(fault))
        made = Seal(path.read_bytes()) if _fault(path) is None else Seal(None)
    except OSError as error:
        return Seal(None, f"nothing is remembered: {error.filename or path}: {error.strerror}")
    if made.key is None:
        return Seal(None, f"nothing is remembered: {path}: {_fault(path)}")
    return (
        made if not fault else Seal(made.key, f"remembered answers are void: {path} {fault}; it is new now")
    )


def _fault(path: Path) -> str | None:
    """Return why a key may not be used: ``""`` where there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(found.st_mode):
        return "was no plain file"
    if (owner := _stranger(found)) is not None:
        return f"belonged to user {owner}"
    if os.name == "posix" and found.st_mode & _OPEN_TO_OTHERS:
        return f"was open to others (mode {stat.S_IMODE(found.st_mode):04o}, expected 0600)"
    if found.st_size != _KEY_SIZE:
        return f"had {found.st_size} bytes, expected {_KEY_SIZE}"
    return _unsafe_directory(path.parent)


def _unsafe_directory(directory: Path) -> str | None:
    """Return why others could exchange the files of a directory, if so."""
    found = directory.stat()
    if (owner := _stranger(found)) is not None:
        return f"{directory} belongs to user {owner}"
    if os.name == "posix" and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{directory} may be written by others (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


def _stranger(found: os.stat_result) -> int | None:
    is_ours = os.name != "posix" or found.st_uid == os.geteuid()
    return None if is_ours else found.st_uid


def _make(path: Path, *, replace: bool) -> None:
    """Put a new key in place, whole; without ``replace`` one that another run has just put there stays."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".seal-") as scratch:  # mode 0600
        scratch.write(secrets.token_bytes(_KEY_SIZE))
        scratch.flush()
        os.fsync(scratch.fileno())
        if replace and path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(21, "is a directory", str(path))
        if replace:
            path.unlink(missing_ok=True)
        try:
            path.hardlink_to(scratch.name)
        except FileExistsError:
            return


def _code(key: bytes, payload: bytes, context: str) -> bytes:
    about = context.encode("utf-8", "surrogatepass")
    code = hashlib.blake2b(key=key, digest_size=_SEAL_SIZE)
    for part in (about, payload):
        code.update(len(part).to_bytes(8, "big"))
        code.update(part)
    return code.digest()
