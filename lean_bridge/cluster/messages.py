"""What is said between a run and the machines that elaborate files for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lean_bridge.toolchain.worker import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a machine has to have, for its answers to be what this one would give."""

    program: str
    """The digest of this program."""
    provider: Literal["installed", "embedded"]
    location: str
    """Where the command of an installed Lean lies."""
    identity: str
    isolation: str


class Change(NamedTuple):
    """A compiled file that a machine has to have from now on, or none of that name."""

    directory: str
    """Which directory of the search path it is in, by any name."""
    name: str
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One source file to elaborate; the contents of compiled files come with it."""

    place: str
    """Where the source lies, below the root of its name if there is one."""
    has_root: bool
    source: bytes
    search: tuple[str, ...]
    """The directories of compiled imports, in order."""
    changes: tuple[Change, ...]
    """What is not there yet, or no longer; the contents are in this order."""
    digests: Mapping[str, str]
    compiles: bool
    options: tuple[tuple[str, str], ...]
    time_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of an order."""

    ended: Literal["answered", "died", "hung", "failed"]
    said: str = ""
    """What is known of it, where there is no answer."""
    answer: Answer | None = None
    """Its parts are counted from when the order was begun."""
    seconds: float = 0.0
    """How long that took in all."""
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """What was compiled: digest and content, by suffix."""
