"""What a constant mentions, kept between runs under the user's seal: for many all that is asked of them.

An outline is a function of the bytes of one compiled module and of nothing else, and to make it the constant
has to be decoded whole. What is kept is bound to a digest of these bytes as they were read in this very run,
so a record stands for decoding them once more and is no verdict: what rests on what is followed every time.
The same goes for what is derived of all modules of a library together, and bound to the bytes of them all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

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
    """The digest of the program that makes them, with the Lean whose library stands below."""
    recalls: bool = True
    """Whether records of earlier runs are read: not where code that just ran could have left them."""
    given: Path | None = None
    """Where records are read that are not in the directory."""
    _known: dict[str, dict[Name, Outline]] = field(default_factory=dict)
    """By the digest of the module."""
    _grown: set[str] = field(default_factory=set)
    """The modules of which more is known than their records say."""
    _derived: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By what it is, and the digest of all modules."""
    _recalled: dict[tuple[str, str], int] = field(default_factory=dict)
    """How much of it came from records."""

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

    def derived(self, what: str, everything: str) -> dict[str, Any]:
        """Return what was derived of modules with the digest ``everything``, to be read and added to."""
        found = self._derived.get((what, everything))
        if found is None:
            said = self._said(f"{what}-{everything}") if self.recalls else None
            found = self._derived[what, everything] = json.loads(said) if said is not None else {}
            self._recalled[what, everything] = len(found)
        return found

    def keep(self, everything: str = "") -> None:
        """Keep what was made in this run for later ones, as far as the place can be written.

        Of what was derived of several modules, what was of those with the digest ``everything``.
        """
        for (what, digest), found in self._derived.items():
            if digest == everything and len(found) > self._recalled[what, digest]:
                name, said = f"{what}-{digest}", json.dumps(found, separators=(",", ":")).encode()
                self.seal.keep(self.directory / name, self._context(name), said)
        for digest in sorted(self._grown):
            said = json.dumps(self._known[digest], separators=(",", ":")).encode()
            self.seal.keep(self.directory / digest, self._context(digest), said)
        self._grown.clear()

    def _recall(self, digest: str) -> dict[Name, Outline]:
        said = self._said(digest) if self.recalls else None
        record = json.loads(said) if said is not None else {}
        return {
            name: Outline(kind, original_kind, safety, tuple(mentions))
            for name, (kind, original_kind, safety, mentions) in record.items()
        }

    def _said(self, name: str) -> bytes | None:
        path = self.directory / name
        if self.given is not None and not path.exists():
            path = self.given / name
        return self.seal.kept(path, self._context(name))

    def _context(self, digest: str) -> str:
        return f"outlines {_FORMAT} of the constants of module {digest}, by program {self.program}"


def unkept() -> KeptOutlines:
    """Return outlines that are kept for this run only."""
    return KeptOutlines(Path(), Seal(None), "", recalls=False)
