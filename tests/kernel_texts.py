"""The texts that the code of a kernel refers to, out of the programs themselves.

Both programs have the C++ sources of Lean's kernel in one stretch of code, between the initialisers of names
and of the constants that the elaborator knows. A text that the kernel knows by heart, the name of a constant
say, is referred to from there by its address. What the code makes up out of single letters is not found.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lean_bridge.toolchain.wasm import decode

FIRST, LAST = "_ZN4lean15initialize_nameEv", "_ZN4lean20initialize_constantsEv"
_LONGEST = 200
_IN_TYPE_CHECKER = (b"_kernel_fresh\0", b"eagerReduce\0", b"dontcare\0")
_LOAD_ADDRESS = re.compile(rb"[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](....)", re.DOTALL)
"""``lea register, [rip + offset]``"""


def native_texts(library: Path) -> set[str]:
    """Return the texts that the kernel in a 64-bit shared library for x86 refers to."""
    data = library.read_bytes()
    table, count, of_names = struct.unpack_from("<Q", data, 0x28)[0], *struct.unpack_from("<HH", data, 0x3C)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * index) for index in range(count)]
    named = {
        data[(at := headers[of_names][4] + header[0]) : data.index(b"\0", at)]: header for header in headers
    }
    _, _, _, address, at, size, *_ = named[b".rodata"]
    symbols, strings = named[b".symtab"], named[b".strtab"]
    kind = np.dtype([("name", "<u4"), ("rest", "V4"), ("value", "<u8"), ("size", "<u8")])
    entries = np.frombuffer(data, kind, symbols[5] // 24, symbols[4])

    def place(name: str) -> int:
        where = data.index(b"\0" + name.encode() + b"\0", strings[4]) + 1 - strings[4]
        return int(entries["value"][entries["name"] == where][0])

    text = named[b".text"]
    start, end = place(FIRST), place(LAST)
    code = data[start - text[3] + text[4] : end - text[3] + text[4]]
    texts = data[at : at + size]
    return {
        found
        for match in _LOAD_ADDRESS.finditer(code)
        for found in _text(texts, start + match.end() + struct.unpack("<i", match[1])[0] - address)
    }


def wasm_texts(program: Path) -> set[str]:
    """Return the texts that the kernel in an embedded Lean refers to; its symbols lie beside it."""
    data, symbols = program.read_bytes(), program.with_name("symbols.bin").read_bytes()
    sections: dict[int, int] = {}
    at = 8
    while at < len(data):
        size, content = decode(data, at + 1)
        sections.setdefault(data[at], content)
        at = content + size
    functions = dict(_elements(data, sections[9]))
    imported = sum(_imports(data, sections[2]))

    def place(name: str) -> int:
        return functions[_symbol(symbols, name.encode())] - imported

    bodies = list(_vectors(data, sections[10]))
    segments = list(_segments(data, sections[11]))
    ours = next(segment for segment in segments if all(text in segment for text in _IN_TYPE_CHECKER))
    # the segment's address is the one at which all of these texts are referred to
    checker = _constants(bodies[place("_ZN4lean23initialize_type_checkerEv")])
    (address,) = set.intersection(
        *({constant - ours.index(text) for constant in checker} for text in _IN_TYPE_CHECKER)
    )
    return {
        found
        for body in bodies[place(FIRST) : place(LAST)]
        for constant in _constants(body)
        for found in _text(ours, constant - address)
    }


def _text(texts: bytes, place: int) -> Iterator[str]:
    """Yield the text at a place, if there is one."""
    end = texts.find(b"\0", place, place + _LONGEST) if 0 <= place < len(texts) else -1
    if end > place:
        try:
            found = texts[place:end].decode()
        except UnicodeDecodeError:
            return
        if found.isprintable():
            yield found


def _symbol(symbols: bytes, name: bytes) -> int:
    """Return what a packed table of symbols has for a name."""
    (count,) = struct.unpack_from("<I", symbols)
    words = np.frombuffer(symbols, "<u4", 2 * count + 1, 4)
    names = symbols[4 * (2 * count + 2) :]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if names[words[middle] : words[middle + 1]] < name:
            low = middle + 1
        else:
            high = middle
    assert names[words[low] : words[low + 1]] == name
    return int(words[count + 1 + low])


def _elements(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the table, each with the function that is put there."""
    count, at = decode(data, at)
    for _ in range(count):
        start, at = decode(data, at + 2, signed=True)
        length, at = decode(data, at + 1)
        for place in range(start, start + length):
            function, at = decode(data, at)
            yield place, function


def _imports(data: bytes, at: int) -> Iterator[bool]:
    """Yield of each import whether it is a function."""
    count, at = decode(data, at)
    for _ in range(count):
        for _ in range(2):
            length, at = decode(data, at)
            at += length
        kind, at = data[at], at + 1
        yield kind == 0
        if kind == 3:
            at += 2
            continue
        at += kind == 1
        limits, at = decode(data, at)
        for _ in range(1 + (limits & 1) if kind in (1, 2) else kind == 4):
            _, at = decode(data, at)


def _vectors(data: bytes, at: int) -> Iterator[bytes]:
    count, at = decode(data, at)
    for _ in range(count):
        length, at = decode(data, at)
        yield data[at : at + length]
        at += length


def _segments(data: bytes, at: int) -> Iterator[bytes]:
    """Yield the data segments, all of which are passive."""
    count, at = decode(data, at)
    for _ in range(count):
        kind, at = decode(data, at)
        assert kind == 1
        length, at = decode(data, at)
        yield data[at : at + length]
        at += length


def _constants(body: bytes) -> set[int]:
    """Return whatever may be an ``i32.const`` of a function."""
    found = set()
    at = body.find(b"\x41")
    while 0 <= at < len(body) - 6:
        found.add(decode(body, at + 1)[0])
        at = body.find(b"\x41", at + 1)
    return found
