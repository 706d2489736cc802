"""Which modules a declaration needs, as far as the texts of the sources tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Final

from lean_bridge.build.modules import Sources
from lean_bridge.build.scan import NAMED, Components, name_components, scan_declarations

_NAMES: Final = re.compile(rf"\b(?:{'|'.join(sorted(NAMED))})\s+((?:«[^»]*»|[^\s:(){{}}\[\]⦃«])+)")
"""What stands behind a keyword, in code or not."""


def modules_declaring(
    sources: Sources, names: Iterable[str], *, closely: bool = True
) -> dict[str, tuple[str, ...]]:
    """Return the modules whose text declares each name, or what it is a part of; none where no text does.

    A part is what a type brings along, as its constructors: no keyword stands before these. It is a hint:
    what macros and elaborators declare stands in no text. So whoever builds on it looks into the compiled
    modules afterwards. With ``closely`` texts that have the end of a name are read to see which of them
    declares it, else all of these are returned.
    """
    wanted = {name_components(name): name for name in names}
    by_last = defaultdict(set)
    for parts in wanted:
        for each in (parts, parts[:-1]):
            by_last[each[-1:]].add(each)
    found: dict[Components, list[str]] = defaultdict(list)
    texts = {name: text.content.decode("utf-8", "replace") for name, text in sources.texts.items()}
    for module, text in texts.items():
        for written in map(name_components, dict.fromkeys(_NAMES.findall(text))):
            for parts in by_last.get(written[-1:], ()) if written else ():
                if parts[-len(written) :] == written and module not in found[parts]:
                    found[parts].append(module)
    if not closely:
        return {
            name: tuple(dict.fromkeys((*found[parts], *found[parts[:-1]]))) if found[parts] else ()
            for parts, name in wanted.items()
        }

    @cache
    def declared(module: str) -> frozenset[Components]:
        return frozenset(each.name for each in scan_declarations(texts[module]).declared)

    def declaring(parts: Components) -> list[str]:
        return [module for module in found[parts] if parts in declared(module)]

    def only(parts: Components) -> list[str]:
        return found[parts] if len(found[parts]) == 1 else []

    return {
        name: tuple(declaring(parts) or declaring(parts[:-1]) or only(parts))
        for parts, name in wanted.items()
    }
