"""A small language of terms, to write modules with; and what a reader of them is to overlook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lean_bridge.olean.environment import Environment
from tests.olean_writer import OleanWriter

Term: TypeAlias = object
"""A bound variable's index, a constant's name, or a tuple such as ``("app", "f", 0)``: see :class:`Style`."""

PROP: Term = ("sort",)


@dataclass(frozen=True, slots=True)
class Definition:
    """One constant to be written; ``block`` names what it is declared with."""

    kind: str
    type: Term = PROP
    value: Term = PROP
    levels: Sequence[str] = ()
    block: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Inductive:
    """An inductive type to be written, with its constructors' types."""

    constructors: Mapping[str, Term]
    type: Term = ("type",)


Declarations: TypeAlias = Mapping[str, Definition | Inductive]


@dataclass(frozen=True, slots=True)
class Style:
    """What a term is written with and does not mean."""

    binders: Sequence[str] = ("x",)
    """Binder names, taken in turn."""
    infos: Sequence[int] = (0,)
    """Binder infos, taken in turn: explicit, implicit, strict, instance."""
    metadata: bool = False
    """Whether every node is wrapped in metadata."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """Names of universe parameters by those in the term."""

    def write(self, writer: OleanWriter, term: Term, count: list[int] | None = None) -> int:
        """Write a term and return its word."""
        count = [0] if count is None else count
        word = self._node(writer, term, count)
        return writer.expr(10, [1, word]) if self.metadata else word

    def _node(self, writer: OleanWriter, term: Term, count: list[int]) -> int:
        match term:
            case int(index):
                return writer.expr(0, [writer.nat(index)])
            case str(constant):
                return writer.expr(4, [writer.name(*constant.split(".")), 1])
            case ("sort",):
                return writer.expr(3, [1])
            case ("type",):
                return writer.expr(3, [writer.constructor(1, [1], bytes(8))])
            case ("universe", str(parameter)):
                level = writer.constructor(4, [writer.name(self.levels.get(parameter, parameter))], bytes(8))
                return writer.expr(3, [level])
            case ("lit", int(value)):
                return writer.expr(9, [writer.constructor(0, [writer.nat(value)])])
            case ("proj", str(struct), int(index), of):
                return writer.expr(
                    11,
                    [writer.name(struct), writer.nat(index), self.write(writer, of, count)],
                )
            case ("app", fn, *arguments):
                word = self.write(writer, fn, count)
                for argument in arguments:
                    word = writer.expr(5, [word, self.write(writer, argument, count)])
                return word
            case ("implicit", type_, body):
                name, _ = self._binder(writer, count)
                words = [self.write(writer, part, count) for part in (type_, body)]
                return writer.expr(7, [name, *words], b"\1")
            case (("lam" | "pi") as binder, type_, body):
                name, info = self._binder(writer, count)
                words = [self.write(writer, part, count) for part in (type_, body)]
                return writer.expr(6 if binder == "lam" else 7, [name, *words], info)
            case ("let", type_, value, body):
                name, _ = self._binder(writer, count)
                words = [self.write(writer, part, count) for part in (type_, value, body)]
                return writer.expr(8, [name, *words], b"\0")
        raise ValueError(f"no term: {term!r}")

    def _binder(self, writer: OleanWriter, count: list[int]) -> tuple[int, bytes]:
        turn = count[0]
        count[0] += 1
        info = self.infos[turn % len(self.infos)]
        return writer.name(self.binders[turn % len(self.binders)]), bytes([info])


PLAIN = Style()


def write_declarations(
    path: Path, declarations: Declarations, *, imports: Sequence[str] = (), style: Style = PLAIN
) -> None:
    """Write a module of these constants."""
    writer = OleanWriter(word=8)
    constants: list[tuple[int, int]] = []
    for name, declaration in declarations.items():
        word = writer.name(*name.split("."))
        type_ = style.write(writer, declaration.type)
        if isinstance(declaration, Inductive):
            made = [
                (writer.name(*each.split(".")), style.write(writer, of_type))
                for each, of_type in declaration.constructors.items()
            ]
            words = writer.inductive(word, type_, made)
            constants += zip([word, *(each for each, _ in made)], words, strict=True)
            continue
        levels = writer.list([writer.name(style.levels.get(level, level)) for level in declaration.levels])
        block = writer.list([writer.name(*each.split(".")) for each in declaration.block])
        value = style.write(writer, declaration.value)
        written = writer.declaration(declaration.kind, word, type_, value, levels=levels, block=block)
        constants.append((word, written))
    writer.file(path, constants, imports=[writer.name(*module.split(".")) for module in imports])


def environment_of(
    directory: Path, own: Declarations, *, library: Declarations, style: Style = PLAIN
) -> Environment:
    """Write a library with the module ``Core`` and a module ``Top`` that imports it, and load both."""
    write_declarations(directory / "lib" / "Core.olean", library)
    write_declarations(directory / "own" / "Top.olean", own, imports=["Core"], style=style)
    environment = Environment([directory / "own"], library=directory / "lib")
    environment.load("Top")
    return environment
