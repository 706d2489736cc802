"""Lean's names: read as people and sources write them, kept as parts, written as Lean writes them.

A name is a tuple of parts, texts and numbers; its text is its parts with dots between them, those in ``«»``
that are no identifier. Dots may stand inside ``«»``, so a text is taken apart here and nowhere else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, TypeAlias

Parts: TypeAlias = tuple[str | int, ...]

ANONYMOUS: Final = "[anonymous]"
"""The root of all names, as Lean writes it; a part of this spelling would be quoted."""
ROOT: Final = "_root_"
"""What precedes a name that is meant whole, whatever name space it stands in."""

LETTER: Final = (
    r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"
    r"\u0391-\u039f\u03a1\u03a2\u03a4-\u03a9\u03b1-\u03ba\u03bc-\u03fb"
    r"\u1f00-\u1ffe\u2100-\u214f\U0001d49c-\U0001d59f"
)
"""What a part may begin with, in a character class: Lean's ``isLetterLike``, which lacks λ, Π, Σ, × and ÷."""
SUBSCRIPT: Final = r"\u2080-\u2089\u2090-\u209c\u1d62-\u1d6a\u2c7c"
PLAIN: Final = rf"[{LETTER}][{LETTER}0-9'!?{SUBSCRIPT}]*"
"""A part that stands without ``«»``, as a regular expression."""

_PLAIN: Final = re.compile(PLAIN)
_PART: Final = re.compile(r"«(?P<quoted>(?:[^»]|»»)*)»|(?P<plain>[^.«»]+)")
_NOT_IN_A_FILE_NAME: Final = frozenset("/\\\0")


@lru_cache(maxsize=1 << 16)
def quoted(part: str) -> str:
    """Return a text part of a name as Lean writes it, in ``«»`` unless it is an identifier.

    A ``»`` inside is doubled, which Lean leaves ambiguous.
    """
    return part if _PLAIN.fullmatch(part) else "«" + part.replace("»", "»»") + "»"


def written(parts: Iterable[str | int]) -> str:
    """Return a name as Lean writes it."""
    return ".".join(str(part) if isinstance(part, int) else quoted(part) for part in parts) or ANONYMOUS


@lru_cache(maxsize=1 << 16)
def split_name(name: str) -> Parts | None:
    """Return the parts of a name, numeric ones as numbers, or ``None`` if the text is no name.

    The anonymous name has none. What is no identifier need not stand in ``«»`` where nothing else could be
    meant.
    """
    if name == ANONYMOUS:
        return ()
    parts: list[str | int] = []
    at = 0
    while match := _PART.match(name, at):
        plain = match["plain"]
        if plain is None:
            parts.append(match["quoted"].replace("»»", "»"))
        else:
            parts.append(int(plain) if plain.isascii() and plain.isdigit() else plain)
        at = match.end()
        if at == len(name):
            return tuple(parts)
        if name[at] != ".":
            return None
        at += 1
    return None


def canonical(name: str) -> str | None:
    """Return a name that a person wrote as Lean writes it, or ``None`` if it is none."""
    parts = split_name(name.strip())
    if parts is None or parts in ((), (ROOT,)):
        return None
    return written(parts[1:] if parts[0] == ROOT else parts)


def last_component(name: str) -> str:
    """Return the last part of a name, in its ``«»`` if it has them; there may be dots inside."""
    found = [*_PART.finditer(name)]
    return found[-1][0] if found and found[-1].end() == len(name) else name


def ends_with(name: str, end: str) -> bool:
    """Whether a name has the parts of another one at its end; of ``_root_.a``, whether it is ``a``."""
    parts, last = split_name(name), split_name(end.strip())
    if not parts or not last:
        return False
    return parts == last[1:] if last[0] == ROOT else parts[-len(last) :] == last


def common_namespace(names: Iterable[str]) -> str:
    """Return the longest namespace that all names are in, with its final dot; ``""`` if there is none."""
    spaces = [(split_name(name) or (name,))[:-1] for name in names]
    shared: list[str | int] = []
    for column in zip(*spaces, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return f"{written(shared)}." if shared else ""


def private_name(module: str, name: str) -> str:
    """Return what Lean calls a declaration that is private to a module."""
    return f"_private.{module}.0.{name}"


def module_path(module: str, suffix: str) -> PurePosixPath | None:
    """Return where a file of a module lies below its root, or ``None`` if its name is no path."""
    parts = [str(part) for part in split_name(module) or ()]
    if not parts or any(part in ("", ".", "..") or set(part) & _NOT_IN_A_FILE_NAME for part in parts):
        return None
    return PurePosixPath(*parts[:-1], parts[-1] + suffix)


def module_name(place: Sequence[str]) -> str:
    """Return the name of the module of a file: the directories below its root, and its stem."""
    return written(place)


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return the first few names, and how many more there are."""
    known = list(names)
    first = ", ".join(known[:most])
    return first if len(known) <= most else f"{first} and {len(known) - most} more"


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return what may be meant by something that is not known: the nearest, or the first few of what is."""
    names = list(dict.fromkeys(known))
    if near := did_you_mean(name, names):
        return near.removeprefix("; ")
    return f"expected one of {listed(names, 8)}" if names else "there are none"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the end of a message about a name that is not known: the nearest that are, if any is near.

    Small letters and capitals count as the same.
    """
    names: dict[str, str] = {}
    for each in known:
        names.setdefault(each.casefold(), each)
    near = difflib.get_close_matches(name.casefold(), names) if isinstance(name, str) else []
    return f"; did you mean {' or '.join(names[each] for each in near)}?" if near else ""


def ending(name: str, other: str) -> str:
    """Return the end of a name that has as many parts as another one."""
    parts = split_name(name) or (name,)
    return written(parts[-len(split_name(other) or (other,)) :])
