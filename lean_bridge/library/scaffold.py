"""A package of one's own, made of the example that this package ships."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.build.declared import LAKEFILE
from lean_bridge.build.lakefile import lakefile_in, read_lakefile
from lean_bridge.build.packages import shipped_library
from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import put_at_once
from lean_bridge.library.discovery import TOOLCHAIN
from lean_bridge.names import LETTER, PLAIN, listed

_PACKAGE: Final = Path(__file__).parents[1]
EXAMPLE: Final = (_PACKAGE / "_example", _PACKAGE.parent / "examples" / "dense")
"""Where the example lies: in an installed package, and in a checkout."""
ORIGIN: Final = "OWNER/lean-bridge@REVISION"
"""What its workflow has for where this package comes from."""
_NAME: Final = "Dense"
"""What it is called, and nothing else in it."""
_LEAN_S: Final = ("Init", "Std", "Lean", "Lake")
_MAY_STAND: Final = {".git", ".hg", ".jj", ".svn"}
"""What may be in a directory that is made a package."""


_RESERVED: Final = re.compile(r"[a-z_]{2,}|Prop|Sort|Type")
"""Lean's keywords, and other words that look like them."""


def package_name(directory: Path, name: str | None = None) -> str:
    """Return what the package in a directory is to be called: as is said, or as the directory, ``MyGraph``.

    Raises: ProjectNotFound where that is no name of a Lean module, or another package's.
    """
    words = re.split(rf"[^{LETTER}0-9]|_", directory.absolute().name)
    found = name if name is not None else "".join(word[:1].upper() + word[1:] for word in words)
    if not re.fullmatch(PLAIN, found) or _RESERVED.fullmatch(found):
        said = "--name" if name is not None else str(directory)
        mend = "" if name is not None else "; give the package another one with --name"
        raise ProjectNotFound(
            f"{said}: expected a name of a Lean module, such as MyGraph, found {found!r}{mend}"
        )
    if found in (taken := _taken()) or found.replace("_", "").casefold() == "leanbridge":
        raise ProjectNotFound(
            f"{found}: modules of this name are Lean's or the library's; "
            f"--name another one than {listed(taken, 8)}"
        )
    return found


def _taken() -> tuple[str, ...]:
    """Return the first parts of the names of modules that are there already."""
    shipped = shipped_library()
    names = [each.name for each in read_lakefile(shipped).libraries] if shipped is not None else []
    return (*_LEAN_S, *names)


def action_origin() -> str | None:
    """Return where a workflow gets this package from: the commit that it was installed from, if on GitHub."""
    try:
        said = json.loads(distribution("lean-bridge").read_text("direct_url.json") or "{}")
        url, commit = said["url"], said["vcs_info"]["commit_id"]
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return None
    place = re.fullmatch(r"(?:https|ssh)://(?:[^@/]+@)?github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", str(url))
    return f"{place[1]}@{commit}" if place and re.fullmatch(r"[0-9a-f]{40}", str(commit)) else None


def _texts(name: str, origin: str = ORIGIN) -> dict[str, str]:
    """Return the files of a package with one graph, its certificate and its theorem, by their paths.

    Raises: ProjectNotFound where there is no example to make one of.
    """
    source = next((each for each in EXAMPLE if (each / LAKEFILE).is_file()), None)
    if source is None:
        raise ProjectNotFound("no example came with this package; reinstall lean-bridge")

    def named(text: str) -> str:
        return re.sub(rf"\b{_NAME}\b", name, text)

    return {
        named(path.relative_to(source).as_posix()): named(path.read_text(encoding="utf-8")).replace(
            ORIGIN, origin
        )
        for path in sorted(source.rglob("*"))
        if path.is_file() and path.name != MANIFEST and "__pycache__" not in path.parts
    }


def needed_texts(directory: Path, name: str) -> dict[str, str]:
    """Return the files by their paths without which a directory is no package; one has one lakefile."""
    needed = {LAKEFILE, TOOLCHAIN} if lakefile_in(directory) == LAKEFILE else {TOOLCHAIN}
    return {file: text for file, text in _texts(name).items() if file in needed}


def write_package(
    directory: Path, name: str, origin: str = ORIGIN, instead: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """Write a package with one graph, its certificate and its theorem, and return the files, sorted.

    Its workflow gets this package from ``origin``. What it says is not pinned. Of files of the example that
    are in ``instead``, by their paths, that text is written.
    Raises: ProjectNotFound where something is in the directory, or nothing can be written there.
    """
    files = {**instead, **_texts(name, origin), **instead}  # what is its own first, if it is cut short
    for each in (directory, *directory.parents):
        if each.is_symlink() and not each.exists():
            raise ProjectNotFound(
                f"{each}: is a link to {each.readlink()}, where nothing is; make a directory there, or "
                "remove the link"
            )
    try:
        if there := sorted({each.name for each in directory.iterdir()} - _MAY_STAND):
            raise ProjectNotFound(
                f"{directory}: expected no directory or an empty one, found {there[0]} in it; "
                "`lean-bridge init` is for a project that is there"
            )
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ProjectNotFound(f"{directory}: cannot be read: {error.strerror}") from error
    for file, text in files.items():
        path = directory / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with put_at_once(path) as whole:
                whole.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ProjectNotFound(f"{path}: cannot be written: {error.strerror}") from error
    return tuple(sorted(files))
