"""Which modules a declaration needs, as far as the texts of the sources tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from lean_bridge.build.modules import Sources
from lean_bridge.build.scan import NAMED, name_components, scan_declarations

_NAMES: Final = re.compile(rf"\b(?:{'|'.join(sorted(NAMED))})\s+((?:«[^»]*»|[^\s:(){{}}\[\]⦃«])+)")
"""What stands behind a keyword, in code or not."""


def modules_declaring(
    sources: Sources, names: Iterable[str], *, closely: bool = True
) -> dict[str, tuple[str, ...]]:
    """Return the modules whose text declares each name; none where no text does.

    It is a hint: what macros and elaborators declare stands in no text. Whoever builds on it looks into the
    compiled modules afterwards. So texts are read closely only where several have the end of a name, and not
    at all unless ``closely``: then all of these are returned.
    """
    wanted = {name_components(name): name for name in names}
    by_last = defaultdict(list)
    for parts in wanted:
        by_last[parts[-1:]].append(parts)
    found: dict[str, list[str]] = {name: [] for name in wanted.values()}
    texts = {module: text.decode("utf-8", "replace") for module, (_, text, _) in sources.texts.items()}
    for module, text in texts.items():
        for written in map(name_components, dict.fromkeys(_NAMES.findall(text))):
            for parts in by_last.get(written[-1:], ()) if written else ():
                if parts[-len(written) :] == written and module not in found[wanted[parts]]:
                    found[wanted[parts]].append(module)
    if not closely:
        return {name: tuple(modules) for name, modules in found.items()}
    unsure = {module for modules in found.values() if len(modules) > 1 for module in modules}
    declared = {
        module: {each.name for each in scan_declarations(texts[module]).declared} for module in unsure
    }
    return {
        name: tuple(found[name])
        if len(found[name]) < 2
        else tuple(module for module in found[name] if parts in declared[module])
        for parts, name in wanted.items()
    }
