"""What is judged: a library, the kinds of declarations in it, and the Lean that it was built by."""

from __future__ import annotations

from typing import Literal

from pybind_models.base import Model

DeclarationKind = Literal["theorem", "definition", "inductive"]

Isolation = Literal["landlock", "bwrap", "wasm", "none"]
"""What kept the code that a build runs from the rest of the machine.

``wasm``: WebAssembly and what is handed into it, within Node's permission model. The embedded Lean has that
in any case, under one of the others where there is one.
"""


class Toolchain(Model):
    """The Lean that was used."""

    provider: Literal["installed", "embedded"]
    version: str
    """As Lean reports it, for example ``4.28.0-pre``."""
    identity: str
    """A content hash: equal identities compile equal files to equal files."""
    location: str
    isolation: Isolation = "none"
    """What confines it while it compiles."""
    known: bool = False
    """Whether its program and its library have the digests that this package carries for its version."""
    passed_over: tuple[str, ...] = ()
    """What was found under the name of Lean before it and is none, and why."""
    through_lake: bool = False
    """Whether its own Lake built the project, and what Lake left was taken."""

    @property
    def kernel(self) -> str:
        """What reports call the kernel that let a build by it pass."""
        return f"Lean {self.version}, {self.provider}"


class LibraryIdentity(Model):
    """Which library a report is about."""

    name: str | None = None
    """As its lakefile calls it."""
    root: str
    """The directory of its lakefile."""
    digest: str | None = None
    """A SHA-256 over its lakefile, toolchain, catalogue, manifest and sources, where all were read."""
    commit: str | None = None
    """That of the git checkout which keeps its lakefile, as it stands; what is changed in files since shows
    in the digest alone."""
    is_shipped: bool = False
    """Whether it is the one that came with the package, taken because no other was named."""
    passed_over: tuple[str, ...] = ()
    """What its lakefile asks for and is not done, one line each."""
