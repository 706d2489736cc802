"""Writes compiled modules byte by byte: what Lean writes, and what it never would."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

_KIND_NUMBERS = ("definition", "theorem")
"""As Lean numbers what a hidden constant was."""


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
        return self.declaration("axiom", name, type_, 1)

    def declaration(
        self, kind: str, name: int, type_: int, value: int, *, levels: int = 1, block: int = 1
    ) -> int:
        """Write an axiom, definition, partial definition, theorem or opaque constant.

        ``levels`` and ``block`` are lists of names: its universe parameters, and what is declared with it.
        """
        head = self.constructor(0, [name, levels, type_])
        tag, fields, scalars = {
            "axiom": (0, [head], b"\0"),
            "definition": (1, [head, value, 3, block], b"\1"),
            "partial": (1, [head, value, 3, block], b"\2"),
            "theorem": (2, [head, value, block], b""),
            "opaque": (3, [head, value, block], b"\0"),
        }[kind]
        return self.constructor(tag, [self.constructor(0, fields, scalars)])

    def inductive(self, name: int, type_: int, constructors: Sequence[tuple[int, int]]) -> Sequence[int]:
        """Write an inductive type and its constructors, each a name and a type; no recursor."""
        block, names = self.list([name]), self.list([each for each, _ in constructors])
        head = self.constructor(0, [name, 1, type_])
        words = [self.constructor(5, [self.constructor(0, [head, 1, 1, block, names, 1], bytes(3))])]
        for index, (each, of_type) in enumerate(constructors):
            head = self.constructor(0, [each, 1, of_type])
            fields = [head, name, self.nat(index), 1, 1]
            words.append(self.constructor(6, [self.constructor(0, fields, b"\0")]))
        return words

    def file(
        self,
        path: Path,
        constants: Sequence[tuple[int, int]],
        *,
        imports: Sequence[int] = (),
        entries: Sequence[tuple[int, Sequence[int]]] = (),
    ) -> Path:
        """Write the module with these (name, constant) and (extension, entry) words, and return its path."""
        names, infos = self.array([n for n, _ in constants]), self.array([c for _, c in constants])
        lines = self.array([self.constructor(0, [module], bytes(3)) for module in imports])
        stored = self.array([self.constructor(0, [name, self.array(found)]) for name, found in entries])
        root = self.constructor(0, [lines, names, infos, self.array([]), stored], b"\0")
        header = b"olean" + bytes([2, self.gmp]) + b"4.0.0".ljust(33, b"\0") + b"0" * 40
        self.data[: 0x50 + 2 * self.word] = header + self.words(self.base, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.data)
        return path

    def file_of_type(self, path: Path, type_: int) -> Path:
        """Write a module whose only constant is the axiom ``t`` of this type, and return its path."""
        name = self.name("t")
        return self.file(path, [(name, self.axiom(name, type_))])


def write_module(
    path: Path,
    declarations: Mapping[str, tuple[str, Sequence[str]]],
    *,
    imports: Sequence[str] = (),
    marks: Mapping[str, Sequence[str]] = MappingProxyType({}),
    csimp: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write a module whose constants, all of type ``Prop``, have a kind and mention others in their bodies.

    An axiom mentions them in its type, as does a ``theorem of`` them; what is ``hidden`` is stored without
    its body. ``marks`` gives the constants that an extension has an entry for, and ``csimp`` what lemmas,
    alternately global and scoped, replace in compiled code, and by what.
    """
    writer = OleanWriter(word=8)
    prop = writer.expr(3, [1])
    constants, hidden = [], []
    for name, (kind, mentioned) in declarations.items():
        body = prop
        for other in mentioned:
            body = writer.expr(5, [body, writer.expr(4, [writer.name(*other.split(".")), 1])])
        word = writer.name(*(int(part) if part.isdigit() else part for part in name.split(".")))
        type_ = body if kind in ("axiom", "theorem of") else prop
        if kind.startswith("hidden "):
            number = _KIND_NUMBERS.index(kind.removeprefix("hidden "))
            hidden.append(writer.constructor(0, [word, number << 1 | 1]))
        stored = "axiom" if kind.startswith("hidden ") else kind.removesuffix(" of")
        constants.append((word, writer.declaration(stored, word, type_, body)))
    entries = [
        (
            writer.name(*extension.split(".")),
            [writer.constructor(0, [writer.name(*name.split(".")), 1]) for name in names],
        )
        for extension, names in marks.items()
    ]
    lemmas = []
    for position, pair in enumerate(csimp):
        lemma = writer.constructor(0, [writer.name(each) for each in (*pair, "lemma")])
        scope = [writer.name("Scope")] if position % 2 else []
        lemmas.append(writer.constructor(len(scope), [*scope, lemma]))
    entries.append((writer.name("Lean", "Compiler", "CSimp", "ext"), lemmas))
    kinds = writer.name("_private", "Lean", "Environment", 0, "Lean", "privateConstKindsExt")
    entries.append((kinds, hidden))
    modules = [writer.name(*module.split(".")) for module in imports]
    return writer.file(path, constants, imports=modules, entries=entries)
