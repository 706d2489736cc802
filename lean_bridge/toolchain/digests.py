"""Names an installed Lean by what its files hold, and says whether that is a Lean that this package knows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lean_bridge.errors import ToolchainError, ToolchainNotFound
from lean_bridge.sealed import Seal, user_seal
from lean_bridge.toolchain.location import cache_directory, where_kept
from pybind_models import Model

_PROGRAMS: Final = {
    b"\x7fELF": "ELF",
    b"MZ": "PE",
    b"\xfe\xed\xfa\xce": "Mach-O",
    b"\xfe\xed\xfa\xcf": "Mach-O",
    b"\xce\xfa\xed\xfe": "Mach-O",
    b"\xcf\xfa\xed\xfe": "Mach-O",
    b"\xca\xfe\xba\xbe": "Mach-O",
}
"""How compiled programs begin."""
_HELD: Final = (".olean", ".olean.server", ".olean.private", ".ir", ".dylib", ".dll")
_PROGRAM: Final = "lean"

_Stamp = tuple[int, int, int, int]
"""Size, modification and change times, and number of a file: none of them changes unnoticed by its user."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What the files of a Lean hold."""

    program: str
    """SHA-256 of the ``lean`` command."""
    library: str
    """SHA-256 over the names and SHA-256 of the compiled library's files and of the shared libraries."""
    said: str
    """What the program with just these files says of itself."""

    def identity(self, version: str) -> str:
        """Return the name of the Lean that has these files and says that it is of a version."""
        return hashlib.sha256(f"{version}:{self.program}:{self.library}".encode()).hexdigest()


class _Record(Model):
    """What was read of a Lean earlier."""

    files: dict[str, tuple[_Stamp, str]]
    """Stamp and SHA-256 of each."""
    said: str


def check_program(binary: Path) -> None:
    """Check that a ``lean`` is a compiled program: a script can answer as Lean does, and be anything.

    Raises: ToolchainError, saying what it is instead.
    """
    if not binary.is_file():
        raise ToolchainError(f"{binary}: is no file")
    try:
        with binary.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise ToolchainError(f"{binary}: cannot be read: {error.strerror}") from error
    if not any(head.startswith(magic) for magic in _PROGRAMS):
        kind = "a script" if head.startswith(b"#!") else "no program"
        begin = head.split(b"\n")[0][:40].decode("ascii", "backslashreplace")
        raise ToolchainError(
            f"{binary}: is {kind}, beginning {begin!r}, where the compiled Lean was expected"
        )


def read_contents(
    program: Path, library: Path, ask: Callable[[], str] | None, *, fresh: bool = False
) -> Contents:
    """Return the digests of a Lean; a file whose stamp was seen before is not read again, unless ``fresh``.

    Where nothing changed since, nor is the program asked what it says of itself. Without ``ask`` no file is
    read either: then a Lean is known from an earlier run, or not at all.
    Raises: ToolchainError if a file cannot be read, or a directory is a link and may lead anywhere;
    ToolchainNotFound without ``ask`` for a Lean that is not known.
    """
    place = ("installed", f"{hashlib.sha256(os.fsencode(program)).hexdigest()}.sealed")
    seal, about = user_seal(), f"installed Lean {program}"
    earlier = None if fresh else _recall(where_kept(*place), seal, about)
    files: dict[str, tuple[_Stamp, str]] = {}
    try:
        for name, file in ((_PROGRAM, program), *sorted(_files(library))):
            stamp = _stamp(file)
            known = earlier.files.get(name) if earlier is not None else None
            if ask is None and (known is None or known[0] != stamp):
                raise _not_seen(program)
            files[name] = known if known is not None and known[0] == stamp else (stamp, _digest(file))
    except OSError as error:
        raise ToolchainError(f"{error.filename}: cannot be read: {error.strerror}") from error
    if len(files) == 1:
        raise ToolchainError(f"{library}: expected Lean's compiled library, found none")
    is_as_before = earlier is not None and earlier.files == files
    if earlier is not None and is_as_before:
        record = earlier
    elif ask is None:
        raise _not_seen(program)
    else:
        record = _Record(files=files, said=ask())
    if not is_as_before:
        seal.keep(cache_directory().joinpath(*place), about, record.model_dump_json().encode())
    lines = "".join(f"{name}\0{digest}\n" for name, (_, digest) in files.items() if name != _PROGRAM)
    digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    return Contents(files[_PROGRAM][1], digest, record.said)


def _not_seen(program: Path) -> ToolchainNotFound:
    return ToolchainNotFound(f"{program}: nobody has asked it yet, as it is now, which Lean it is")


def _recall(path: Path, seal: Seal, about: str) -> _Record | None:
    payload = seal.kept(path, about)
    try:
        return _Record.model_validate_json(payload) if payload is not None else None
    except ValidationError:
        return None


def known_leans() -> Mapping[str, str]:
    """Return the versions of the installed Leans that this package knows, by what names them.

    That is the digest of the program and the library together: a library says nothing of what compiles with
    it. So far there is none.
    """
    text = (resources.files("lean_bridge.toolchain") / "known_leans.json").read_text("utf-8")
    known: dict[str, str] = json.loads(text)
    return known


def _files(library: Path) -> Iterator[tuple[str, Path]]:
    """Yield what a verdict can rest on: compiled modules, and what the program is linked with."""
    for folder, directories, names in os.walk(library):
        for name in directories:
            if Path(folder, name).is_symlink():
                raise ToolchainError(
                    f"{Path(folder, name)}: a link in Lean's library, which may lead anywhere"
                )
        for name in names:
            if name.endswith(_HELD) or ".so" in name:
                path = Path(folder, name)
                if not path.is_file():  # whoever reads a pipe waits for ever
                    raise ToolchainError(f"{path}: is no file")
                yield path.relative_to(library).as_posix(), path
    for path in library.parent.iterdir():  # the shared libraries of the program itself
        if path.is_file() and (path.name.endswith(_HELD) or ".so" in path.name):
            yield f"../{path.name}", path


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
