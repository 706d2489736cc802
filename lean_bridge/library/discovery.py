"""Finds the Lean library that a command is about, and never takes another one for it."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Final

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.build.lake_manifest import LAKE_MANIFEST
from lean_bridge.build.packages import SHIPPED
from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import near_path

TOOLCHAIN: Final = "lean-toolchain"
FOLDER: Final = "lean"
"""Where a library may lie in a directory that holds other things too."""

_NEEDED: Final = (LAKEFILE, CATALOGUE)
_MARKS: Final = (*_NEEDED, PROGRAM, TOOLCHAIN, LAKE_MANIFEST, MANIFEST)
"""Files of which each says that a Lean project stands where it lies."""
_MADE: Final = ".lake"
"""What Lake leaves where it worked."""
_FAINT: Final = {TOOLCHAIN, LAKE_MANIFEST}
"""Those that may lie above the library, beside what else the directory holds."""
_REPOSITORIES: Final = (".git", ".hg", ".jj", ".svn")
POLICY_FILES: Final = ("lean-bridge.toml", "pyproject.toml")
"""Files of which each may hold the policy of a gate."""
_OTHERS: Final = {"node_modules", "site-packages", "__pycache__"}
"""Directories that hold what others have written."""
_ALIKE: Final = 0.85
"""From which likeness on a name is one of these, miscased or misspelt."""
_DEPTH: Final = 3
"""Levels below a directory, and all below the top of a repository, that are looked through."""
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Where a library lies."""

    root: Path
    is_shipped: bool = False
    """Whether it is the one that came with this package, and was taken as such."""


def find_library(path: Path | None = None, *, shipped: bool = False, loose: bool = False) -> Found:
    """Return the library in the directory ``path`` or in its ``lean``, or the nearest one from here upwards.

    The library that came with this package is taken where ``shipped`` says so, or where no Lean project
    stands at or above the working directory, nor in the rest of its repository. A project that is not
    complete is no reason to judge another one. ``loose`` lets Lean files lie around that belong to none.
    Raises: ProjectNotFound, saying what is missing where.
    """
    if shipped:
        return _shipped()
    if path is not None:
        found = _library_in(path.absolute(), loose=True)
        if found is None:
            meant = _hint(path) or near_path(path)
            raise ProjectNotFound(
                f"{path}: expected a Lean library ({CATALOGUE} and {LAKEFILE}), found none{meant}"
            )
        return found
    try:
        here = Path.cwd()
    except OSError:
        raise ProjectNotFound(
            "the working directory is gone; change to another one, or name a project"
        ) from None
    top = repository_of(here)
    for directory in (here, *here.parents):
        is_loose = loose or not directory.is_relative_to(top) or _is_within_a_project(directory, top)
        if found := _library_in(directory, loose=is_loose):
            return found
    if hint := _hint(here, top):
        raise ProjectNotFound(
            f"{here}: expected a Lean library ({CATALOGUE} and {LAKEFILE}) here or above, found none{hint}, "
            "or --shipped for the library that came with this package"
        )
    return _shipped()


def _shipped() -> Found:
    for root in SHIPPED:
        if all((root / name).is_file() for name in _NEEDED):
            return Found(root, is_shipped=True)
    raise ProjectNotFound("no Lean library came with this package; reinstall lean-bridge")


def _library_in(directory: Path, *, loose: bool) -> Found | None:
    """Return the library of a directory, or ``None`` where there is no trace of one.

    Raises: ProjectNotFound where there is a trace, and no library.
    """
    own, below = _names(directory), _names(directory / FOLDER)
    if _is_library(own) and (CATALOGUE in own or _missing(below)):
        return Found(directory)
    if _is_library(below) and not _marks(own) - _FAINT:
        if (directory / FOLDER).is_symlink():
            raise ProjectNotFound(
                f"{directory / FOLDER}: is a symbolic link; name the library that is meant: --project "
                f"{(directory / FOLDER).readlink()}"
            )
        return Found(directory / FOLDER)
    if (directory / FOLDER).is_symlink() and not (directory / FOLDER).exists():
        raise ProjectNotFound(f"{directory / FOLDER}: is a link that leads nowhere; mend it, or remove it")
    for place, names in ((directory, own), (directory / FOLDER, below)):
        if found := _marks(names) or (set() if loose else _sources(place, names)):
            raise ProjectNotFound(_incomplete(place, names, sorted(found)))
    return None


def _is_library(names: set[str]) -> bool:
    """Whether a directory with these names is a library: with a catalogue, or one that never had any.

    A manifest, or a name that is nearly the catalogue's, says that there was one, and that it is gone.
    """
    missing = _missing(names)
    return not missing or (missing == [CATALOGUE] and MANIFEST not in names and not _like(CATALOGUE, names))


def is_without_catalogue(directory: Path) -> bool:
    """Whether a directory is itself a library that never had a catalogue, and is judged whole."""
    names = _names(directory)
    return CATALOGUE not in names and _is_library(names)


