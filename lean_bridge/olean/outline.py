"""What a constant mentions, kept between runs under the user's seal: for many all that is asked of them.

An outline is a function of the bytes of one compiled module and of nothing else, and to make it the constant
has to be decoded whole. What is kept is bound to a digest of these bytes as they were read in this very run,
so a record stands for decoding them once more and is no verdict: what rests on what is followed every time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from lean_bridge.olean.expr import ConstantKind, Name
from lean_bridge.olean.mentions import mentioned_constants
from lean_bridge.olean.module import Module
from lean_bridge.sealed import Seal

_FORMAT = 1
"""To be raised with every change to what a record holds."""


class Outline(NamedTuple):
    """A constant of one module without its terms."""

    kind: ConstantKind
    original_kind: ConstantKind
    """What the source declared."""
    safety: Literal["unsafe", "safe", "partial"]
    mentions: tuple[Name, ...]
    """The constants that it mentions anywhere, sorted."""


def outline(module: Module, name: Name) -> Outline:
    """Return the outline of a constant.

    Raises: KeyError if the module does not define it; OleanError with file and byte offset.
    """
    constant = module.constant(name)
    return Outline(constant.kind, module.original_kind(name), constant.safety, mentioned_constants(constant))


@dataclass(frozen=True, slots=True)
class KeptOutlines:
    """The outlines of constants, each made once for all runs of one version of the program.

    A record of other bytes, of the same bytes in other files, of another program or of another user is
    absent.
    """

    directory: Path
    seal: Seal
    program: str
    """The digest of the program that makes them."""
    recalls: bool = True
    """Whether records of earlier runs are read: not where code that just ran could have left them."""
    _known: dict[str, dict[Name, Outline]] = field(default_factory=dict)
    """By the digest of the module."""
    _grown: set[str] = field(default_factory=set)
    """The modules of which more is known than their records say."""

    def of(self, module: Module, name: Name) -> Outline:
        """Return the outline of a constant of a module. Raises: as :func:`outline`."""
        known = self._known.get(module.digest)
        if known is None:
            known = self._known[module.digest] = self._recall(module.digest)
        found = known.get(name)
        if found is None:
            found = known[name] = outline(module, name)
            self._grown.add(module.digest)
        return found

    def keep(self) -> None:
        """Keep what was made in this run for later ones, as far as the place can be written."""
        for digest in sorted(self._grown):
            said = json.dumps(self._known[digest], separators=(",", ":")).encode()
            self.seal.keep(self.directory / digest, self._context(digest), said)
        self._grown.clear()

    def _recall(self, digest: str) -> dict[Name, Outline]:
        said = self.seal.kept(self.directory / digest, self._context(digest)) if self.recalls else None
        record = json.loads(said) if said is not None else {}
        return {
            name: Outline(kind, original_kind, safety, tuple(mentions))
            for name, (kind, original_kind, safety, mentions) in record.items()
        }

    def _context(self, digest: str) -> str:
        return f"outlines {_FORMAT} of the constants of module {digest}, by program {self.program}"


def unkept() -> KeptOutlines:
    """Return outlines that are kept for this run only."""
    return KeptOutlines(Path(), Seal(None), "", recalls=False)
