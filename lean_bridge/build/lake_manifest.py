"""What Lake fetched for a project, as its manifest says, and what is to be taken in place of that."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from lean_bridge.build.checkout import head_commit
from lean_bridge.build.declared import LAKEFILE, PROGRAM, Requirement
from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import decoded, read_below

LAKE_MANIFEST: Final = "lake-manifest.json"
OVERRIDES: Final = ".lake/package-overrides.json"
"""Entries that Lake takes in place of the manifest's of the same name."""
_EXPECTED: Final = {
    LAKE_MANIFEST: (
        "a manifest of Lake's, with version, packagesDir and packages",
        "run `lake update`",
    ),
    OVERRIDES: (
        "what Lake takes in place of a manifest's packages, with schemaVersion (or version) and packages",
        "correct it, or remove it",
    ),
}
"""What each of these files is to hold, and the mend."""
_VERSIONS: Final = ((0, 7), (1, 2))
"""Those of Lake's manifests that are understood: up to these, each."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a package lies that Lake fetched, or was told of."""

    directory: Path
    is_override: bool = False
    """Whether another place was named for it than the manifest does."""


class LakeManifest:
    """The manifest of a project, and its overrides; either may not be there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packages = root / ".lake" / "packages"
        self._entries = self._read(LAKE_MANIFEST)
        self._overrides = self._read(OVERRIDES)

    def locate(self, requirement: Requirement, at: Path, where: str) -> Located | None:
        """Return where a package lies that the one at ``at`` requires, or ``None`` if no entry has its name.

        Raises: ProjectNotFound where the manifest has it from elsewhere than the lakefile says, or the clone
        stands at another commit.
        """
        if (override := self._overrides.get(requirement.name)) is not None:
            directory = self._directory(override, OVERRIDES, where)
            self._check_revision(override, OVERRIDES, where)
            return Located(directory, is_override=True)
        if (entry := self._entries.get(requirement.name)) is None:
            return None
        directory = self._directory(entry, LAKE_MANIFEST, where)
        for asked, given in self._differences(requirement, entry, at):
            raise ProjectNotFound(
                f"{where}: asks for {asked}, and {LAKE_MANIFEST} has {given}; run `lake update "
                f"{requirement.name}`"
            )
        self._check_revision(entry, LAKE_MANIFEST, where)
        return Located(directory)

    def _read(self, name: str) -> dict[str, Mapping[str, Any]]:
        path = self._root / name
        if not os.path.lexists(path):
            return {}
        text = decoded(path, read_below(self._root, path))
        try:
            said = json.loads(text)
            version = said["version"] if "version" in said else said["schemaVersion"]
            major, minor = (0, version) if isinstance(version, int) else map(int, version.split(".")[:2])
            packages = Path(said.get("packagesDir") or self._packages)
            entries = {each["name"].strip("«»"): each for each in said.get("packages", ())}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            what, mend = _EXPECTED[name]
            raise ProjectNotFound(f"{path}: expected {what}, found something else; {mend}") from error
        if not any(first == major and last >= minor for first, last in _VERSIONS) or version == 1:
            raise ProjectNotFound(
                f"{path}: expected a manifest of version 5 to 1.2, found {version!r}; {_EXPECTED[name][1]}"
            )
        if name == LAKE_MANIFEST:
            self._packages = self._root / packages
        return entries

    def _directory(self, entry: Mapping[str, Any], file: str, where: str) -> Path:
        """Return the directory that an entry names, where what lies there is what it says."""
        config = entry.get("configFile")
        if config is not None and config not in (LAKEFILE, PROGRAM, "lakefile"):
            raise ProjectNotFound(
                f"{where}: {file} has {config!r} for its lakefile, and {LAKEFILE} or {PROGRAM} is read here"
            )
        if entry.get("type") == "path":
            if not isinstance(entry.get("dir"), str):
                raise ProjectNotFound(
                    f"{where}: {self._root / file}: expected the dir of an entry of type path, found "
                    f"{entry.get('dir', 'none')!r}; {_EXPECTED[file][1]}"
                )
            return Path(os.path.normpath(self._root / entry["dir"]))
        if entry.get("type") != "git":
            raise ProjectNotFound(
                f"{where}: {self._root / file}: expected type path or git, found {entry.get('type')!r}"
            )
        directory = self._clone(entry)
        return directory / entry["subDir"] if isinstance(entry.get("subDir"), str) else directory

    def _clone(self, entry: Mapping[str, Any]) -> Path:
        return self._packages / str(entry["name"]).strip("«»")

    def _check_revision(self, entry: Mapping[str, Any], file: str, where: str) -> None:
        """Raise where a clone stands at another commit than its entry says."""
        wanted = entry.get("rev")
        try:
            head = head_commit(self._clone(entry)) if entry["type"] == "git" else ""
        except (OSError, ValueError):
            return  # no clone, or no longer one
        if re.fullmatch(r"[0-9a-f]{40}", head) and isinstance(wanted, str) and head != wanted:
            raise ProjectNotFound(
                f"{where}: {self._clone(entry)} stands at {head[:12]}, and {file} has {wanted[:12]}; "
                "run `lake build`"
            )

    def _differences(
        self, requirement: Requirement, entry: Mapping[str, Any], at: Path
    ) -> Iterator[tuple[str, str]]:
        """Yield what a lakefile says of where a package comes from, and what its manifest says instead."""
        asked = requirement
        scope = entry.get("scope")
        if asked.scope and isinstance(scope, str) and asked.scope != scope:
            yield f"the scope {asked.scope}", f"the scope {scope}" if scope else "none"
        if asked.path is not None:
            if entry["type"] == "git":
                yield f"the path {asked.path}", f"the repository {entry.get('url', 'of another')}"
            elif not _is_same(at / asked.path, self._root / entry["dir"]):
                yield f"the path {asked.path}", f"the path {entry['dir']}"
            return
        if entry["type"] == "path":
            yield asked.git or "no path", f"the path {entry['dir']}"
            return
        if asked.git is not None and entry.get("url") not in (None, asked.git):
            yield asked.git, str(entry["url"])
        revision, given = asked.revision, entry.get("inputRev")
        if revision is None and (asked.version or "").startswith("git#"):
            revision = str(asked.version).removeprefix("git#")
        if revision != given and not (revision is None and asked.git is None) and "inputRev" in entry:
            yield revision or "no revision", given or "none"
        below, there = asked.sub_directory or ".", entry.get("subDir") or "."
        if asked.git is not None and PurePosixPath(below) != PurePosixPath(str(there)):
            yield f"its directory {below}", f"its directory {there}"


def _is_same(one: Path, other: Path) -> bool:
    return os.path.normpath(one) == os.path.normpath(other) or one.resolve() == other.resolve()
