"""Where the packages lie that a lakefile requires: beside it, where Lake put them, or in this package."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, NamedTuple

from lean_bridge.build.declared import LAKEFILE, PROGRAM, Lakefile, LeanLib, Options, Places, Requirement
from lean_bridge.build.lake_manifest import LAKE_MANIFEST, LakeManifest
from lean_bridge.build.lakefile import Translate, read_lakefile
from lean_bridge.errors import LeanBridgeError, ProjectNotFound, SourceOutside, UnsupportedSource
from lean_bridge.files import decoded, read_below
from lean_bridge.names import module_path

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
    places: Places = MappingProxyType({})
    """Where the lakefile sets them."""
    refused: LeanBridgeError | None = None
    """Why nothing of it was read: it has no content then, and is no part of anything that is compiled."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is required."""

    name: str
    root: Path
    place: PurePosixPath
    """What reports call ``root``: where it lies from the project, or its name and version where it is shipped
    with this package."""
    lakefile: Lakefile
    is_override: bool = False
    """Whether it lies where Lake's overrides say, whatever its manifest has."""

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
        """Return what the source of a module holds, if there is one; see :func:`read_source`."""
        if (found := self.source_of(module)) is None:
            return None
        library, source = found
        file = self.place / source.relative_to(self.root).as_posix()
        return read_source(self.root, source, file.as_posix(), library)


def read_source(root: Path, source: Path, file: str, library: LeanLib) -> SourceText:
    """Read a source of a library, below the root of its package; ``file`` is what reports call it.

    It is ``refused`` where it cannot be read, with a ProjectNotFound, or with a SourceOutside for a link.
    """
    try:
        content = read_below(root, source, is_source=True)
        decoded(source, content)
    except (ProjectNotFound, SourceOutside) as error:
        told = str(error).replace(f"{source}: ", "").replace(f"{root}/", "")
        return SourceText(file, b"", library.options, library.places, type(error)(told))
    return SourceText(file, content, library.options, library.places)


def shipped_library() -> Path | None:
    """Return where the library lies that came with this package, if it did."""
    return next((root for root in SHIPPED if (root / LAKEFILE).is_file()), None)


def required_packages(
    root: Path, lakefile: Lakefile, translate: Translate | None = None
) -> tuple[Package, ...]:
    """Return the packages that the one at ``root`` requires, and those that they require, nearest first.

    A path is followed; a package from elsewhere is taken where Lake put it, as ``lake-manifest.json`` says,
    and the library that this package ships from there. What Lake's overrides name goes before either. Nothing
    is fetched. ``translate`` is as for :func:`read_lakefile`.
    Raises: UnsupportedSource for what cannot be had, saying how it can be; ProjectNotFound for a package that
    is not read, or a manifest that says something else than the lakefile.
    """
    if not lakefile.requires:
        return ()
    fetched = LakeManifest(root)
    found: dict[str, Package] = {}
    pending = [(root, lakefile, each) for each in lakefile.requires]
    while pending:
        at, of, requirement = pending.pop(0)
        where = f"{at / of.file}:{requirement.line}: require {requirement.name}"
        if requirement.name == of.name:
            raise ProjectNotFound(f"{where}: it is this package itself; remove it")
        if requirement.name in found or requirement.name == lakefile.name:
            continue
        package = _located(root, at, requirement, fetched, where, translate)
        found[requirement.name] = package
        pending += [(package.root, package.lakefile, each) for each in package.lakefile.requires]
    return tuple(found.values())


def _located(
    root: Path,
    at: Path,
    requirement: Requirement,
    fetched: LakeManifest,
    where: str,
    translate: Translate | None,
) -> Package:
    put = fetched.locate(requirement, at, where)
    if put is not None:
        directory = put.directory
    elif requirement.path is not None:
        directory = Path(os.path.normpath(at / requirement.path))
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
    is_override = put is not None and put.is_override
    return Package(requirement.name, directory, place, read_lakefile(directory, translate), is_override)


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
