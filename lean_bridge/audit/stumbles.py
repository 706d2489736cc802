"""Why a declaration is not found under the name that it was asked for by: where people stumble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lean_bridge.names import ends_with, last_component, listed, private_name, suggestion
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name


@dataclass(frozen=True, slots=True)
class Unread:
    """Lean sources that lie in a project and are of none of its libraries."""

    files: tuple[str, ...] = ()
    """Relative to the project's root, sorted."""
    declaring: Callable[[Name], Sequence[str]] = lambda _: ()
    """Which of them declare, as their text says, what ends in a name."""
    owned: Mapping[str, str] = field(default_factory=dict)
    """Why those are not compiled that a library of the lakefile could have, and what mends it."""

    def why(self, file: str) -> str:
        """Return why one of them is not compiled, and what mends it."""
        return self.owned.get(
            file, "no lean_lib of the lakefile has it; name it in `globs`, or import it where they lead"
        )

    def told(self) -> Iterator[str]:
        """Yield a line for each reason why some of them are not compiled, with them and what mends it."""
        strays: dict[str, list[str]] = {}
        for file in self.files:
            strays.setdefault(self.why(file), []).append(file)
        for why, files in strays.items():
            yield f"{listed(files, 5)}: {why}"


def private_to(name: Name, environment: Environment) -> Name | None:
    """Return a module that has a declaration of a name to itself, if one has."""
    return next((each for each in environment.modules if private_name(each, name) in environment), None)


def why_not_found(name: Name, environment: Environment, unread: Unread | None = None) -> str:
    """Return why no compiled module of a project defines a name, as far as that can be told."""
    reason = f"no compiled module defines {name}"
    if (module := private_to(name, environment)) is not None:
        return f"{name} is private to module {module}; declare it in a `public section`"
    if unread is not None and (files := unread.declaring(name)):
        return f"{reason}; {listed(files)} declares it, and is not compiled: {unread.why(files[0])}"
    last = last_component(name)
    public = [known for known in environment.own_names if not known.startswith("_private.")]
    others = sorted(known for known in public if known != name and ends_with(known, last))
    if others:
        return f"{reason}; {listed(others)} {'is' if len(others) == 1 else 'are'} in another namespace"
    hint = suggestion(name, public)
    return f"{reason}; {hint}" if hint.startswith("did you mean") else reason
