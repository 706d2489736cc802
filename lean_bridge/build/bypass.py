"""Refuses libraries that tell Lean to leave declarations unchecked, or sources unread."""

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


def check_kernel_is_asked(modules: Iterable[Module]) -> None:
    """Raise where a source file or its options name a way round Lean's kernel.

    What was added so looks like any other declaration in the compiled file. Every mention counts, in comments
    too: what is a comment, only Lean's own parser knows. A macro can still make the name up from pieces; the
    second kernel refuses what gets in that way, and without it nothing here does.
    Raises: BuildFailed with the file and the line.
    """
    for module in modules:
        for option, _ in module.options:
            if _BYPASS.search(option):
                raise _refusal(module.places.get(option, f"the options of {module.name}"), option)
        text = _text(module)
        if found := _BYPASS.search(text):
            raise _refusal(_place(module, text, found.start()), found[0])


def check_all_is_read(modules: Iterable[Module]) -> None:
    """Raise where a source file names the command behind which Lean reads nothing and reports no error.

    Every mention counts here too: what is a comment, only Lean's own parser knows.
    Raises: Declined with the file and the line.
    """
    for module in modules:
        text = _text(module)
        if found := _END.search(text):
            raise Declined(
                f"{_place(module, text, found.start())}: names {found[0]}, behind which Lean reads nothing; "
                "remove every mention of it",
                code=Code.SOURCE_NOT_ACCOUNTED,
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


def _place(module: Module, text: str, at: int) -> str:
    return f"{module.file}:{text.count(chr(10), 0, at) + 1}"


def _refusal(where: str, found: str) -> BuildFailed:
    return BuildFailed(
        f"{where}: names {found}, under which Lean's kernel is not asked; remove every mention of it",
        code=Code.KERNEL_SKIPPED,
    )
