"""Which modules a declaration needs, as far as the texts of the sources tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lean_bridge.build.modules import Sources
from lean_bridge.build.scan import NAMED, name_components, scan_declarations


def modules_declaring(sources: Sources, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the modules whose text declares each name; none where no text does.

    It is a hint: what macros and elaborators declare stands in no text. Whoever builds on it looks into the
    compiled modules afterwards.
    """
    wanted = {name_components(name): name for name in names}
    found: dict[str, list[str]] = {name: [] for name in wanted.values()}
    last = "|".join(sorted({re.escape(parts[-1]) for parts in wanted if parts}))
    declares = re.compile(rf"(?:{'|'.join(sorted(NAMED))})\s\s*\S*(?:{last})".encode())
    for module, (_, content, _) in sources.texts.items():
        if last and declares.search(content):
            scanned = scan_declarations(content.decode("utf-8", "replace"))
            for name in {each.name for each in scanned.declared} & wanted.keys():
                found[wanted[name]].append(module)
    return {name: tuple(modules) for name, modules in found.items()}
