"""Reads a gate's policy, and says of each value where it is from."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from lean_bridge.audit.tables import parse_table
from lean_bridge.errors import LeanBridgeError, PolicyError
from lean_bridge.files import decoded, not_toml, read_file, toml_line
from lean_bridge.gate.decide import required_of
from lean_bridge.library.discovery import POLICY_FILES
from lean_bridge.misfits import misfit
from lean_bridge.names import listed, suggestion
from lean_bridge.verdict.advisories import ADVISORIES
from lean_bridge.verdict.chain import CHAIN, PINNED, is_link, known_links
from pybind_models import Place
from pybind_models.policy import Policy, PolicyRecord, Setting

FILE, PYPROJECT = POLICY_FILES
_TABLES: Final[Mapping[str, tuple[str, ...]]] = {FILE: (), PYPROJECT: ("tool", "lean-bridge")}
"""The files that may hold a policy, and the table that it is in each."""

Given: TypeAlias = Mapping[str, tuple[object, str]]
"""Values by their keys that stand in the place of a file's, and the option that gave each."""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as a file has it."""

    path: Path
    policy: Policy
    lines: Mapping[str, int]
    """Where each key is written that is written."""
    groups: Mapping[str, int]
    """Where each name in the table of groups is."""


def find_policy(start: Path, top: Path, named: Path | None = None) -> tuple[PolicyFile | None, list[Path]]:
    """Return the policy of the file ``named``, or the nearest one from ``start`` up to ``top``.

    The other files further up are returned with it: they decide nothing.
    Raises: PolicyError, naming the line, for what is no policy, and for two in one directory.
    """
    if named is not None:
        read = _read(named, _TABLES.get(named.name, ()))
        if read is None:
            raise PolicyError(f"{named}: expected a table [tool.lean-bridge], found none", named)
        return read, []
    directories = [start, *start.parents]
    if top in directories:
        directories = directories[: directories.index(top) + 1]
    found: list[PolicyFile] = []
    for directory in directories:
        here = list(_in(directory))
        if len(here) > 1:
            raise PolicyError(
                f"{directory}: {FILE} and [tool.lean-bridge] of {PYPROJECT} both hold a policy; keep one",
                directory / FILE,
            )
        found += here
    return (found[0], [each.path for each in found[1:]]) if found else (None, [])


def _in(directory: Path) -> Iterator[PolicyFile]:
    for name, table in _TABLES.items():
        if os.path.lexists(directory / name) and (read := _read(directory / name, table)) is not None:
            yield read


def _read(path: Path, within: tuple[str, ...]) -> PolicyFile | None:
    """Return the policy of a file, or nothing where it has no table for one."""
    try:
        content = read_file(path)
        text = decoded(path, content)
        try:
            table: Any = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise not_toml(path, error) from error
        for step in within:
            if not isinstance(table, dict) or step not in table:
                return None
            table = table[step]
        if not isinstance(table, dict):
            at = toml_line(text, within)
            raise PolicyError(f"{path}:{at}: tool.lean-bridge: expected a table, found {table!r}")
        policy = parse_table(path, content, Policy, within=within)
    except LeanBridgeError as error:
        raise PolicyError(str(error), path) from error
    written = {key: toml_line(text, (*within, key)) for key in table}
    groups = {name: toml_line(text, (*within, "groups", name)) for name in policy.groups}
    for key, name, link in _links(policy):
        if not is_link(link):
            line = groups.get(name, written[key])
            where = f"{path}:{line}: {key}{f'.{name}' if name else ''}"
            raise PolicyError(f"{where}: there is no link {link!r}; {suggestion(link, known_links())}", path)
    if (unknown := _unknown_advisory(policy)) is not None:
        raise PolicyError(f"{path}:{written['advisories']}: advisories: {unknown}", path)
    return PolicyFile(path, policy, written, groups)


