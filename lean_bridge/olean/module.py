"""One compiled module: what it imports, and its constants, each decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

from lean_bridge.olean.address_space import Region, header_word, part_paths, read_region
from lean_bridge.olean.constants import read_constant, read_type
from lean_bridge.olean.decode import Decoder
from lean_bridge.olean.equality import is_same_body, is_same_statement
from lean_bridge.olean.expr import Constant, ConstantKind, Expr, Name
from lean_bridge.olean.objects import Object, Objects, Value

_ORIGINAL_KINDS: tuple[ConstantKind, ...] = (
    "definition",
    "theorem",
    "axiom",
    "opaque",
    "quot",
    "inductive",
    "constructor",
    "recursor",
)
"""Lean's ``ConstantKind``, whose order is not that of ``ConstantInfo``."""

_ORIGINAL_KIND_EXTENSION = ".0.Lean.privateConstKindsExt"
_CSIMP_EXTENSION = "Lean.Compiler.CSimp.ext"
_DECLARATION_RANGE_EXTENSION = "Lean.declRangeExt"
_INSTANCE_EXTENSION = "Lean.Meta.globalInstanceExtension"
_CLASS_EXTENSION = "Lean.classExtension"
_PARSER_EXTENSION = "Lean.Parser.parserExtension"


@dataclass(frozen=True, slots=True)
class Import:
    """One line of a module's import list."""

    module: Name
    import_all: bool
    is_exported: bool
    """Whether it is a ``public import``."""
    is_meta: bool


