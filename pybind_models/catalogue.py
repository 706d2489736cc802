"""The declarations that a library wants judged; bound to the ``catalogue.toml`` beside its Lean sources."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from pybind_models.base import Model, check_named_once
from pybind_models.subject import DeclarationKind


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
    model: tuple[str, ...] = ()
    """Declarations by which its binders are to be met, before anything else is tried."""
    open: dict[str, str] = Field(default_factory=dict)
    """Hypotheses that nobody meets yet, each with why: by its name; where it has none as a report shows it
    (``[Class]``, ``a hypothesis Eq``); where several are shown alike by its number, counted from 1."""

    @field_validator("model", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return _listed(value)

    @field_validator("group", "upstream", "differs")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError(f"expected one line of printed letters, found {value!r}")
        return value

    @model_validator(mode="after")
    def _only_theorems_have_hypotheses(self) -> CatalogueEntry:
        if self.kind != "theorem" and (self.model or self.open):
            raise ValueError(f"{self.name} is a {self.kind}; model and open are for theorems")
        if blank := sorted(name for name, why in self.open.items() if not why.strip()):
            raise ValueError(f"{self.name}: expected why {blank[0]} is open, found nothing")
        return self

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
    model: tuple[str, ...] = ()
    """Declarations by which the binders of any of its theorems may be met."""

    @field_validator("model", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return _listed(value)

    @property
    def graphs(self) -> tuple[CatalogueEntry, ...]:
        """The entries that are graphs."""
        return tuple(entry for entry in self.declarations if entry.graph)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Catalogue:
        check_named_once([entry.name for entry in self.declarations], "catalogued", "declaration")
        return self


def _listed(value: object) -> object:
    """Take one name for a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value
