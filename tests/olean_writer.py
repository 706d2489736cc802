"""Writes compiled modules byte by byte: what Lean writes, and what it never would."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path


class OleanWriter:
    """One non-module file in the making; every method returns the word that refers to what it wrote."""

    def __init__(self, *, word: int, gmp: bool = False) -> None:
        self.word = word
        self.gmp = gmp
        self.base = 0x10000
        self.data = bytearray(0x50 + 2 * word)

    def words(self, *values: int) -> bytes:
        return struct.pack(f"<{len(values)}{'I' if self.word == 4 else 'Q'}", *values)

    def place(self, content: bytes, *, tag: int, other: int = 0, size: int | None = None) -> int:
        at = len(self.data)
        exact = 8 + len(content)
        self.data += struct.pack("<IHBB", 0, (exact if size is None else size) & 0xFFFF, other, tag) + content
        self.data += bytes(-len(self.data) % self.word)
        return self.base + at

    def constructor(self, tag: int, fields: Sequence[int], scalars: bytes = b"") -> int:
        content = self.words(*fields) + scalars
        return self.place(content + bytes(-len(content) % 8), tag=tag, other=len(fields))

    def string(self, text: str) -> int:
        encoded = text.encode() + b"\0"
        return self.place(self.words(len(encoded), len(encoded), len(text)) + encoded, tag=249, size=1)

    def array(self, words: Sequence[int]) -> int:
        return self.place(self.words(len(words), len(words), *words), tag=246, size=1)

    def list(self, words: Sequence[int]) -> int:
        cell = 1
        for word in reversed(words):
            cell = self.constructor(1, [word, cell])
        return cell

    def nat(self, value: int) -> int:
        if value < 1 << (8 * self.word - 1):
            return value << 1 | 1
        at = self.base + len(self.data)
        limb = self.word if self.gmp else 4
        count = -(-value.bit_length() // (8 * limb))
        digits = value.to_bytes(count * limb, "little")
        if self.gmp:
            return self.place(
                struct.pack("<ii", count, count) + self.words(at + 16 + self.word) + digits, tag=250
            )
        head = bytes(self.word) + self.words(count, at + 8 + 3 * self.word)
        return self.place(head + digits, tag=250)

    def name(self, *components: str | int) -> int:
        at = 1
        for component in components:
            is_text = isinstance(component, str)
            last = self.string(component) if isinstance(component, str) else self.nat(component)
            at = self.constructor(1 if is_text else 2, [at, last], bytes(8))
        return at

    def expr(self, tag: int, fields: Sequence[int], extra: bytes = b"") -> int:
        return self.constructor(tag, fields, bytes(8) + extra)

    def axiom(self, name: int, type_: int) -> int:
        value = self.constructor(0, [self.constructor(0, [name, 1, type_])], b"\0")
        return self.constructor(0, [value])

    def file(self, path: Path, constants: Sequence[tuple[int, int]], *, imports: Sequence[int] = ()) -> Path:
        """Write the module with these (name, constant) words, and return its path."""
        names, infos = self.array([n for n, _ in constants]), self.array([c for _, c in constants])
        lines = self.array([self.constructor(0, [module], bytes(3)) for module in imports])
        none = self.array([])
        root = self.constructor(0, [lines, names, infos, none, none], b"\0")
        header = b"olean" + bytes([2, self.gmp]) + b"4.0.0".ljust(33, b"\0") + b"0" * 40
        self.data[: 0x50 + 2 * self.word] = header + self.words(self.base, root)
        path.write_bytes(self.data)
        return path

    def file_of_type(self, path: Path, type_: int) -> Path:
        """Write a module whose only constant is the axiom ``t`` of this type, and return its path."""
        name = self.name("t")
        return self.file(path, [(name, self.axiom(name, type_))])