def _like(mark: str, names: set[str]) -> list[str]:
    """Return the names that are nearly another one."""
    others = {name.casefold(): name for name in names if name not in _MARKS}
    near = difflib.get_close_matches(mark, list(others), n=1, cutoff=_ALIKE)
    return [others[name] for name in near] + [
        name for folded, name in others.items() if folded.startswith(f"{mark}.")
    ]


def _is_within_a_project(directory: Path, top: Path) -> bool:
    """Whether a project stands above a directory, and not above ``top``: sources there are the project's."""
    above = (each for each in directory.parents if each.is_relative_to(top))
    return any(_marks(_names(each)) - _FAINT for each in above)


def _marks(names: set[str]) -> set[str]:
    """Return the names that say, rightly spelt or nearly, that a Lean project stands where they lie."""
    return {name for name in names if name in (*_MARKS, _MADE) or _is_like_a_mark(name.casefold())}


@cache
def _is_like_a_mark(name: str) -> bool:
    return any(name.startswith(f"{mark}.") for mark in _MARKS) or bool(
        difflib.get_close_matches(name, _MARKS, n=1, cutoff=_ALIKE)
    )


def _sources(place: Path, names: set[str]) -> set[str]:
    return {name for name in names if _is_source(place / name)}


def _is_source(path: Path) -> bool:
    """Whether a file looks like a Lean source: what editors hide does not, and directories do not."""
    return path.suffix.lower() == ".lean" and not path.name.startswith(".") and not path.is_dir()


def _missing(names: set[str]) -> list[str]:
    """Return what a library needs that is not among some names; a lakefile of either kind will do."""
    return [name for name in _NEEDED if name not in names and not (name == LAKEFILE and PROGRAM in names)]


def _incomplete(place: Path, names: set[str], found: list[str]) -> str:
    """Return what a directory lacks that looks like a Lean project."""
    missing = _missing(names)
    seen = ", ".join(found[:_MOST_NAMED])
    near = {name: difflib.get_close_matches(name, names - set(_MARKS), n=1, cutoff=0.75) for name in missing}
    renames = [f"rename {close[0]} to {name}" for name, close in near.items() if close]
    mend = "; ".join(renames) or (
        f"write a {CATALOGUE} that names what is to be judged"
        if CATALOGUE in missing
        else f"write a {LAKEFILE}"
    )
    return f"{place}: a Lean project ({seen}) without {' and '.join(missing)}; {mend}{_hint(place)}"


def _names(directory: Path) -> set[str]:
    """Return the names in a directory; of one that may not be listed, those that are asked for here."""
    try:
        return {each.name for each in directory.iterdir()}
    except PermissionError:
        return {name for name in _MARKS if os.path.lexists(directory / name)}
    except OSError:
        return set()


def _hint(place: Path, top: Path | None = None) -> str:
    """Return which directories may be meant instead, if any lies below ``top``."""
    is_repository = top is not None and _is_repository(top)
    found = list(islice(_traces_below(top or place, None if is_repository else _DEPTH), _MOST_NAMED))
    shown = [shlex.quote(Path(os.path.relpath(each)).as_posix()) for each in found]
    return f"; did you mean --project {' or '.join(shown)}?" if shown else ""


def _traces_below(top: Path, depth: int | None) -> Iterator[Path]:
    """Yield the directories with traces of Lean below a directory, the nearest first.

    Sources are a trace but where they belong to what stands above them. Links to directories are looked at,
    and not followed further.
    """
    level = {top: _has_trace(top, _names(top))}
    for _ in count() if depth is None else range(depth):
        below = {
            each: has_trace
            for directory, has_trace in level.items()
            for each in _directories(directory)
            if not each.name.startswith(".") and each.name not in _OTHERS
        }
        level = {}
        for directory, is_of_it in sorted(below.items()):
            names = _names(directory)
            has_trace = _has_trace(directory, names)
            if _marks(names) or (has_trace and not is_of_it):
                yield directory
            if not directory.is_symlink():
                level[directory] = has_trace or is_of_it
        if not level:
            return


def _has_trace(directory: Path, names: set[str]) -> bool:
    return bool(_marks(names) or _sources(directory, names))


def _directories(directory: Path) -> list[Path]:
    try:
        return [each for each in directory.iterdir() if each.is_dir()]
    except OSError:
        return []


def repository_of(here: Path) -> Path:
    """Return the top of the repository around a directory; without one, the directory itself."""
    return next(filter(_is_repository, (here, *here.parents)), here)


def top_around(root: Path, *places: Path) -> Path:
    """Return the top of the outermost of the repositories around a library and around ``places``.

    Only those count that hold the library: one that lies within another is a part of that, as long as one
    works there; a policy of the outer one is in force for it, and places are told from its top. Where one
    works outside every repository, that place counts if it may have a policy, or if nothing else does.
    """
    tops = {top for place in (root, *places) if root.is_relative_to(top := repository_of(place))}
    counting = [top for top in tops if _is_repository(top) or _may_have_a_policy(top)]
    return min(counting or tops, key=lambda top: len(top.parts))


def _may_have_a_policy(directory: Path) -> bool:
    return any(os.path.lexists(directory / name) for name in POLICY_FILES)


def _is_repository(directory: Path) -> bool:
    return any((directory / mark).exists() for mark in _REPOSITORIES)
