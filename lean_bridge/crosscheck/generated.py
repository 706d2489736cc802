"""Statements about declarations, several to a module, checked by Lean; a refused one takes none with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from lean_bridge.build.build import TIME_LIMIT, build_generated
from lean_bridge.build.store import source_place
from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainTimeout
from lean_bridge.events import BuildEvent
from lean_bridge.olean.expr import Name
from lean_bridge.toolchain.limits import not_loaded
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import ModuleReport

LIBRARY_MODULE: Final = "Proofs.Autograd.FiniteField.Run"
"""What theorems about the numbers of a graph are proved with."""

NOT_COMPARED: Final = "what is generated is refused, which says nothing about the graph: "
"""How a message of Lean's begins that is not about what is stated."""

IMPORTS: Final = "what is generated imports the library, and "
"""How a message begins that is about what the library has others read."""

_LONGEST_DETAIL = 400


class Statement(Protocol):
    """Something to be proved about one declaration."""

    @property
    def subject(self) -> Name:
        """The declaration that it is about."""
        ...


Stated = TypeVar("Stated", bound=Statement)


@dataclass(frozen=True, slots=True)
class Checked(Generic[Stated]):
    """What Lean made of statements."""

    compiled: Mapping[Name, Sequence[Stated]]
    """What each module that was compiled states."""
    refusals: Mapping[Name, str]
    """Lean's first message, by the name of the declaration."""
    directory: Path
    """Where the compiled modules are."""
    fatal: frozenset[Name] = frozenset()
    """Those that are refused because Lean dies of them, or hangs."""


def check_statements(
    groups: Mapping[Name, Sequence[Stated]],
    render: Callable[[Name, Sequence[Stated]], tuple[str, Sequence[range]]],
    built_upon: Sequence[Path],
    provider: Provider,
    *,
    workers: int,
    observe: Callable[[BuildEvent], None],
) -> Checked[Stated]:
    """Have Lean compile a module for each group, and again without what it refuses.

    ``render`` writes a group as a module of a name, and says in which lines, counted from 1, each statement
    stands. An error outside all of them is everyone's. Where Lean dies or hangs at a module, each half of it
    becomes a module, until one statement is left to be refused for that.

    Raises: ToolchainError if Lean gives no answer.
    """
    left, refusals = {module: list(group) for module, group in groups.items() if group}, dict[Name, str]()
    fatal = set[Name]()
    with keep_warm(provider, workers, time_limit=TIME_LIMIT) as warm:
        while True:
            texts = {module: render(module, group) for module, group in left.items()}
            sources = {module: text for module, (text, _) in texts.items()}
            try:
                report, directory = build_generated(
                    sources, built_upon, warm, workers=workers, observe=observe
                )
            except (ToolchainCrashed, ToolchainTimeout) as error:
                name = _at_fault(error, left)
                group = left.pop(name)
                if len(group) == 1:
                    fatal.add(group[0].subject)
                    refusals[group[0].subject] = str(error)
                else:
                    left |= _halves(name, group)
                continue
            failed = [module for module in report.modules if module.state in ("failed", "unsupported")]
            if not failed:
                return Checked(left, refusals, directory, frozenset(fatal))
            for module in failed:
                group = left.pop(module.module)
                refusals |= _refusals(module, group, texts[module.module][1])
                if rest := [stated for stated in group if stated.subject not in refusals]:
                    left[module.module] = rest


def shortened(text: str) -> str:
    """Return a message on one line of at most 400 characters."""
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_DETAIL else f"{words[: _LONGEST_DETAIL - 1]}…"


def _at_fault(error: ToolchainError, modules: Iterable[Name]) -> Name:
    """Return the module at whose file Lean died. Raises: the error, if it is about none of them."""
    for module in modules:
        if str(error).startswith(f"{source_place(module).as_posix()}:"):
            return module
    raise error


def _halves(module: Name, group: list[Stated]) -> dict[Name, list[Stated]]:
    middle = len(group) // 2
    return {f"{module}.Half1": group[:middle], f"{module}.Half2": group[middle:]}


def _refusals(module: ModuleReport, group: Sequence[Stated], places: Sequence[range]) -> dict[Name, str]:
    errors = [diagnostic for diagnostic in module.diagnostics if diagnostic.severity == "error"]
    refusals: dict[Name, str] = {}
    for stated, lines in zip(group, places, strict=True):
        found = next((error for error in errors if error.line in lines), None)
        if found is not None:
            refusals[stated.subject] = found.text
    limit = not_loaded(errors[0]) if errors else None
    if limit is not None:
        return {stated.subject: f"{IMPORTS}{limit}" for stated in group}
    first = errors[0].text if errors else "Lean gave no message"
    return refusals or {stated.subject: first for stated in group}
