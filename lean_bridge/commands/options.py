"""Options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="A Lean library, or a directory with lean/ in it.", metavar="DIR"),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", "-j", help="Lean processes at a time.", min=1, max=16)
]


class ViewFormat(StrEnum):
    """How a command prints what has one view for people and one for machines."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[ViewFormat, typer.Option("--format", "-f", help="How to print.")]
