"""Refuses sources that tell Lean to leave declarations unchecked, or the rest of them unread."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lean_bridge.build.modules import Module
from lean_bridge.codes import Code
from lean_bridge.errors import BuildFailed, Declined
from pybind_models import Diagnostic

_BYPASS = re.compile("skipKernelTC|addDeclWithoutChecking")
"""The option, by the part of its name that no quoting can change, and the function behind it."""
_END = re.compile(r"#exit|\bCommand\W+exit\b|\beoi\b|[cC]ommentBody")
"""The command, and the kinds of syntax at which Lean stops: its own, a file's end, and a comment's text."""
_STOPPED = "using 'exit' to interrupt Lean"
"""What Lean says where it stops at the command, whatever it is written as."""


def check_options(modules: Iterable[Module]) -> None:
    """Raise where an option of the lakefile, which is for all sources, names a way round Lean's kernel.

    Raises: BuildFailed with the file and the line.
    """
    for module in modules:
        for option, _ in module.options:
            if _BYPASS.search(option):
                where = module.places.get(option, f"the options of {module.name}")
                raise BuildFailed(f"{where}: {_passes_by(option)}", code=Code.KERNEL_SKIPPED)


def passes_the_kernel_by(module: Module) -> Diagnostic | None:
    """Return the error that a source names a way round Lean's kernel, if it does.

    What was added so looks like any other declaration in the compiled file. Every mention counts, in comments
    too: what is a comment, only Lean's own parser knows. A macro can still make the name up from pieces; the
    second kernel refuses what gets in that way, and without it nothing here does.
    """
    text = _text(module)
    if (found := _BYPASS.search(text)) is None:
        return None
    column = found.start() - (text.rfind("\n", 0, found.start()) + 1)
    return Diagnostic(
        file=module.file,
        line=_line(text, found.start()),
        column=column,
        severity="error",
        text=_passes_by(found[0]),
    )


def ends_early(module: Module) -> str | None:
    """Return where and how a source names the command behind which Lean reads nothing and reports no error.

    Every mention counts here too: what is a comment, only Lean's own parser knows.
    """
    text = _text(module)
    if (found := _END.search(text)) is None:
        return None
    return (
        f"{module.file}:{_line(text, found.start())}: names {found[0]}, behind which Lean reads nothing; "
        "remove every mention of it"
    )


def check_was_read(module: Module, diagnostics: Iterable[Diagnostic]) -> None:
    """Raise where Lean says that it stopped before the end of a source, whatever had it stop.

    Raises: Declined with the file and the line.
    """
    for each in diagnostics:
        if each.text.startswith(_STOPPED):
            raise Declined(
                f"{module.file}:{each.line}: Lean read no further, and said so ({_STOPPED}); "
                "remove what has it stop",
                code=Code.SOURCE_NOT_ACCOUNTED,
            )


def _text(module: Module) -> str:
    return module.content.decode("utf-8", "replace")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _passes_by(found: str) -> str:
    return f"names {found}, under which Lean's kernel is not asked; remove every mention of it"
