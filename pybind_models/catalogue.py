"""The declarations that a library wants judged; bound to the ``catalogue.toml`` beside its Lean sources."""

from __future__ import annotations

from pydantic import Field, model_validator

from pybind_models.base import Model
from pybind_models.report import DeclarationKind


class CatalogueEntry(Model):
    """One declaration, by its full Lean name."""

    name: str = Field(min_length=1)
    kind: DeclarationKind
    group: str = Field(min_length=1)
    """The seed module, or the part of the library, that it belongs to."""
    upstream: str | None = None
    """The name of upstream's declaration with this meaning."""
    differs: str | None = Field(default=None, min_length=1)
    """What differs on purpose from upstream's declaration, in a word or two."""
    graph: bool = False
    """Whether it is a graph to extract and run."""

    @model_validator(mode="after")
    def _only_what_upstream_has_differs_from_it(self) -> CatalogueEntry:
        if self.differs is not None and self.upstream is None:
            raise ValueError(f"{self.name} has `differs` and no `upstream` from which it would differ")
        return self

    @model_validator(mode="after")
    def _only_definitions_are_graphs(self) -> CatalogueEntry:
        if self.graph and self.kind != "definition":
            raise ValueError(f"{self.name} is a {self.kind}, expected a definition where graph = true")
        return self


class Catalogue(Model):
    """The declarations of one library, in the order in which they are reported."""

    declarations: tuple[CatalogueEntry, ...] = Field(alias="declaration", min_length=1)

    @property
    def graphs(self) -> tuple[CatalogueEntry, ...]:
        """The entries that are graphs."""
        return tuple(entry for entry in self.declarations if entry.graph)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Catalogue:
        names = [entry.name for entry in self.declarations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"catalogued twice: {', '.join(twice)}")
        return self
