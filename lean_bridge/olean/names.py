"""The components of a name out of its rendering."""

from __future__ import annotations

import re

from lean_bridge.olean.decode import ANONYMOUS
from lean_bridge.olean.expr import Name

_COMPONENT = re.compile(r"«(?P<quoted>(?:[^»]|»»)*)»|(?P<plain>[^.«»]+)")


def split_name(name: Name) -> tuple[str | int, ...] | None:
    """Return the components of a name, numeric ones as numbers, or ``None`` if the text renders no name.

    The anonymous name has none.
    """
    if name == ANONYMOUS:
        return ()
    parts: list[str | int] = []
    at = 0
    while match := _COMPONENT.match(name, at):
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


def last_component(name: Name) -> str:
    """Return the last component of a name, in its ``«»`` if it has them; there may be dots inside."""
    found = [*_COMPONENT.finditer(name)]
    return found[-1][0] if found and found[-1].end() == len(name) else name
