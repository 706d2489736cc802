"""Lean's own options: what each takes, and which is meant by one that there is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lean_bridge.names import suggestion

if TYPE_CHECKING:
    from pybind_models import Diagnostic

_WEAK: Final = "weak."
"""What precedes an option that is passed over where there is none of its name."""
_TAKES: Final = {
    "Bool": (r"true|false", "true or false"),
    "Nat": (r"[0-9]+", "a natural number"),
}
_UNKNOWN: Final = r"invalid -D parameter, unknown configuration option '([^']*)'"
_WRONG: Final = r"invalid -D parameter, invalid configuration option '([^']*)' value, it must be (.*)"


@cache
def known_options() -> Mapping[str, str]:
    """Return the types of the options that Lean itself has; libraries may have more."""
    text = Path(__file__).with_name("lean_options.json").read_text("utf-8")
    return {name: type_ for type_, names in json.loads(text).items() for name in names}


def misfit(name: str, value: str) -> str | None:
    """Return what an option of Lean's own takes, where that is not of the kind of this value."""
    type_ = known_options().get(name.removeprefix(_WEAK), "String")
    pattern, words = _TAKES.get(type_, (None, ""))
    return words if pattern is not None and not re.fullmatch(pattern, value) else None


def refused_option(
    diagnostics: Iterable[Diagnostic], options: Iterable[tuple[str, str]]
) -> tuple[str, str] | None:
    """Return which of its options Lean does not take, and why not, if it says so of one."""
    for each in diagnostics:
        if match := re.match(_UNKNOWN, each.text):
            return match[1], f"Lean has no option {match[1]}; {_meant(match[1])}"
        if match := re.match(_WRONG, each.text):
            for name, value in options:
                if value == match[1] and name.removeprefix(_WEAK) not in known_options():
                    return name, f"{name} takes {match[2]}, found {value!r}"
    return None


def _meant(name: str) -> str:
    """Return what to write in place of an option that Lean does not know."""
    near = suggestion(name, known_options())
    if near.startswith("did you mean"):
        return near
    return f"correct it, or write {_WEAK}{name} where a library that not every file imports declares it"
