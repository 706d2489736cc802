"""Where the packages lie that a lakefile requires: beside it, where Lake put them, or in this package."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from lean_bridge.build.lakefile import (
    LAKEFILE,
    PROGRAM,
    Lakefile,
    LeanLib,
    Options,
    Requirement,
    read_lakefile,
)
from lean_bridge.errors import ProjectNotFound, UnsupportedSource
from lean_bridge.files import decoded, read_below
from lean_bridge.names import module_path

LAKE_MANIFEST: Final = "lake-manifest.json"
_MANIFEST_VERSIONS: Final = ((0, 7), (1, 2))
"""Those of Lake's manifests that are understood: up to these, each."""
_ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = (_ROOT / "lean_bridge" / "_lean", _ROOT / "lean")
"""Where the library lies that this package ships: in an installed package, and in a checkout."""
_VERSION: Final = re.compile(r"(?P<sign>[<>]=?|=|)\s*v?(?P<numbers>\d+(?:\.\d+){0,2})$")


class SourceText(NamedTuple):
    """A source file as it was read."""

    file: str
    """As reports name it: relative to the project's root, or in a package that was shipped."""
    content: bytes
    options: Options


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is required."""

    name: str
    root: Path
    place: PurePosixPath
    """What reports call ``root``: where it lies from the project, or its name and version where it is shipped
    with this package."""
    lakefile: Lakefile

    def source_of(self, module: str) -> tuple[LeanLib, Path] | None:
        """Return which of its libraries has a module, and the source, if there is one."""
        path = module_path(module, ".lean")
        for library in self.lakefile.libraries:
            if path is not None and library.may_have(module):
                source = self.root / library.directory / path
                if os.path.lexists(source):
                    return library, source
        return None

    def text(self, module: str) -> SourceText | None:
        """Return what the source of a module holds, if there is one. Raises: as :func:`read_source`."""
        if (found := self.source_of(module)) is None:
            return None
        library, source = found
        file = self.place / source.relative_to(self.root).as_posix()
        return read_source(self.root, source, file.as_posix(), library.options)


def read_source(root: Path, source: Path, file: str, options: Options) -> SourceText:
    """Read a source below the root of its package; ``file`` is what reports call it.

    Raises: ProjectNotFound where it cannot be read; SourceOutside for a link.
    """
    content = read_below(root, source, is_source=True)
    decoded(source, content)
    return SourceText(file, content, options)


def shipped_library() -> Path | None:
    """Return where the library lies that came with this package, if it did."""
    return next((root for root in SHIPPED if (root / LAKEFILE).is_file()), None)


def required_packages(root: Path, lakefile: Lakefile) -> tuple[Package, ...]:
    """Return the packages that the one at ``root`` requires, and those that they require, nearest first.

    A path is followed; a package from elsewhere is taken where Lake put it, as ``lake-manifest.json`` says,
    and the library that this package ships from there. Nothing is fetched.
    Raises: UnsupportedSource for what cannot be had, saying how it can be; ProjectNotFound for a package that
    is not read, or a manifest that says something else than the lakefile.
    """
    if not lakefile.requires:
        return ()
    fetched = _Fetched(root)
    found: dict[str, Package] = {}
    pending = [(root, lakefile, each) for each in lakefile.requires]
    while pending:
        at, of, requirement = pending.pop(0)
        where = f"{at / of.file}:{requirement.line}: require {requirement.name}"
        if requirement.name in found or requirement.name == lakefile.name:
            continue
        package = _located(root, at, requirement, fetched, where)
        found[requirement.name] = package
        pending += [(package.root, package.lakefile, each) for each in package.lakefile.requires]
    return tuple(found.values())


def _located(root: Path, at: Path, requirement: Requirement, fetched: _Fetched, where: str) -> Package:
    if requirement.path is not None:
        directory = Path(os.path.normpath(at / requirement.path))
    elif (put := fetched.directory(requirement, where)) is not None:
        directory = put
    elif _is_shipped(requirement.name) and requirement.git is None:
        return _shipped(requirement, where)
    else:
        raise UnsupportedSource(
            f"{where}: nothing is fetched here, and {LAKE_MANIFEST} knows no such package; run `lake update"
            f' {requirement.name}` where there is a Lake, or copy its sources here and name them: path = "…"'
        )
    if not any(os.path.lexists(directory / name) for name in (LAKEFILE, PROGRAM)):
        mend = (
            "correct the path" if requirement.path is not None else "run `lake build` where there is a Lake"
        )
        raise UnsupportedSource(f"{where}: expected a package in {directory}, found no {LAKEFILE}; {mend}")
    place = PurePosixPath(Path(os.path.relpath(directory, root)).as_posix())
    return Package(requirement.name, directory, place, read_lakefile(directory))


def _is_shipped(name: str) -> bool:
    """Whether a name is that of the library that this package ships: ``LeanBridge`` or ``lean_bridge``."""
    return re.sub(r"[-_]", "", name).casefold() == "leanbridge"


def _shipped(requirement: Requirement, where: str) -> Package:
    root = shipped_library()
    if root is None:
        raise ProjectNotFound(f"{where}: no Lean library came with this package; reinstall lean-bridge")
    lakefile = read_lakefile(root)
    wanted, there = requirement.version, lakefile.version or "0"
    if requirement.revision is not None:
        wanted = f"git#{requirement.revision}"
    if wanted is not None and not _is_in(there, wanted, where):
        raise UnsupportedSource(
            f"{where}: expected version {wanted}, and this package ships {there}; write that version, or "
            f"install the lean-bridge that ships {wanted}"
        )
    return Package(requirement.name, root, PurePosixPath(f"{lakefile.name}@{there}"), lakefile)


def _is_in(version: str, wanted: str, where: str) -> bool:
    """Whether a version is what is wanted: one, or bounds with commas between them."""
    here = _numbers(version)
    for bound in wanted.split(","):
        if (found := _VERSION.match(bound.strip())) is None:
            raise UnsupportedSource(
                f"{where}: expected a version such as {version} or >= {version}, found {wanted!r}; it is "
                "shipped with this package, and has no revisions"
            )
        there = _numbers(found["numbers"])
        holds = {"<": here < there, "<=": here <= there, ">": here > there, ">=": here >= there}
        if not holds.get(found["sign"], here == there):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(each) for each in re.findall(r"\d+", version)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


class _Fetched:
    """What Lake fetched for a project, as its manifest says."""

    def __init__(self, root: Path) -> None:
        self.path = root / LAKE_MANIFEST
        self._root = root
        self._packages: Path | None = None
        self._entries: dict[str, Mapping[str, Any]] = {}
        if not os.path.lexists(self.path):
            return
        text = decoded(self.path, read_below(root, self.path))
        try:
            said = json.loads(text)
            version = said["version"]
            major, minor = (0, version) if isinstance(version, int) else map(int, version.split(".")[:2])
            packages = Path(said.get("packagesDir") or ".lake/packages")
            entries = {each["name"].strip("«»"): each for each in said.get("packages", ())}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ProjectNotFound(
                f"{self.path}: expected a manifest of Lake's, with version, packagesDir and packages, "
                "found something else; run `lake update`"
            ) from error
        if not any(first == major and last >= minor for first, last in _MANIFEST_VERSIONS) or version == 1:
            raise ProjectNotFound(f"{self.path}: expected a manifest of version 5 to 1.2, found {version!r}")
        self._packages, self._entries = root / packages, entries

    def directory(self, requirement: Requirement, where: str) -> Path | None:
        """Return where a package lies, or ``None`` if Lake fetched none of that name.

        Raises: ProjectNotFound where it is another one than is asked for.
        """
        entry = self._entries.get(requirement.name)
        if entry is None or self._packages is None:
            return None
        text = {key: entry.get(key) for key in ("type", "dir", "rev", "inputRev", "subDir")}
        if text["type"] == "path" and isinstance(text["dir"], str):
            return Path(os.path.normpath(self._root / text["dir"]))
        if text["type"] != "git":
            raise ProjectNotFound(f"{where}: {self.path}: expected type path or git, found {text['type']!r}")
        asked, given = requirement.revision, text["inputRev"]
        if asked is not None and given is not None and asked != given:
            raise ProjectNotFound(
                f"{where}: asks for {asked}, and {LAKE_MANIFEST} has {given}; run `lake update "
                f"{requirement.name}`"
            )
        directory = self._packages / requirement.name
        _check_revision(directory, text["rev"], where)
        return directory / text["subDir"] if isinstance(text["subDir"], str) else directory


def head_commit(directory: Path) -> str:
    """Return the commit at which a clone stands, on a branch or not; nothing, where there is none yet.

    Raises: OSError, ValueError where it cannot be read.
    """
    git = directory / ".git"
    if git.is_file():  # of a submodule or a work tree
        git = directory / git.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
    head = (git / "HEAD").read_text(encoding="ascii").strip()
    branch = head.removeprefix("ref: ")
    if branch == head:
        return head
    shared = git / "commondir"
    top = git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git
    if (top / "reftable").is_dir():
        raise ValueError("its branches are in a table of git's own")
    if (top / branch).is_file():
        return (top / branch).read_text(encoding="ascii").strip()
    refs = top / "packed-refs"
    lines = refs.read_text(encoding="utf-8").splitlines() if refs.is_file() else []
    packed = (line.split() for line in lines)
    return next((line[0] for line in packed if line[1:] == [branch]), "")


def _check_revision(directory: Path, wanted: object, where: str) -> None:
    """Raise where a clone stands at another commit than the manifest says."""
    try:
        head = head_commit(directory)
    except (OSError, ValueError):
        return  # no clone, or no longer one
    if re.fullmatch(r"[0-9a-f]{40}", head) and isinstance(wanted, str) and head != wanted:
        raise ProjectNotFound(
            f"{where}: {directory} stands at {head[:12]}, and {LAKE_MANIFEST} has {wanted[:12]}; "
            "run `lake build`"
        )
