"""Reads the files of a project: regular ones, of a bounded size, below its root; never what could hang."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, TypeAlias

import platformdirs

from lean_bridge.errors import LeanBridgeError, ProjectNotFound, SourceOutside

MAX_BYTES = 1 << 26
"""More than any file that people write: certified.toml of the shipped library has about 100 kB."""

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# opening a FIFO would wait for a writer; Windows has neither flag, and no FIFOs among its files
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

_NEAR: Final = 0.75
"""From which likeness on the name of a file may be meant by another one."""

PlaceInToml: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value; a number among them counts, from 0, tables with the same head."""

_TOML_STEP: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_TOML_KEY: Final = re.compile(rf"\s*({_TOML_STEP}(?:\s*\.\s*{_TOML_STEP})*)\s*=")
_TOML_HEAD: Final = re.compile(r"\s*(\[\[?)\s*(.*?)\s*\]\]?\s*(?:#.*)?$")


def named_directory(path: Path | str) -> Path:
    """Return the directory that is named. Raises: ProjectNotFound for an empty text, which names none."""
    if path == "":
        raise ProjectNotFound("--project: expected a directory, found an empty text; is a variable not set?")
    return Path(path)


def user_directory(kind: Literal["cache", "data", "runtime"]) -> Path:
    """Return this package's directory of the user's; it begins with ``~`` where nobody knows a home."""
    find = {
        "cache": platformdirs.user_cache_path,
        "data": platformdirs.user_data_path,
        "runtime": platformdirs.user_runtime_path,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a runtime directory that others may enter: ours is looked at
            return find[kind]("lean-bridge")
    except RuntimeError:
        return Path("~", "lean-bridge", kind)


@contextmanager
def put_at_once(path: Path) -> Iterator[Path]:
    """Yield where to write what is to be at ``path``: all of it comes there at once, or what was there stays.

    A link stays one, and a file keeps its mode; a pipe or a device is written to itself. Raises: OSError.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        yield target
        return
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".lean-bridge-"))
    try:
        yield (whole := folder / target.name)
        if target.exists():
            shutil.copymode(target, whole)
        whole.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_file(path: Path, *, max_bytes: int | None = MAX_BYTES, follows_links: bool = False) -> bytes:
    """Return what a regular file holds; nothing else is opened, nor a link but where it is to be followed.

    Raises: ProjectNotFound, naming it, if there is none, it is another kind of file or cannot be read, or it
    is longer than ``max_bytes``.
    """
    try:
        _check_regular(path, path.stat(follow_symlinks=follows_links))
        descriptor = os.open(path, _FLAGS if follows_links else _FLAGS | _NO_LINK)
        with os.fdopen(descriptor, "rb") as stream:
            _check_regular(path, os.fstat(stream.fileno()))
            content = stream.read(-1 if max_bytes is None else max_bytes + 1)
    except FileNotFoundError as error:
        raise ProjectNotFound(f"{path}: expected a file here, found none{near_path(path)}") from error
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProjectNotFound(f"{path}: cannot be read: {why}") from error
    if max_bytes is not None and len(content) > max_bytes:
        raise ProjectNotFound(f"{path}: expected at most {max_bytes:,} bytes, found more")
    return content


def read_below(root: Path, path: Path, *, is_source: bool = False) -> bytes:
    """Return what a file of the project at ``root`` holds; no link is followed on the way from there.

    Raises: ProjectNotFound as :func:`read_file`, and for a link, but SourceOutside for a link that stands for
    a source, or leads to one.
    """
    check_below(root, path, is_source=is_source)
    return read_file(path)


def check_below(root: Path, path: Path, *, is_source: bool = False) -> None:
    """Raise where ``path`` is not below ``root``, or a link stands on the way; see :func:`read_below`."""
    refusal: type[LeanBridgeError] = SourceOutside if is_source else ProjectNotFound
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ("..",)
    if ".." in parts:
        raise refusal(f"{path}: expected a file below the project's root, {root}; move it there")
    step = str(root)
    for part in parts:
        step = os.path.join(step, part)  # noqa: PTH118 - asked of every source, on every run
        if os.path.islink(step):  # noqa: PTH114
            raise refusal(
                f"{step}: is a symbolic link to {Path(step).readlink()}; expected the file itself, below the "
                f"project's root, {root}: copy it there"
            )


def entries_below(directory: Path, *, apart: Collection[str] = ()) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what lies below a directory and is no directory, with its place there; no link is followed.

    Whatever is ``apart`` is left out, with all below it. An entry answers until the next one is asked for.
    Raises: OSError for a directory that cannot be listed.
    """

    def below(descriptor: int, place: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    yield f"{place}{entry.name}", entry
                elif entry.name not in apart:
                    inner = os.open(entry.name, _FLAGS | _NO_LINK, dir_fd=descriptor)
                    try:
                        yield from below(inner, f"{place}{entry.name}/")
                    finally:
                        os.close(inner)

    top = os.open(directory, _FLAGS)
    try:
        yield from below(top, "")
    finally:
        os.close(top)


def decoded(path: Path | str, content: bytes) -> str:
    """Return a file's content as text, without a mark of its byte order.

    Raises: ProjectNotFound, naming it, if it is not UTF-8.
    """
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ProjectNotFound(
            f"{path}: expected UTF-8, found byte {content[error.start]:#04x} at {error.start}"
        ) from error


def not_toml(path: Path, error: Exception) -> ProjectNotFound:
    """Return the refusal of a file that is no TOML, with the line where it stops being that."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
    if found is None:  # at the end of the file, or tables in tables without end
        what = "tables within tables, too many" if isinstance(error, RecursionError) else str(error)
        return ProjectNotFound(f"{path}: not TOML: {what}")
    return ProjectNotFound(f"{path}:{found[1]}:{found[2]}: not TOML: {str(error)[: found.start()]}")


def toml_line(text: str, place: PlaceInToml) -> int:
    """Return the 1-based line where a place of a TOML file is written, or the nearest around it."""
    lines = toml_lines(text)
    return next(lines[place[:length]] for length in range(len(place), -1, -1) if place[:length] in lines)


def toml_lines(text: str) -> Mapping[PlaceInToml, int]:
    """Return the 1-based line where each table and each key of a TOML file is first written."""
    found: dict[PlaceInToml, int] = {(): 1}
    counts: Counter[PlaceInToml] = Counter()
    table: PlaceInToml = ()
    for number, line in enumerate(text.split("\n"), 1):
        if head := _TOML_HEAD.match(line):
            table = ()
            steps = _toml_steps(head[2])
            for depth, step in enumerate(steps, 1):
                table = (*table, step)
                found.setdefault(table, number)
                counts[table] += head[1] == "[[" and depth == len(steps)
                if counts[table]:  # of several with the same head
                    table = (*table, counts[table] - 1)
            found.setdefault(table, number)
        elif key := _TOML_KEY.match(line):
            steps = _toml_steps(key[1])
            for length in range(1, len(steps) + 1):
                found.setdefault((*table, *steps[:length]), number)
    return found


def _toml_steps(text: str) -> tuple[str, ...]:
    return tuple(step.strip("\"'") for step in re.findall(_TOML_STEP, text))


def near_path(path: Path) -> str:
    """Return the end of a message about a path that leads nowhere: what may be meant, if anything is near."""
    missing = next((each for each in (*reversed(path.parents), path) if not os.path.lexists(each)), None)
    if missing is None:
        return ""
    try:
        beside = [each.name for each in missing.parent.iterdir()]
    except OSError:
        return ""
    rest = path.relative_to(missing)
    near = get_close_matches(missing.name, beside, cutoff=_NEAR)
    found = [str(there) for each in near if (there := missing.with_name(each) / rest).exists()]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _check_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "no regular file")
        raise ProjectNotFound(f"{path}: is {kind}; expected a regular file")
