"""Says of a name that Lean does not know which module declares it that the file does not import."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lean_bridge.build.modules import Library, Module
from lean_bridge.build.scan import name_components, scan_declarations
from lean_bridge.names import listed
from pybind_models import Diagnostic

_UNKNOWN: Final = re.compile(r"^Unknown (?:identifier|constant) `([^`]+)`")


def with_whereabouts(
    module: Module, library: Library, diagnostics: Iterable[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Return Lean's messages, each error about an unknown name with where the library declares that.

    Nothing is added where no text does, or where one does that the module imports.
    """
    return tuple(
        each.replaced(text=f"{each.text}\n{told}")
        if each.severity == "error"
        and (found := _UNKNOWN.match(each.text))
        and (told := _whereabouts(found[1], module, library))
        else each
        for each in diagnostics
    )


def _whereabouts(name: str, module: Module, library: Library) -> str | None:
    parts = name_components(name)
    if not parts:
        return None
    imported = library.names_below(module.imports) | {module.name}
    found: list[str] = []
    for each in library.modules:
        text = each.content.decode("utf-8", "replace")
        if parts[-1] not in text:
            continue
        for declared in scan_declarations(text).declared:
            if declared.name and declared.name[-len(parts) :] == parts:
                if each.name in imported:
                    return None
                found.append(f"{each.name} ({each.file}:{declared.line})")
    if not found:
        return None
    return f"{name} is declared in {listed(dict.fromkeys(found), 3)}, which {module.file} does not import"
