"""What stands behind a graph that is run: the verdict on the declaration from which it was read."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import model_validator

from pybind_models.base import Model


class GraphStanding(Model):
    """Whether the declaration of a graph holds, by its audit and its pin at the time it was read.

    That Lean certifies the graph and its numbers, and that a second kernel agrees, is not said here.

    It goes with what is made of the graph: bound graphs, programs, batches, linear maps, runs. It does not go
    through files: what a file says of its own standing is a claim, and a graph that is read from one was not
    judged.
    """

    status: Literal["accepted", "rejected", "not judged"]
    declaration: str | None = None
    """The Lean declaration that was judged."""
    reason: str | None = None
    """Why, in one line, unless accepted."""
    code: str | None = None
    """The stable code of a rejection's reason."""
    axioms: tuple[str, ...] = ()
    """Every axiom that the declaration reaches."""
    graph: str | None = None
    """The digest of the graph that was read: of no other one does this say anything."""
    library: str | None = None
    """The digest of the library's modules that were compiled for it."""
    toolchain: str | None = None
    """The identity of the Lean that compiled it."""

    @property
    def text(self) -> str:
        """The standing in one line; a rejected graph that runs all the same is *uncertified*."""
        match self.status:
            case "accepted":
                return f"accepted by audit and pin; axioms: {', '.join(self.axioms) or 'none'}"
            case "rejected":
                return f"uncertified: {self.reason} ({self.code})"
            case "not judged":
                return f"not judged: {self.reason}"

    @model_validator(mode="after")
    def _is_warranted(self) -> GraphStanding:
        if self.status == "accepted":
            if not (self.declaration and self.graph and self.library and self.toolchain):
                raise ValueError("accepted takes a declaration, its graph, a library and a toolchain")
            if self.reason or self.code:
                raise ValueError("accepted takes no reason against it")
        elif not self.reason or (self.status == "rejected" and not self.code):
            raise ValueError(f"{self.status} takes a reason, and a rejection its code")
        return self


NOT_JUDGED: Final = GraphStanding(
    status="not judged", reason="it was not read from a compiled library by a project"
)
"""The standing of graphs that were made by hand, composed, or read from a file."""