@dataclass(frozen=True, slots=True)
class DeclarationRange:
    """Where a declaration stands in its source: lines from 1, columns from 0, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Module:
    """A compiled module; constants are decoded lazily and once. Raises: OleanError with file and byte offset.

    Its own name is not stored in it.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self.decoder = Decoder(region)
        self.path: Path = region.parts[0].path
        self.lean_version: str = region.parts[0].lean_version
        self._root = region.parts[-1].root
        self._fields = self.decoder.objects.constructor(self._root, region.end, 0, 5, 1)
        self.is_module: bool = bool(self.decoder.objects.scalar(self._root, 5, 0))
        """Whether it was written in the module system, which hides bodies from the exported part."""
        self._decoded: dict[Name, Constant] = {}
        self._types: dict[Name, Expr] = {}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes that were read, and of where each file ends and the next begins."""
        sizes = ",".join(str(part.size) for part in self._region.parts)
        digest = sha256(f"{sizes}:".encode())
        digest.update(self._region.data)
        return digest.hexdigest()

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """The modules it imports, in order."""
        objects = self.decoder.objects
        imports = []
        for word in objects.array(self._fields[0], self._root):
            (name,) = objects.constructor(word, self._root, 0, 1, 3)
            flags = [bool(objects.scalar(word, 1, index)) for index in range(3)]
            imports.append(Import(self.decoder.name(name, word), *flags))
        return tuple(imports)

    @cached_property
    def constant_names(self) -> tuple[Name, ...]:
        """The names of its constants; nothing else of them is decoded."""
        name, holder = self.decoder.name, self._root
        return tuple([name(word, holder) for word in self.decoder.objects.array(self._fields[1], holder)])

    def constant(self, name: Name) -> Constant:
        """Return a constant.

        Raises: KeyError if the module does not define it.
        """
        found = self._decoded.get(name)
        if found is None:
            word = self._addresses[name]
            found = read_constant(self.decoder, word, self._root)
            if found.name != name:
                raise self._region.error(word, f"constant {found.name} is listed as {name}")
            self._decoded[name] = found
        return found

    def type_of(self, name: Name) -> Expr:
        """Return the type of a constant; its body is not decoded.

        Raises: KeyError if the module does not define it.
        """
        found = self._types.get(name)
        if found is None:
            found = self._types[name] = read_type(self.decoder, self._addresses[name], self._root)
        return found

    @cached_property
    def _addresses(self) -> dict[Name, int]:
        words = self.decoder.objects.array(self._fields[2], self._root)
        addresses = dict(zip(self.constant_names, words, strict=False))
        if not len(words) == len(self.constant_names) == len(addresses):
            raise self._region.error(
                self._root, f"{len(words)} constants with {len(addresses)} different names"
            )
        return addresses

    @property
    def axioms(self) -> Iterator[Name]:
        """The constants that are stored as axioms; nothing else of them is decoded."""
        for name, word in self._addresses.items():
            if self.decoder.objects.header(word, self._root) >> 56 == 0:
                yield name

    def may_mention(self, name: Name) -> bool:
        """Whether the last part of a name is in the file at all: without it nothing mentions the name."""
        return name.rpartition(".")[2].encode() in self._region.data

    def __contains__(self, name: Name) -> bool:
        return name in self._addresses

    def exported_differences(self) -> Iterator[tuple[Name, str]]:
        """Yield what its exported part, which is all that importers see, says otherwise than the whole.

        There a body may be hidden, and a private constant left out; nothing else. A part points into those
        before it, so what is the same is nearly always the same object, and nothing of it is decoded.
        """
        objects, root = self.decoder.objects, self._region.parts[0].root
        if root == self._root:
            return
        fields = objects.constructor(root, self._region.end, 0, 5, 1)
        names, words = objects.array(fields[1], root), objects.array(fields[2], root)
        if len(names) != len(words):
            raise self._region.error(root, f"{len(words)} constants with {len(names)} names")
        for named, word in zip(names, words, strict=True):
            name = self.decoder.name(named, root)
            whole = self._addresses.get(name)
            if whole is None:
                yield name, "is not there at all"
            elif whole != word and not self._is_hidden_form(word, whole, root):
                shown, kept = read_constant(self.decoder, word, root), self.constant(name)
                if not is_same_statement(shown, kept):
                    yield name, "has another type"
                elif shown.kind != "axiom" and not is_same_body(shown, kept):
                    yield name, "has another body"

    def _is_hidden_form(self, word: int, whole: int, holder: int) -> bool:
        """Whether a constant is stored as an axiom, with the very name, levels and type of another."""
        is_axiom = self.decoder.objects.header(word, holder) >> 56 == 0
        return is_axiom and self._head(word, holder) == self._head(whole, self._root)

    def _head(self, word: int, holder: int) -> int:
        """Return the word of a constant's name, levels and type, which every kind begins with."""
        objects = self.decoder.objects
        (value,) = objects.constructor(word, holder, objects.header(word, holder) >> 56, 1)
        return objects.words(objects.offset(value, word) + 8, 1)[0]

    def original_kind(self, name: Name) -> ConstantKind:
        """Return what the source declared: a hidden theorem or definition is stored as an axiom.

        Raises: KeyError if the module does not define the constant.
        """
        stored = self.constant(name).kind
        return self._original_kinds.get(name, stored) if stored == "axiom" else stored

    @cached_property
    def _original_kinds(self) -> Mapping[Name, ConstantKind]:
        kinds: dict[Name, ConstantKind] = {}
        for extension in self.extensions:
            # a private name, whose defining module differs between Lean versions
            if not (extension.startswith("_private.") and extension.endswith(_ORIGINAL_KIND_EXTENSION)):
                continue
            for name, kind, holder in self._pairs(extension):
                number = self.decoder.objects.small(kind, holder)
                if number >= len(_ORIGINAL_KINDS):
                    raise self._region.error(holder, f"unknown kind of constant {number}")
                kinds[name] = _ORIGINAL_KINDS[number]
        return kinds

    @cached_property
    def declaration_ranges(self) -> Mapping[Name, DeclarationRange]:
        """The ranges of its declarations in the source; a module's exported part alone has none."""
        objects = self.decoder.objects
        ranges: dict[Name, DeclarationRange] = {}
        for name, both, holder in self._pairs(_DECLARATION_RANGE_EXTENSION):
            whole, _ = objects.constructor(both, holder, 0, 2)
            start, _, end, _ = objects.constructor(whole, both, 0, 4)
            line, column = objects.constructor(start, whole, 0, 2)
            end_line, end_column = objects.constructor(end, whole, 0, 2)
            ranges[name] = DeclarationRange(
                objects.small(line, start),
                objects.small(column, start),
                objects.small(end_line, end),
                objects.small(end_column, end),
            )
        return ranges

    def marked(self, extension: Name) -> frozenset[Name]:
        """Return the constants that an attribute with one entry per constant marks."""
        return frozenset(name for name, _, _ in self._pairs(extension))

    @cached_property
    def instances(self) -> frozenset[Name]:
        """The instances that are found wherever the module is imported, without anything being opened."""
        entries, objects = self._extensions.get(_INSTANCE_EXTENSION), self.decoder.objects
        found: set[Name] = set()
        for word in objects.array(entries, self._root) if entries is not None else ():
            # a global entry is ⟨name⟩, a scoped one ⟨namespace, name⟩
            if objects.header(word, self._root) == header_word(0, 1, 0, self._region.word):
                (name,) = objects.constructor(word, self._root, 0, 1)
                found.add(self.decoder.name(name, word))
        return frozenset(found)

    @cached_property
    def classes(self) -> frozenset[Name]:
        """The type classes that it declares."""
        return self.marked(_CLASS_EXTENSION)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The tokens that it adds to Lean's, wherever it is imported or where something is opened."""
        if _PARSER_EXTENSION not in self._extensions:
            return frozenset()
        found: set[str] = set()
        for entry in self.entries(_PARSER_EXTENSION):
            # a global entry is ⟨what⟩, a scoped one ⟨namespace, what⟩; what is first of all a ⟨token⟩
            what = entry.fields[-1] if isinstance(entry, Object) else None
            if isinstance(what, Object) and what.tag == 0 and isinstance(what.fields[0], str):
                found.add(what.fields[0])
        return frozenset(found)

    @cached_property
    def replacements(self) -> Mapping[Name, Name]:
        """What this module's csimp lemmas replace in compiled code, in whatever module it is, and by what."""
        entries, objects = self._extensions.get(_CSIMP_EXTENSION), self.decoder.objects
        found: dict[Name, Name] = {}
        if entries is None:
            return found
        for word in objects.array(entries, self._root):
            # a global entry is ⟨lemma⟩, a scoped one ⟨namespace, lemma⟩
            is_scoped = objects.header(word, self._root) != header_word(0, 1, 0, self._region.word)
            *_, entry = objects.constructor(word, self._root, is_scoped, 1 + is_scoped)
            replaced, by, _ = objects.constructor(entry, word, 0, 3)
            found[self.decoder.name(replaced, entry)] = self.decoder.name(by, entry)
        return found

    def _pairs(self, extension: Name) -> Iterator[tuple[Name, int, int]]:
        """Yield the entries of an extension that maps names: name, word of the value, and its holder."""
        entries = self._extensions.get(extension)
        if entries is None:
            return
        objects = self.decoder.objects
        for word in objects.array(entries, self._root):
            name, value = objects.constructor(word, self._root, 0, 2)
            yield self.decoder.name(name, word), value, word

    @cached_property
    def extensions(self) -> tuple[Name, ...]:
        """The names of the environment extensions that stored something."""
        return tuple(self._extensions)

    def entries(self, extension: Name) -> tuple[Value, ...]:
        """Return what an environment extension stored, as object graphs whose meaning is the extension's own.

        Raises: KeyError if no such extension stored anything.
        """
        objects = Objects(self._region)
        words = objects.array(self._extensions[extension], self._root)
        return tuple([objects.graph(word, self._root) for word in words])

    @cached_property
    def _extensions(self) -> Mapping[Name, int]:
        objects = self.decoder.objects
        found: dict[Name, int] = {}
        for word in objects.array(self._fields[4], self._root):
            name, entries = objects.constructor(word, self._root, 0, 2)
            if objects.array(entries, word):  # most have nothing to store
                found[self.decoder.name(name, word)] = entries
        return found


def read_module(path: Path, *, parts: Literal["exported", "all", "present"]) -> Module:
    """Read a compiled module from its ``.olean`` file.

    ``exported`` reads that file only; ``all`` reads ``.olean.server`` and ``.olean.private`` beside it too,
    where a module of the module system keeps proofs and unexposed bodies; ``present`` does so if they are
    there. A file from outside the module system is complete alone.

    Raises: OleanError with file and byte offset.
    """
    paths = part_paths(path)
    module = Module(read_region(paths[:1]))
    if not module.is_module or parts == "exported" or (parts == "present" and not paths[-1].is_file()):
        return module
    return Module(read_region(paths))
