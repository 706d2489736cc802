"""Holds a compiled module against its source: it is whole, and nothing of the source is missing in it."""

from __future__ import annotations

import hashlib
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lean_bridge.build.grammar import LEAN_S, Grammar, read_grammar
from lean_bridge.build.header import parse_header
from lean_bridge.build.scan import Components, Declared, scan_declarations
from lean_bridge.codes import Code
from lean_bridge.errors import Declined, OleanError
from lean_bridge.names import split_name
from lean_bridge.olean.mentions import mentioned_constants
from lean_bridge.olean.module import DeclarationRange, Module, read_module

READ_BY: Final = (
    "build/account.py",
    "build/grammar.py",
    "build/header.py",
    "build/lexical.py",
    "build/scan.py",
    "build/tokens.py",
    "names.py",
)
"""The files of this package that decide what a source has and a compiled module lacks."""

_PRIVATE = "_private"
_MISSING = " stands in the source and is not in the compiled module"


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Something in which a source and its compiled module differ."""

    line: int
    column: int
    text: str


@cache
def account_digest() -> str:
    """Return which account this program asks for: the SHA-256 of the code that decides."""
    package = Path(__file__).parents[1]
    return hashlib.sha256(b"\0".join((package / file).read_bytes() for file in READ_BY)).hexdigest()


def read_whole(olean: Path) -> Module:
    """Read a module with all its parts, and every constant in it, as one that is to be kept.

    Raises: OleanError if anything of it is missing or damaged.
    """
    module = read_module(olean, parts="exported")
    if module.is_module:
        module = read_module(olean, parts="all")
    for name in module.constant_names:
        module.constant(name)
    return module


def check_plain(artifacts: Path) -> None:
    """Check that what lies in a folder is plain files: a link would be read as whatever it leads to.

    Raises: OleanError naming the first that is not.
    """
    for path in sorted(artifacts.iterdir()):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise OleanError(str(path), 0, "expected a plain file, found a link or something else")


def find_unaccounted(
    file: str, source: str, module: Module, imported: Grammar = LEAN_S
) -> Unaccounted | None:
    """Return the first thing that ``source`` imports or declares and its compiled ``module`` does not have.

    What the process that compiled it says is not asked: code that a source brings can end it early, write
    its own compiled file, or take a message back. ``file`` is how errors name the source, and ``imported``
    what the modules that it imports add to Lean's grammar.
    Raises: Declined where the text alone cannot tell.
    """
    header = parse_header(source)
    compiled = {line.module for line in module.imports}
    for line in header.imports:
        if line.module not in compiled:
            return Unaccounted(line.line, 0, f"the import of {line.module}{_MISSING}")
    if extra := compiled - {line.module for line in header.imports} - {"Init"}:
        what = f"the compiled module imports {min(extra)}, which no import in the source names"
        return Unaccounted(1, 0, what)
    scan = scan_declarations(source, read_grammar(module).upon(imported))
    if scan.unclosed_quotation is not None:
        opened, hidden = scan.unclosed_quotation
        raise Declined(
            f"{file}:{opened}: a quotation is opened here and closed nowhere, so the {hidden.keyword} on "
            f"line {hidden.line} may be text or a declaration; close it, or write ` and ( apart",
            code=Code.SOURCE_NOT_ACCOUNTED,
        )
    missing = next(_missing(file, scan.declared, module), None)
    if missing is None and scan.unclear is not None:
        at, what = scan.unclear
        text = f"{file}:{at}: {what}: its text alone does not tell what this source declares"
        raise Declined(text, code=Code.SOURCE_NOT_ACCOUNTED)
    return missing


def _missing(file: str, declared: tuple[Declared, ...], module: Module) -> Iterator[Unaccounted]:
    made = {_user_name(name) for name in module.constant_names}
    places: dict[Components, list[DeclarationRange]] = {}
    for name, place in module.declaration_ranges.items():
        places.setdefault(_user_name(name), []).append(place)
    counts = Counter(each.name for each in declared)

    def is_made(each: Declared) -> bool:
        """Whether the command at this place of the text declared it, as far as that was recorded."""
        if any(_covers(place, each) for place in places.get(each.name, ())):
            return True
        if each.name in made and each.name not in places and counts[each.name] == 1:
            return True
        return any(
            name[len(name) - len(each.suffix) :] == each.suffix
            and any(_covers(place, each) for place in found)
            for name, found in places.items()
        )

    def is_given_up(each: Declared) -> bool:
        """Whether Lean made it with ``sorry`` under a command that may have kept the error to itself."""
        return each.is_expected_to_fail and any(
            _user_name(name)[-len(each.suffix) :] == each.suffix
            and "sorryAx" in mentioned_constants(module.constant(name))
            for name in module.constant_names
        )

    for each in declared:
        what = f"{each.keyword} {'.'.join(each.name)}" if each.name else f"an {each.keyword} without a name"
        if each.keyword != "example" and not (is_made(each) and not is_given_up(each)):
            if each.is_expected_to_fail:
                raise Declined(
                    f"{file}:{each.line}: {what} is expected to fail here, and is not proved in the "
                    "compiled module; make it an `example`",
                    code=Code.SOURCE_NOT_ACCOUNTED,
                )
            yield Unaccounted(each.line, each.column, f"{what}{_MISSING}")


def _covers(place: DeclarationRange, each: Declared) -> bool:
    return (place.line, place.column) <= (each.line, each.column) < (place.end_line, place.end_column)


def _user_name(name: str) -> Components:
    """Return a name's components, without what marks it as private to its module."""
    parts = split_name(name) or ()
    if parts and parts[0] == _PRIVATE:
        number = next((at for at, part in enumerate(parts) if isinstance(part, int)), 0)
        parts = parts[number + 1 :]
    return tuple(str(part) for part in parts)
