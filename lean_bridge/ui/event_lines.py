"""A judgement as it goes on, for other programs: a line of JSON per event, and the report as the last one."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TextIO, TypeAlias, get_args

from pydantic import TypeAdapter

from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from pybind_models import VerifyReport


@dataclass(frozen=True, slots=True)
class Transferred:
    """So much of a stage of the toolchain's installation is done, in bytes."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Judged:
    """It is over: what was found."""

    report: VerifyReport


Told: TypeAlias = (
    StageStarted
    | StageAdvanced
    | StageFinished
    | BuildStarted
    | ModuleStarted
    | ModuleFinished
    | Transferred
    | Judged
)
"""What a line says; on the line is the name of the type, as ``event``, beside its fields."""

_KINDS: Final[Mapping[str, type[Told]]] = {each.__name__: each for each in get_args(Told)}


@cache
def _adapter(name: str) -> TypeAdapter[Told]:
    return TypeAdapter(_KINDS[name])


def write_event(event: Told) -> str:
    """Return the line of an event, in ASCII, with its end."""
    name = type(event).__name__
    return json.dumps({"event": name, **_adapter(name).dump_python(event, mode="json")}) + "\n"


def read_event(line: str | bytes) -> Told | None:
    """Return the event of a line; ``None`` for what is none, as of a program of another version."""
    try:
        said = json.loads(line)
        return _adapter(said.pop("event")).validate_json(json.dumps(said))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class EventWriter:
    """Writes what a judgement says of itself, line by line; any thread may do so."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def observe(self, event: object) -> None:
        """Write an event of ``lean_bridge.events``."""
        if isinstance(event, Told):
            with self._lock:
                self._stream.write(write_event(event))
                self._stream.flush()

    def transfer(self, stage: str, done: int, total: int) -> None:
        """Write how far a stage of the toolchain's installation is."""
        self.observe(Transferred(stage, done, total))
