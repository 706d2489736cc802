"""Where it stands in the sources what declarations are not accepted for: the ``sorry`` itself, an axiom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lean_bridge.audit.provenance import SourceFile, read_sources
from lean_bridge.build.lexical import PART, comment_end
from lean_bridge.codes import Code
from lean_bridge.names import split_name, written
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from pybind_models import Cause, DeclarationReport, Place
from pybind_models.report import Source

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    Code.SORRY: frozenset({"sorry", "admit"}),
    Code.COMPILED_CODE: frozenset({"native_decide", "bv_decide"}),
}
"""What a text says where what a code names begins."""
_CONSTANTS: Final[Mapping[str, frozenset[str]]] = {
    Code.SORRY: frozenset({"sorryAx", "mkSorry", "mkLabeledSorry", "admitGoal"}),
    Code.COMPILED_CODE: frozenset({"trustCompiler", "ofReduceBool", "ofReduceNat"}),
}
"""The last parts of the names that begin it too, in whatever namespace and whether or not in ``«»``."""

_TOKEN: Final = re.compile(
    rf"""--[^\n]* | (?P<comment>/-) | "(?:\\.|[^"\\])*" | (?P<word>{PART}(?:\.{PART})*)""",
    re.VERBOSE | re.DOTALL,
)


def with_causes(
    rows: Sequence[DeclarationReport], environment: Environment, sources: Mapping[str, SourceFile]
) -> list[DeclarationReport]:
    """Return the rows, those that are not accepted with their cause, if it is a declaration.

    Raises: OleanError if a compiled module cannot be read.
    """
    chains = {row.name: chain for row in rows if not row.is_accepted and (chain := _chain(row))}
    wanted = dict.fromkeys(
        spelling for chain in chains.values() for name in chain for spelling in _near(name)
    )
    found = read_sources(environment, sources, wanted) if wanted else {}
    return [
        row.replaced(cause=_cause(row, chains[row.name], found)) if row.name in chains else row
        for row in rows
    ]


def _chain(row: DeclarationReport) -> tuple[Name, ...]:
    """Return the declarations at one of which the cause stands, that which has it most likely first."""
    if row.axiom_path:
        return tuple(reversed(row.axiom_path))
    if row.pin is not None and row.pin.underneath is not None and row.code == Code.DEFINITION_DRIFT:
        return (row.pin.underneath,)
    if row.words is not None and row.code == Code.OWN_VOCABULARY:
        return row.words.changed[:1]
    return ()


def _near(name: Name) -> Iterator[Name]:
    """Yield a name, and those of which it may be an auxiliary, such as ``a`` for ``a._proof_1``."""
    parts = split_name(name) or (name,)
    for length in range(len(parts), 0, -1):
        yield written(parts[:length]) if length < len(parts) else name


def _cause(row: DeclarationReport, chain: Sequence[Name], found: Mapping[Name, Source]) -> Cause:
    for name in chain:
        for spelling in _near(name):
            if (source := found.get(spelling)) is not None:
                return Cause(name=spelling, place=place_of(source, row.code))
    return Cause(name=chain[0])


def says(word: str, code: str) -> bool:
    """Return whether a word of a text, however its name is written, begins what a code names."""
    parts = split_name(word) or (word,)
    return word in _WORDS.get(code, ()) or parts[-1] in _CONSTANTS.get(code, ())


def place_of(source: Source, code: str | None, *, word: str | None = None) -> Place:
    """Return where a declaration first says what a code names, or else ``word``, or else where it begins."""
    found = [(start, each) for start, each in words_at(source.text) if each == word or says(each, code or "")]
    at = min(found, key=lambda each: (not says(each[1], code or ""), each[0]), default=(0, ""))[0]
    before = source.text[:at].split("\n")
    column = len(before[-1]) + (source.column if len(before) == 1 else 1)
    return Place(file=source.file, line=source.line + len(before) - 1, column=column)


def words_at(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words of a text with their offsets, but those of comments and strings."""
    at = 0
    while (found := _TOKEN.search(text, at)) is not None:
        at = comment_end(text, found.start()) if found["comment"] else found.end()
        if found["word"]:
            yield found.start(), found["word"]
