"""How values are written: safe text, durations, counts, short names."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from lean_bridge.letters import is_hidden, plain, shown
from lean_bridge.names import last_component

if TYPE_CHECKING:
    from pybind_models import Place

_TOLD: Final = re.compile(r"(?P<file>[^\s:][^:\n]*):(?P<line>[1-9]\d*)(?::(?P<column>[1-9]\d*))?: ")
"""A message that begins with a place."""


def visible(text: str) -> str:
    """Return ``text`` with its invisible, control and direction-changing characters written as escapes.

    Lean messages and declaration names are the author's: without this they could move the cursor and paint
    a verdict of their own, reorder what is read, or hide a letter. Line feeds and tabs stay.
    """
    return shown(text, keep="\n\t")


def one_line(text: str) -> str:
    """Return ``text`` on one line, runs of white space as one space, safe to print."""
    return " ".join(visible(text).split())


def named(name: str) -> str:
    """Return a declaration's name with every letter as an escape that could be taken for another one."""
    return plain(name)


def step_text(step: str) -> str:
    """Return what is being worked on in one line, names by their ends: there is little room beside a bar."""
    return one_line(" ".join(map(last_component, step.split(" "))))


def escaped_json(text: str) -> str:
    """Return the same JSON with what a reader would not see, or not in its place, as escapes."""
    hidden = {ord(each): json.dumps(each)[1:-1] for each in set(text) if each != "\n" and is_hidden(each)}
    return text.translate(hidden) if hidden else text


def place_text(at: Place) -> str:
    """Return ``file:line:column`` as far as a place has them."""
    return ":".join(str(part) for part in (at.file, at.line, at.column) if part is not None)


def apart(message: str, root: Path | None = None) -> tuple[Place | None, str]:
    """Return the place with which a message begins, if it is one of the library, and the rest of it."""
    from pybind_models import Place

    found = _TOLD.match(message)
    if found is None:
        return None, message
    file = PurePosixPath(found["file"])
    if file.is_absolute():
        if root is None or not file.is_relative_to(root):
            return None, message
        file = file.relative_to(root)
    if ".." in file.parts or " " in found["file"].split("/")[0]:
        return None, message
    column = int(found["column"]) if found["column"] else None
    return Place(file=str(file), line=int(found["line"]), column=column), message[found.end() :]


def told_from(text: str, base: Path) -> str:
    """Return a message with the paths below a directory as written there, and itself as ``.``."""
    whole = re.escape(str(base).rstrip("/"))
    if not whole:
        return text
    below = re.sub(rf"(?<![\w/.-]){whole}/(?=[^\s/])", "", text)
    return re.sub(rf"(?<![\w/.-]){whole}(?=[:;,]|\s|$)", ".", below)


def coded(code: str | None, reason: str) -> str:
    """Return a reason behind its code, as ``lean-bridge explain`` takes it."""
    return f"{code} {reason}" if code else reason


def seconds_text(seconds: float) -> str:
    """Return a duration as people write it: ``8 ms``, ``0.4 s``, ``41 s``, ``2 min 05 s``."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def ago_text(seconds: float) -> str:
    """Return how long ago something was: ``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = round(seconds / 3600)
    return f"{hours} h ago" if hours < 48 else f"{round(seconds / 86400)} days ago"


def size_text(size: int) -> str:
    """Return a number of bytes as people write it: ``512 B``, ``18.2 MB``."""
    scaled, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if scaled < 1024:
            break
        scaled, unit = scaled / 1024, larger
    return f"{size} B" if unit == "B" else f"{scaled:.1f} {unit}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return ``3 modules``, ``1 module``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def deviation_text(error: float | None, tolerance: float | None) -> str:
    """Return a deviation beside what is allowed: ``3e-16 within 1e-12``; NaN is ``not within`` anything."""
    if error is None or tolerance is None:
        return "" if error is None else f"{error:.2g}"
    within = "within" if not math.isnan(error) and error <= tolerance else "not within"
    return f"{error:.2g} {within} {tolerance:.2g}"


def upstream_text(name: str, upstream: str, differs: str | None, namespace: str, quote: str = "") -> str:
    """Return what upstream's declaration with the meaning of ``name`` is called, and what differs from it."""
    called = "same name" if upstream == name else f"{quote}{upstream.removeprefix(namespace)}{quote}"
    return f"{called}, {differs}" if differs else called