def _links(policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Yield the links that a policy names: its key, the group if it is one's, the link."""
    yield from (("links", "", link) for link in policy.links)
    yield from (("groups", name, link) for name, links in policy.groups.items() for link in links)


def _unknown_advisory(policy: Policy) -> str | None:
    """Return what is wrong with the first advisory that is tolerated and that nobody knows."""
    known = [each.name for each in ADVISORIES]
    unknown = next((name for name in policy.advisories or () if name not in known), None)
    if unknown is None:
        return None
    return f"there is no advisory {unknown!r}; {suggestion(unknown, known)}"


def in_force(file: PolicyFile | None, given: Given, top: Path, passed_over: list[Path]) -> PolicyRecord:
    """Return the policy of a file, if there is one, with the values that were given in place of its own.

    Raises: PolicyError for values that there are not.
    """
    policy = file.policy if file is not None else Policy()
    place = place_of(file.path, top) if file is not None else None
    settings = {key: Setting(origin="default") for key in Policy.model_fields}
    groups: dict[str, Setting] = {}
    if file is not None and place is not None:
        settings |= {key: _written(place, line) for key, line in file.lines.items()}
        groups = {name: _written(place, line) for name, line in file.groups.items()}
    for key, (value, option) in given.items():
        try:
            policy = policy.replaced(**{key: value})
        except ValidationError as error:
            raise PolicyError(f"{option}: {misfit(error.errors()[0])}") from error
        settings[key] = Setting(origin=option)
    for key, _, link in _links(policy):
        if not is_link(link):
            raise PolicyError(
                f"{settings[key].origin}: there is no link {link!r}; {suggestion(link, known_links())}"
            )
    if (unknown := _unknown_advisory(policy)) is not None:
        raise PolicyError(f"{settings['advisories'].origin}: {unknown}")
    return PolicyRecord(
        policy=policy,
        settings=settings,
        digest=hashlib.sha256(policy.model_dump_json().encode()).hexdigest(),
        groups=groups,
        file=place,
        passed_over=tuple(place_of(each, top) for each in passed_over),
    )


def _written(place: str, line: int) -> Setting:
    at = None if Path(place).is_absolute() else Place(file=place, line=line)
    return Setting(origin=f"{place}:{line}", place=at)


def libraries_of(policy: Policy, file: PolicyFile | None, top: Path) -> list[Path]:
    """Return the directories of the libraries that a policy names.

    Raises: PolicyError for one outside the repository, or named twice.
    """
    base = file.path.parent if file is not None else top
    found = [Path(os.path.normpath(base / path)) for path in policy.paths]
    for path, written in zip(found, policy.paths, strict=True):
        if not path.resolve().is_relative_to(top.resolve()):
            at = _at(file, "paths")
            raise PolicyError(
                f"{at}paths: {written} lies outside the repository, {top}; name one inside it", _path_of(file)
            )
    if len({path.resolve() for path in found}) < len(found):
        at = _at(file, "paths")
        raise PolicyError(f"{at}paths: one library is named twice: {listed(policy.paths, 8)}", _path_of(file))
    return found


def policies_beside(
    file: PolicyFile | None, libraries: Iterable[Path], top: Path, *, is_named: bool = False
) -> list[Path]:
    """Return the files that would decide about the libraries, were the policy of ``file`` not named.

    Raises: PolicyError where it is not named, and one of the libraries has a nearer one: it would be passed
    over, whatever it requires.
    """
    found: list[Path] = []
    for root in libraries:
        nearest, further = find_policy(root, top)
        if nearest is None or (file is not None and nearest.path.resolve() == file.path.resolve()):
            continue
        if not is_named:
            assert file is not None  # without a policy the library is the nearest one, and so is its own
            name = _below(root, file.path.parent)
            raise PolicyError(
                f"{_at(file, 'paths')}paths: {name} has a policy of its own, {nearest.path}, which would be "
                "passed over; keep one of the two, or name the one that is meant by --policy",
                file.path,
            )
        found += [nearest.path, *further]
    return [path for path in found if file is None or path.resolve() != file.path.resolve()]


def _path_of(file: PolicyFile | None) -> Path | None:
    return file.path if file is not None else None


def _at(file: PolicyFile | None, key: str) -> str:
    return f"{file.path}:{file.lines.get(key, 1)}: " if file is not None else ""


def place_of(path: Path, top: Path) -> str:
    """Return where a file lies: from the top of the repository; of one outside, from that of all files."""
    written = Path(os.path.normpath(path))
    for file, base in ((written, top), (written.resolve(), top.resolve())):
        if file.is_relative_to(base):
            return _below(file, base)
    return written.as_posix()


def _below(path: Path, top: Path) -> str:
    return Path(os.path.relpath(path, top)).as_posix()


def policy_text(record: PolicyRecord) -> str:
    """Return a policy in force as TOML, with where each value is from."""
    policy = record.policy
    tables = {"groups"}
    shown: list[tuple[str, str]] = []
    for key, setting in record.settings.items():
        value = getattr(policy, key)
        origin = setting.origin
        if key not in tables:
            shown.append(
                (f"{key} = {_toml(value)}" if value is not None else f"# {key}: {_UNSET[key]}", origin)
            )
    width = max(len(text) for text, _ in shown)
    lines = [f"{text:<{width}}  # {origin}" for text, origin in shown]
    if policy.groups:
        lines += ["", f"[groups]  # {record.origin('groups')}"]
        for name, links in policy.groups.items():
            at = record.groups.get(name)
            lines.append(f"{_toml(name)} = {_toml(links)}{f'  # {at.origin}' if at is not None else ''}")
    file = record.file or "no file"
    lines = [f"# the policy in force, by {file}; sha256 {record.digest}", *lines]
    lines += [f"# passed over, further up: {each}" for each in record.passed_over]
    lines += ["", "# required of every row, where it can be asked:"]
    required = [f"accepted by verify: {', '.join(CHAIN[: CHAIN.index(PINNED)])}"]
    required += [f"{link} ({key}, {record.origin(key)})" for link, key in required_of(record).items()]
    lines += [f"#   {each}" for each in required]
    return "\n".join(lines) + "\n"


_UNSET: Final[Mapping[str, str]] = {"advisories": "any", "budget": "none"}


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped) + '"'
    return str(value)
