"""What a library's declarations are pinned to; bound to the ``certified.toml`` beside its Lean sources."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pybind_models.base import Model, check_named_once
from pybind_models.subject import DeclarationKind

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class PinnedDeclaration(Model):
    """One declaration as it was when it was pinned."""

    name: str = Field(min_length=1)
    kind: DeclarationKind
    statement: str
    """Its type, written to be read."""
    axioms: tuple[str, ...]
    """What it may rest on."""
    hash: Hash
    """The structural hash, down through the library's own definitions."""
    own: tuple[str, ...] | None = None
    """The words of the library's own that it is made of, if it is not all in the tool's words."""
    graph: Hash | None = None
    """The hash of the extracted graph's JSON."""


class Manifest(Model):
    """The pinned declarations of one library, sorted by name."""

    lean: str
    """The Lean that compiled what was pinned; the one that compiles it now stands in every report."""
    declarations: tuple[PinnedDeclaration, ...] = Field(alias="declaration", min_length=1)
    definitions: dict[str, Hash]
    """What each pinned declaration, and each one underneath, says itself, as a hash."""
    words: dict[str, str] = Field(default_factory=dict)
    """What they say, written to be read; all but pinned theorems, whose statements stand above, or none."""

    @model_validator(mode="after")
    def _is_complete(self) -> Manifest:
        names = [pinned.name for pinned in self.declarations]
        check_named_once(names, "pinned", "declaration")
        missing = [name for name in names if name not in self.definitions]
        if missing:
            raise ValueError(f"pinned, but not among the definitions: {', '.join(missing)}")
        theorems = {pinned.name for pinned in self.declarations if pinned.kind == "theorem"}
        silent = sorted(set(self.definitions) - set(self.words) - theorems) if self.words else []
        if silent:
            raise ValueError(f"among the definitions, but not among the words: {', '.join(silent)}")
        return self
