"""What a lakefile declares: a package, its libraries, what it requires, and options for Lean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath
from typing import Final, TypeAlias

from lean_bridge.names import module_name, split_name

LAKEFILE: Final = "lakefile.toml"
PROGRAM: Final = "lakefile.lean"
"""What Lake prefers where both are there; of it declarations are read, and nothing is run."""

Options: TypeAlias = tuple[tuple[str, str], ...]
Places: TypeAlias = Mapping[str, str]
"""Where options are set, by their names: file, line and key."""


@dataclass(frozen=True, slots=True)
class LeanLib:
    """One ``[[lean_lib]]``."""

    name: str
    line: int
    """Where it begins, from 1."""
    directory: PurePosixPath
    """Where its sources lie, relative to the lakefile."""
    roots: tuple[str, ...]
    """Modules that are of it, as are all below them; they are built where they are imported."""
    globs: tuple[str, ...]
    """What is built of it, as Lake's globs: ``A`` is one module, ``A.+`` those below it, ``A.*`` both."""
    options: Options
    is_default: bool = True
    """Whether it is built where nothing imports it."""
    places: Places = field(default_factory=dict, compare=False)

    def may_have(self, module: str) -> bool:
        """Whether a module is of this library, if there is a source of that name."""
        return any(_is_below(module, root) for root in self.roots) or any(
            _is_below(module, glob.removesuffix(".+").removesuffix(".*"))
            and (glob[-1] in "+*" or module == glob)
            for glob in self.globs
        )


@dataclass(frozen=True, slots=True)
class Requirement:
    """One ``[[require]]``."""

    name: str
    line: int
    """Where it stands, from 1."""
    path: str | None = None
    """The directory that it names, if it names one."""
    git: str | None = None
    """The repository that it names, if it names one."""
    revision: str | None = None
    version: str | None = None
    scope: str | None = None
    sub_directory: str | None = None
    """Where the package lies in that repository, if not at its top."""


@dataclass(frozen=True, slots=True)
class Lakefile:
    """What a lakefile says, as far as it has a bearing here."""

    content: bytes
    name: str | None
    libraries: tuple[LeanLib, ...]
    passed_over: tuple[str, ...]
    """What it asks for and does not get, one line each."""
    requires: tuple[Requirement, ...] = ()
    version: str | None = None
    file: str = LAKEFILE
    """What it is called."""
    options: Options = ()
    """What the package itself sets for Lean."""

    def libraries_with(self, file: PurePath) -> Iterator[LeanLib]:
        """Yield the libraries that may have a source, relative to the lakefile."""
        for library in self.libraries:
            if file.is_relative_to(library.directory):
                within = file.relative_to(library.directory).with_suffix("")
                if library.may_have(module_name(within.parts)):
                    yield library

    def options_of(self, file: PurePath | None) -> Options:
        """Return what Lean is told for a file below the lakefile, as of the library that has it.

        For any other file, and where there is none, that is what the package sets.
        """
        found = next(self.libraries_with(file), None) if file is not None else None
        return self.options if found is None else found.options


def _is_below(module: str, root: str) -> bool:
    """Whether a module is another one, or below it."""
    parts, above = split_name(module) or (), split_name(root) or ()
    return parts[: len(above)] == above
