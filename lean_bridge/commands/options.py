"""Options that several commands take."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lean_bridge.errors import BindingError, NoVerdict
from lean_bridge.letters import plain, shown
from lean_bridge.spelling import dimension

if TYPE_CHECKING:
    from lean_bridge.project import Project
    from lean_bridge.toolchain.resident import Use


EXIT_STATUS: Final = {"accepted": 0, "rejected": 1, "no verdict": 2}
"""What a command ends with, by its verdict."""


def _directory(text: str) -> Path:
    from lean_bridge.files import named_directory

    return named_directory(text)


ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        "-p",
        help="A Lean library, or a directory with lean/ in it.",
        metavar="DIR",
        parser=_directory,
    ),
]
ShippedOption = Annotated[
    bool, typer.Option("--shipped", help="The Lean library that came with this package, wherever this runs.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", "-j", help="Lean processes at a time.", min=1, max=16)
]


ServerOption = Annotated[
    bool | None,
    typer.Option(
        "--server/--no-server",
        help="Have Leans stay for the next command, or use none that did; see `lean-bridge serve`.",
    ),
]


def residents(server: bool | None, otherwise: Use) -> Use:
    """Return whether a command uses Leans that stay, by its option."""
    return otherwise if server is None else "started" if server else "no"


def open_chosen(
    project: Path | None, shipped: bool, *, loose: bool = False, residents: Use = "no"
) -> Project:
    """Return the library that the options choose; see :func:`lean_bridge.project.open_project`.

    Raises: ProjectNotFound.
    """
    from lean_bridge.project import open_project
    from lean_bridge.toolchain.location import cache_directory, chosen_directory, is_temporary

    if is_temporary():
        typer.echo(
            f"lean-bridge: {plain(str(chosen_directory()))}: nothing can be kept there, nor at home; "
            f"it is in {plain(str(cache_directory()))} until the system clears that; set LEAN_BRIDGE_CACHE",
            err=True,
        )
    check_choice(project, shipped)
    return open_project(project, shipped=shipped, loose=loose, residents=residents)


def check_choice(project: Path | None, shipped: bool) -> None:
    """Refuse two options that name two libraries."""
    if shipped and project is not None:
        raise typer.BadParameter(
            "names another library than --project; give one of the two", param_hint="--shipped"
        )


_SOURCES: Final = (".lean", ".toml")
"""Of sources, lakefiles, catalogues, manifests and policies."""
_READ: Final = ("lean-toolchain", "lake-manifest.json")


def is_read(path: Path) -> bool:
    """Whether a file of this name is one by which a library is judged, or may be."""
    return path.suffix.casefold() in _SOURCES or path.name.casefold() in _READ


def check_writable(*paths: Path | None, is_source: bool = False) -> None:
    """Refuse, before the work whose result goes there, files that cannot be written, or serve twice.

    So is what is there and what a library is judged by, unless a source is what is written.
    """
    given = [path for path in paths if path is not None]
    for number, path in enumerate(given):
        check_apart(path, given[:number])
        try:
            if path.is_dir():
                why = "is a directory"
            elif path.exists():
                why = "" if os.access(path, os.W_OK) else "may not be written"
                if not is_source and (is_read(path) or is_read(Path(os.path.realpath(path)))):
                    why = "would be written over, and a library may be judged by it"
                folder = Path(os.path.realpath(path)).parent
                if path.is_file() and not os.access(folder, os.W_OK):
                    why = f"nothing may be written into {folder}"
            else:
                folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
                why = "" if os.access(folder, os.W_OK) else f"nothing may be written into {folder}"
                why = why if folder.is_dir() else f"there is no directory {folder}"
        except (OSError, ValueError) as error:  # a name too long, or with a zero byte
            why = getattr(error, "strerror", None) or str(error)
        if why:
            raise typer.BadParameter(f"{str(path)!r}: {why}; name a file that can be written")


def check_apart(path: Path, others: Iterable[Path]) -> None:
    """Refuse to write to a file that serves for something else too, by whatever name."""
    for other in others:
        if os.path.realpath(path) == os.path.realpath(other) or (
            path.exists() and other.exists() and path.samefile(other)
        ):
            raise typer.BadParameter(
                f"{str(path)!r}: would be written over {str(other)!r}; name a file of its own"
            )


def write_result(path: Path, text: str) -> None:
    """Write a result to the file that was asked for.

    Raises: NoVerdict, naming it, where it cannot be written; a file that was there is as it was.
    """
    from lean_bridge.files import put_at_once

    try:
        with put_at_once(path) as whole:
            whole.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise NoVerdict(f"{path}: cannot be written: {error.strerror}; nothing new is in it") from error


DimsOption = Annotated[
    list[str] | None,
    typer.Option("--dims", "-d", help="Dimensions, as n=8,dModel=16; may be repeated."),
]


def parse_dims(texts: Sequence[str] | None) -> dict[str, int]:
    """Return dimensions as ``--dims`` gives them. Raises: BindingError for what is none."""
    sizes = {}
    for name, text in _assigned("--dims", texts, "n=8,dModel=16"):
        try:
            sizes[name] = dimension(text)
        except ValueError as error:
            raise BindingError(f"--dims: {name}: {error}") from None
    return sizes


def parse_scalars(texts: Sequence[str] | None) -> dict[str, float]:
    """Return scalars as ``--set`` gives them. Raises: BindingError for what is none."""
    values = {}
    for name, text in _assigned("--set", texts, "c=0.5,eps1=1e-5"):
        try:
            values[name] = float(text)
        except ValueError:
            raise BindingError(
                f"--set: {name}: expected a number, found {shown(reprlib.repr(text))}"
            ) from None
    return values


def _assigned(option: str, texts: Sequence[str] | None, example: str) -> Iterator[tuple[str, str]]:
    known = set()
    for item in (item.strip() for text in texts or () for item in text.split(",")):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals and value):
            raise BindingError(f"{option}: expected {example}, found {shown(reprlib.repr(item))}")
        if name in known:
            raise BindingError(f"{option}: {shown(name)} is given more than once; give one of them")
        known.add(name)
        yield name, value


class ViewFormat(StrEnum):
    """How a command prints what has one view for people and one for machines."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[ViewFormat, typer.Option("--format", "-f", help="How to print.")]
