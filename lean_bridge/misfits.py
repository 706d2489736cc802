"""What does not fit a model or an option, in words: pydantic's faults as this program tells them."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lean_bridge.files import near_path
from lean_bridge.names import did_you_mean

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a text",
    "string_too_short": "a text of at least one letter",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_parsing_size": "an integer of fewer digits",
    "int_from_float": "an integer",
    "float_type": "a number",
    "float_parsing": "a number",
    "tuple_type": "a list, or tables in [[ ]]",
    "too_short": "at least one",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
"""What was expected, by pydantic's name of a fault."""

_CHOICE: Final = re.compile(r"(?P<found>'.*') is not one of (?P<known>'.*')\.?")
_NO_FILE: Final = re.compile(r"file '(.*)' does not exist\.?", re.IGNORECASE)
_QUOTED: Final = re.compile(r"'([^']*)'")


def misfit(fault: Mapping[str, Any]) -> str:
    """Return what a fault of a value says: what was expected, what was found, and what may be meant."""
    kind, found, about = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "value_error":
        return unchosen(str(about["error"]))
    if kind == "string_pattern_mismatch":
        return f"expected a text like {about['pattern']}, found {reprlib.repr(found)}"
    expected = _EXPECTED.get(kind) or str(fault["msg"]).removeprefix("Input should be ")
    near = did_you_mean(found, _QUOTED.findall(expected)) if kind == "literal_error" else ""
    return f"expected {expected}, found {reprlib.repr(found)}{near}"


def unchosen(message: str) -> str:
    """Return a message, with what may be meant where a word is not one of some, or a file is not there."""
    if (lost := _NO_FILE.fullmatch(message)) is not None:
        return f"{message.rstrip('.')}{near_path(Path(lost[1]))}"
    if (said := _CHOICE.fullmatch(message)) is None:
        return message
    near = did_you_mean(said["found"].strip("'"), _QUOTED.findall(said["known"]))
    return f"{said['found']} is not one of {said['known']}{near}"
