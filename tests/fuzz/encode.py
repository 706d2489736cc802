"""Decoded modules as data that can be changed, and written again as compiled files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lean_bridge.olean.expr import Constant, ConstantKind, Name
from lean_bridge.olean.module import Module
from tests.olean_constants import ConstantWriter

KINDS_EXTENSION: Final = "_private.Lean.Environment.0.Lean.privateConstKindsExt"
CSIMP: Final = "Lean.Compiler.CSimp.ext"
INSTANCES: Final = "Lean.Meta.globalInstanceExtension"
CLASSES: Final = "Lean.classExtension"
MARKS: Final = ("Lean.Compiler.implementedByAttr", "Lean.externAttr")
_ORIGINAL: Final = (
    "definition",
    "theorem",
    "axiom",
    "opaque",
    "quot",
    "inductive",
    "constructor",
    "recursor",
)
"""As Lean numbers what a hidden constant was."""
STORED_COUNTS: Final = {
    "inductive": (
        *("num_params", "num_indices", "all", "constructors", "num_nested"),
        *("is_recursive", "is_reflexive"),
    ),
    "constructor": ("inductive", "constructor_index", "num_params", "num_fields"),
    "recursor": ("all", "num_params", "num_indices", "num_motives", "num_minors", "k"),
}
"""What a file holds that a kernel works out by itself, by the kind of the constant; and ``safety``."""


@dataclass
class Content:
    """What one module says, as far as anything is read of it."""

    imports: list[Name]
    constants: dict[Name, Constant]
    lean_version: str
    hidden: dict[Name, ConstantKind] = field(default_factory=dict)
    """What the source declared of constants that are stored as axioms."""
    marks: dict[Name, list[Name]] = field(default_factory=dict)
    csimp: list[tuple[Name, Name]] = field(default_factory=list)
    listed_as: dict[Name, Name] = field(default_factory=dict)
    """Constants that the list of names has under another name."""
    instances: list[Name] = field(default_factory=list)
    """What is registered as an instance, wherever the module is imported."""
    classes: list[Name] = field(default_factory=list)

    def copy(self) -> Content:
        """Return a copy that can be changed; terms are shared."""
        return Content(
            list(self.imports),
            dict(self.constants),
            self.lean_version,
            dict(self.hidden),
            {extension: list(names) for extension, names in self.marks.items()},
            list(self.csimp),
            dict(self.listed_as),
            list(self.instances),
            list(self.classes),
        )


def content_of(module: Module) -> Content:
    """Return what a compiled module says."""
    return Content(
        [line.module for line in module.imports],
        {name: module.constant(name) for name in module.constant_names},
        module.lean_version,
        {
            name: module.original_kind(name)
            for name in module.constant_names
            if module.constant(name).kind == "axiom" and module.original_kind(name) != "axiom"
        },
        {mark: sorted(module.marked(mark)) for mark in MARKS if mark in module.extensions},
        list(module.replacements.items()),
        instances=sorted(module.instances),
        classes=sorted(module.classes),
    )


class Encoder(ConstantWriter):
    """Writes a module's content as one file outside the module system, in which nothing is hidden."""

    def write(self, content: Content, path: Path) -> None:
        """Write a module; ``path`` ends in ``.olean``."""
        constants = [
            (self.named(content.listed_as.get(name, name)), self.constant(constant))
            for name, constant in content.constants.items()
        ]
        pairs: dict[Name, list[int]] = {
            mark: [self.constructor(0, [self.named(name), 1]) for name in names]
            for mark, names in content.marks.items()
        }
        pairs[KINDS_EXTENSION] = [
            self.constructor(0, [self.named(name), self.nat(_ORIGINAL.index(kind))])
            for name, kind in content.hidden.items()
        ]
        pairs[CSIMP] = [
            self.constructor(0, [self.constructor(0, [self.named(a), self.named(b), self.named("lemma")])])
            for a, b in content.csimp
        ]
        pairs[INSTANCES] = [self.constructor(0, [self.named(name)]) for name in content.instances]
        pairs[CLASSES] = [self.constructor(0, [self.named(name), 1]) for name in content.classes]
        entries = [(self.named(extension), words) for extension, words in pairs.items()]
        self.file(path, constants, imports=[self.named(name) for name in content.imports], entries=entries)
        data = bytearray(path.read_bytes())
        data[7:0x28] = content.lean_version.encode().ljust(33, b"\0")
        path.write_bytes(data)


def hide(content: Content, name: Name) -> None:
    """Store a constant as an exported part does: as an axiom, with its original kind beside it."""
    constant = content.constants[name]
    content.hidden[name] = constant.kind
    content.constants[name] = replace(
        constant, kind="axiom", value=None, hints="opaque", all=(), safety="safe", rules=(), constructors=()
    )
