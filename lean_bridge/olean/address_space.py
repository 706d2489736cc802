"""The bytes of a compiled module as one checked address space.

The parts of a module (``X.olean``, ``X.olean.server``, ``X.olean.private``) share one range of addresses,
each starting at the 64 KiB boundary after the one before it, and a part may point into itself and into the
earlier ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lean_bridge.errors import OleanError, ProjectNotFound
from lean_bridge.files import read_file

_MAGIC = b"olean"
_FORMAT = 2
_BASE_AT = 0x50
_GRAIN = 0x10000
_GMP = 1
_ROOT_POINTERS, _ROOT_SCALARS = 5, 1


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a module and where it sits in the module's addresses."""

    path: Path
    base: int
    size: int
    root: int
    """The address of its ``ModuleData``."""
    word: int
    """Bytes in a pointer: 4 or 8."""
    gmp: bool
    """Whether big numbers are stored the GMP way."""
    lean_version: str


class Region:
    """The parts of one module, joined; ``data[a - base]`` is the byte at address ``a``."""

    __slots__ = ("base", "data", "end", "gmp", "low", "parts", "word")

    def __init__(self, parts: Sequence[Part], data: bytes) -> None:
        first = parts[0]
        self.parts = tuple(parts)
        self.data = data
        self.base = first.base
        self.word = first.word
        self.gmp = first.gmp
        self.low = first.base + _BASE_AT + 2 * first.word
        """The lowest address of an object."""
        self.end = first.base + len(data)

    def error(self, address: int, message: str) -> OleanError:
        """Return an error that names the file, the byte of an address, and the Lean that wrote the file."""
        part = self.parts[0]
        for candidate in self.parts[1:]:
            if candidate.base <= address:
                part = candidate
        offset = max(0, min(address - part.base, part.size))
        return OleanError(str(part.path), offset, f"{message}{_written_by(part.lean_version)}")


def _written_by(version: str) -> str:
    return f" (written by Lean {version})"


def header_word(tag: int, pointers: int, scalars: int, word: int) -> int:
    """Return the eight header bytes of a constructor object, read as one little-endian number.

    The reference count is 0 and the size is rounded up to 8 in both pointer widths, so that a single
    comparison checks all four header fields.
    """
    size = (8 + pointers * word + scalars + 7) // 8 * 8
    return tag << 56 | pointers << 48 | size << 32


def part_paths(path: Path) -> tuple[Path, Path, Path]:
    """Return the files of a module that has all parts, in the order of their addresses."""
    return path, path.with_name(path.name + ".server"), path.with_name(path.name + ".private")


def read_region(paths: Sequence[Path]) -> Region:
    """Read the parts of one module, in the order of their addresses.

    Raises: OleanError if a file is missing, is no compiled module of format 2, or does not continue the
    part before it.
    """
    parts: list[Part] = []
    chunks: list[bytes] = []
    for path in paths:
        try:
            data = read_file(path, max_bytes=None, follows_links=True)
        except ProjectNotFound as error:
            raise OleanError(str(path), 0, str(error).removeprefix(f"{path}: ")) from error
        part = _read_part(path, data, parts)
        if parts:
            chunks.append(bytes(_check_follows(parts[-1], part)))
        parts.append(part)
        chunks.append(data)
    return Region(parts, chunks[0] if len(chunks) == 1 else b"".join(chunks))


def _check_follows(before: Part, part: Part) -> int:
    """Return the size of the gap between two parts."""
    expected = (before.base + before.size + _GRAIN - 1) // _GRAIN * _GRAIN
    if part.base != expected:
        raise OleanError(
            str(part.path),
            _BASE_AT,
            f"base address {part.base:#x}, expected {expected:#x} after {before.path.name}:"
            " the parts are not of one build, rebuild the module",
        )
    if (part.word, part.gmp, part.lean_version) != (before.word, before.gmp, before.lean_version):
        raise OleanError(
            str(part.path), 0, f"not written by the Lean that wrote {before.path.name}: rebuild the module"
        )
    return part.base - before.base - before.size


def _read_part(path: Path, data: bytes, earlier: Sequence[Part]) -> Part:
    def error(offset: int, message: str) -> OleanError:
        return OleanError(str(path), offset, message)

    if not data.startswith(_MAGIC):
        raise error(0, f"expected a compiled Lean module beginning with {_MAGIC!r}, found {data[:5]!r}")
    if len(data) < _BASE_AT + 2 * (earlier[0].word if earlier else 8):
        raise error(len(data), f"file ends inside its header: {len(data)} bytes")
    version = data[7:0x28].rstrip(b"\0")
    by = _written_by(ascii(version.decode("latin-1"))[1:-1])
    if data[5] != _FORMAT:
        raise error(5, f"format version {data[5]}, expected {_FORMAT}{by}")
    if data[6] & ~_GMP:
        raise error(6, f"unknown flags {data[6]:#x}{by}")
    if not version.isascii() or not version.decode("ascii").isprintable():
        raise error(7, f"expected a Lean version, found {version!r}")
    readings = list(_root_readings(data, earlier))
    if len(readings) != 1:
        raise error(_BASE_AT, f"no module data at the root pointer, as a 32-bit or as a 64-bit file{by}")
    word, base, root = readings[0]
    return Part(path, base, len(data), root, word, bool(data[6] & _GMP), version.decode("ascii"))


def _root_readings(data: bytes, earlier: Sequence[Part]) -> Iterator[tuple[int, int, int]]:
    """Yield the pointer widths, bases and roots under which the root is a ``ModuleData``.

    A part that adds nothing has no objects of its own; its root is that of an earlier part.
    """
    for word, form in ((4, "<II"), (8, "<QQ")):
        if len(data) < _BASE_AT + 2 * word:
            continue
        base, root = struct.unpack_from(form, data, _BASE_AT)
        if any(part.word == word and part.root == root for part in earlier):
            yield word, base, root
            continue
        at = root - base
        header = header_word(0, _ROOT_POINTERS, _ROOT_SCALARS, word)
        if base % _GRAIN or at % word or not _BASE_AT + 2 * word <= at <= len(data) - (header >> 32 & 0xFFFF):
            continue
        if struct.unpack_from("<Q", data, at)[0] == header:
            yield word, base, root
