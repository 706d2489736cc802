"""Why a declaration is not found under the name that it was asked for by: where people stumble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lean_bridge.names import ends_with, last_component, listed, suggestion
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name


@dataclass(frozen=True, slots=True)
class Unread:
    """Lean sources that lie in a project and are of none of its libraries."""

    files: tuple[str, ...] = ()
    """Relative to the project's root, sorted."""
    declaring: Callable[[Name], Sequence[str]] = lambda _: ()
    """Which of them declare, as their text says, what ends in a name."""


def why_not_found(name: Name, environment: Environment, unread: Unread | None = None) -> str:
    """Return why no compiled module of a project defines a name, as far as that can be told."""
    reason = f"no compiled module defines {name}"
    private = (module for module in environment.modules if f"_private.{module}.0.{name}" in environment)
    if (module := next(private, None)) is not None:
        return f"{name} is private to module {module}; declare it in a `public section`"
    if unread is not None and (files := unread.declaring(name)):
        return (
            f"{reason}; {listed(files)} declares it, and is not compiled, as no lean_lib of the lakefile has "
            "it: name it in `globs`, or import it where they lead"
        )
    last = last_component(name)
    others = sorted(
        known
        for known in environment.own_names
        if known != name and not known.startswith("_private.") and ends_with(known, last)
    )
    if others:
        return f"{reason}; {listed(others)} {'is' if len(others) == 1 else 'are'} in another namespace"
    near = [known for known in environment.own_names if not known.startswith("_private.")]
    hint = suggestion(name, near)
    return f"{reason}; {hint}" if hint.startswith("did you mean") else reason
