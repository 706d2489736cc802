"""Turns an ordinary source into a ``module``, for a Lean that compiles nothing else; no line moves."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from lean_bridge.build.header import parse_header
from lean_bridge.build.scan import words_of
from pybind_models import Diagnostic, Toolchain

_PRIVATE_IN_PUBLIC: Final = (
    "set_option backward.privateInPublic true set_option backward.privateInPublic.warn false"
)
"""What is public may mention what is private, as in an ordinary file; and nothing is said of that."""
_OF_MODULES: Final = ("public", "meta")
"""Words of Lean's that an ordinary file has no use for: who writes them means a module."""
_CLOSES_NOTHING: Final = re.compile(r"^(?:Missing|Invalid) name after `end`: Expected")


class Source(Protocol):
    """A source of a library, of which this much is asked."""

    @property
    def file(self) -> str:
        """How messages name it."""

    @property
    def content(self) -> bytes:
        """What was read of it."""

    @property
    def is_module(self) -> bool:
        """Whether it begins with ``module``."""


@dataclass(frozen=True, slots=True)
class Handed:
    """The text that Lean is handed for a source: the source itself, or what makes a module of it."""

    content: bytes
    line: int = 1
    """The only line on which commands stand further to the right than in the source."""
    columns: int = 0
    """How much further."""
    scope: str | None = None
    """The name of the section that holds all of the source, where that is no module itself."""

    @property
    def is_turned(self) -> bool:
        """Whether it is other than its source."""
        return self.scope is not None

    def column(self, line: int, column: int) -> int:
        """Return the column in the source of what stands at a place of this text."""
        return max(0, column - self.columns) if line == self.line else column

    def told(self, said: Diagnostic) -> Diagnostic:
        """Return what Lean says of this text as said of its source."""
        said = said.replaced(column=self.column(said.line, said.column))
        if self.scope is not None and self.scope in said.text and _CLOSES_NOTHING.match(said.text):
            return said.replaced(text="invalid 'end': no `namespace` or `section` of this file is open here")
        return said


def handed(source: Source, toolchain: Toolchain) -> Handed:
    """Return what a Lean is handed for a source.

    An installed Lean gets every source as it is, and so does the embedded one what begins with ``module``. Of
    any other file the embedded Lean would make a module whose declarations are private to it. It is handed
    the file as a module that says what an ordinary one means: all that it imports it hands on, all that it
    declares is public, with its body, and what has no code needs none.
    """
    if source.is_module or toolchain.provider != "embedded":
        return Handed(source.content)
    text = source.content.decode("utf-8", "surrogateescape")
    scope = "AsModule"
    while scope in text:
        scope += "_"
    section = f"@[expose] public noncomputable section {scope} {_PRIVATE_IN_PUBLIC} "
    imports = parse_header(text).imports
    parts, at = ["module "], 0
    if text.startswith("\ufeff"):
        parts, at = ["\ufeff", "module "], 1
    for each in imports:
        parts += [text[at : each.start], "public "]
        at = each.start
    end = imports[-1].end if imports else at
    parts += [text[at:end], *([" "] if imports else []), section, text[end:]]
    turned = "".join(parts)
    line = text.count("\n", 0, end)
    columns = len(turned.split("\n", line + 1)[line]) - len(text.split("\n", line + 1)[line])
    return Handed(turned.encode("utf-8", "surrogateescape"), line + 1, columns, scope)


def cannot_be_turned(source: Source, toolchain: Toolchain) -> str | None:
    """Return why no module is made of an ordinary source, where and with the mend; else nothing."""
    if source.is_module or toolchain.provider != "embedded":
        return None
    text = source.content.decode("utf-8", "replace")
    found = [(line, word) for word, line in words_of(text) if word in _OF_MODULES]
    found += [(each.line, "import all") for each in parse_header(text).imports if each.is_all]
    if not found:
        return None
    line, word = min(found)
    return (
        f"{source.file}:{line}: says `{word}`, as modules do, and has no `module`; begin it with `module`, "
        "or do without that word"
    )


def refused_import(source: Source, ordinary: Collection[str]) -> Diagnostic | None:
    """Return Lean's refusal of a module that imports an ordinary file, which no module may; else nothing.

    ``ordinary`` are the files, by module, that Lean was handed as modules, which it therefore lets through.
    """
    if not source.is_module or not ordinary:
        return None
    imports = parse_header(source.content.decode("utf-8", "replace")).imports
    found = next((each for each in imports if each.module in ordinary), None)
    if found is None:
        return None
    text = f"cannot import non-`module` {found.module} from `module`"
    return Diagnostic(file=source.file, line=found.line, column=0, severity="error", text=text)
