"""Refuses libraries that tell Lean to add declarations which its kernel has not checked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lean_bridge.build.modules import Module
from lean_bridge.codes import Code
from lean_bridge.errors import BuildFailed

_BYPASS = re.compile("skipKernelTC|addDeclWithoutChecking")
"""The option, by the part of its name that no quoting can change, and the function behind it."""


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
                raise _refusal(f"lakefile.toml, options of {module.name}", option)
        text = module.content.decode("utf-8", "replace")
        if found := _BYPASS.search(text):
            raise _refusal(f"{module.file}:{text.count(chr(10), 0, found.start()) + 1}", found[0])


def _refusal(where: str, found: str) -> BuildFailed:
    return BuildFailed(
        f"{where}: names {found}, under which Lean's kernel is not asked; remove every mention of it",
        code=Code.KERNEL_SKIPPED,
    )
