"""Rewrites the embedded Lean's WebAssembly module so that an instance of it costs milliseconds.

The published module exports 201,110 functions and data symbols, and the loader makes a JavaScript object of
each, in every thread, 2.8 s a time, so that ``dlsym`` may find them. Here nearly all the exports go: the
functions get a place in the module's own table, the same in every thread, and a file of symbols says which
place, or which address, belongs to which name.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_MAGIC = b"\0asm\1\0\0\0"
_IMPORT, _TABLE, _GLOBAL, _EXPORT, _ELEMENT = 2, 4, 6, 7, 9
_FUNCTION_KIND, _MEMORY_KIND, _GLOBAL_KIND = 0, 2, 3
_FUNCREF, _I32 = 0x70, 0x7F
_I32_CONST, _END = 0x41, 0x0B


class WasmError(ValueError):
    """The module is not built as this rewriter expects; the message says in what."""


@dataclass(frozen=True, slots=True)
class Export:
    """One entry of the export section."""

    name: bytes
    kind: int
    index: int


def rewrite(module: bytes, kept: Collection[str]) -> tuple[bytes, bytes]:
    """Return the module with no exports but those ``kept``, and the packed symbols of all it had.

    Every exported function that the table does not hold yet is put at its end.
    Raises: WasmError if the module is not one with a single growable table that one segment fills.
    """
    sections = list(_sections(module))
    by_kind = {kind: body for kind, body in sections if kind}
    try:
        exports = list(_read_exports(by_kind[_EXPORT]))
        start, places = _read_elements(by_kind[_ELEMENT])
        size = _read_table(by_kind[_TABLE])
        constants = dict(enumerate(_read_constants(by_kind[_GLOBAL]), _imported_globals(by_kind[_IMPORT])))
    except (KeyError, IndexError) as error:
        raise WasmError(f"a section of the module ends early or is missing: {error}") from error
    if start + len(places) != size:
        raise WasmError(f"a table of {size} entries, filled up to {start + len(places)}")
    index_of = {function: start + place for place, function in reversed(list(enumerate(places)))}
    added: list[int] = []
    symbols: dict[bytes, int] = {}
    for export in exports:
        if export.kind == _FUNCTION_KIND:
            if export.index not in index_of:
                index_of[export.index] = size + len(added)
                added.append(export.index)
            symbols[export.name] = index_of[export.index]
        elif export.kind == _GLOBAL_KIND:
            address = constants.get(export.index)
            if address is not None:
                symbols[export.name] = address
    wanted = {name.encode() for name in kept}
    replaced = {
        _TABLE: bytes([1, _FUNCREF, 0]) + encode(size + len(added)),
        _EXPORT: _write_exports([export for export in exports if export.name in wanted]),
        _ELEMENT: _write_elements([(start, places), (size, added)]),
    }
    missing = wanted - {export.name for export in exports}
    if missing:
        raise WasmError(f"no export {min(missing).decode()}")
    parts = [_MAGIC]
    for kind, body in sections:
        new = replaced.get(kind, body)
        parts += [bytes([kind]), encode(len(new)), new]
    return b"".join(parts), pack_symbols(symbols)


def pack_symbols(symbols: dict[bytes, int]) -> bytes:
    """Return the table of symbols: little-endian words, then the names, sorted, one after the other.

    The words are the number of names, where each begins and where the last ends, and what each stands for:
    the place of a function in the table or the address of data.
    """
    names = sorted(symbols)
    offsets = [0]
    for name in names:
        offsets.append(offsets[-1] + len(name))
    words = [len(names), *offsets, *(symbols[name] for name in names)]
    return struct.pack(f"<{len(words)}I", *words) + b"".join(names)


def encode(number: int) -> bytes:
    """Return a number from 0 in LEB128; where the format wants a signed one, see :func:`encode_signed`."""
    out = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)


def encode_signed(number: int) -> bytes:
    """Return a number from 0 in signed LEB128: the sixth bit of the last byte is its sign."""
    out = encode(number)
    return out if out[-1] < 0x40 else out[:-1] + bytes([out[-1] | 0x80, 0])


def decode(data: bytes, at: int, *, signed: bool = False) -> tuple[int, int]:
    """Return the LEB128 number at a position, and the position after it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            negative = signed and byte & 0x40
            return (number - (1 << shift) if negative else number), at


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    if not module.startswith(_MAGIC):
        raise WasmError("not a WebAssembly module")
    at = len(_MAGIC)
    while at < len(module):
        kind = module[at]
        size, begin = decode(module, at + 1)
        at = begin + size
        if at > len(module):
            raise WasmError("the last section is cut off")
        yield kind, module[begin:at]


def _name(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = decode(data, at)
    return data[at : at + length], at + length


def _read_exports(body: bytes) -> Iterator[Export]:
    count, at = decode(body, 0)
    for _ in range(count):
        name, at = _name(body, at)
        index, after = decode(body, at + 1)
        yield Export(name, body[at], index)
        at = after


def _write_exports(exports: list[Export]) -> bytes:
    entries = (encode(len(e.name)) + e.name + bytes([e.kind]) + encode(e.index) for e in exports)
    return encode(len(exports)) + b"".join(entries)


def _read_elements(body: bytes) -> tuple[int, list[int]]:
    count, at = decode(body, 0)
    if count != 1 or body[at : at + 2] != bytes([0, _I32_CONST]):
        raise WasmError("expected one active element segment")
    start, at = decode(body, at + 2, signed=True)
    if body[at] != _END:
        raise WasmError("expected a constant offset of the element segment")
    length, at = decode(body, at + 1)
    places = []
    for _ in range(length):
        function, at = decode(body, at)
        places.append(function)
    return start, places


def _write_elements(segments: list[tuple[int, list[int]]]) -> bytes:
    parts = [encode(len(segments))]
    for start, functions in segments:
        parts += [bytes([0, _I32_CONST]), encode_signed(start), bytes([_END]), encode(len(functions))]
        parts += map(encode, functions)
    return b"".join(parts)


def _read_table(body: bytes) -> int:
    if body[:3] != bytes([1, _FUNCREF, 0]):
        raise WasmError("expected one table of functions that may grow")
    return decode(body, 3)[0]


def _read_constants(body: bytes) -> Iterator[int | None]:
    """Yield, for each of the module's own globals, its value if that is a constant address, else ``None``."""
    count, at = decode(body, 0)
    for place in range(count):
        kind, mutable, operation = body[at : at + 3]
        if operation != _I32_CONST:
            raise WasmError(f"global {place} does not begin as a 32-bit constant")
        value, at = decode(body, at + 3, signed=True)
        if body[at] != _END:
            raise WasmError(f"global {place} is no constant")
        at += 1
        yield value if kind == _I32 and not mutable else None


def _imported_globals(body: bytes) -> int:
    """Return how many globals are imported; their indices come before those of the module's own."""
    count, at = decode(body, 0)
    globals_ = 0
    for _ in range(count):
        _, at = _name(body, at)
        _, at = _name(body, at)
        kind, at = body[at], at + 1
        if kind == _FUNCTION_KIND:
            _, at = decode(body, at)
        elif kind == _MEMORY_KIND:
            limits, at = body[at], at + 1
            for _ in range(1 + (limits & 1)):
                _, at = decode(body, at)
        elif kind == _GLOBAL_KIND:
            globals_, at = globals_ + 1, at + 2
        else:
            raise WasmError(f"an import of kind {kind}")
    return globals_
