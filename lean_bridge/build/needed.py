"""Which modules a declaration needs, as far as the texts of the sources tell."""

from __future__ import annotations

from collections.abc import Iterable

from lean_bridge.build.modules import Sources
from lean_bridge.build.scan import name_components, scan_declarations


def modules_declaring(sources: Sources, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the modules whose text declares each name; none where no text does.

    It is a hint: what macros and elaborators declare stands in no text. Whoever builds on it looks into the
    compiled modules afterwards.
    """
    wanted = {name_components(name): name for name in names}
    found: dict[str, list[str]] = {name: [] for name in wanted.values()}
    last = {parts[-1].encode() for parts in wanted if parts}
    for module, (_, content, _) in sources.texts.items():
        if any(word in content for word in last):
            scanned = scan_declarations(content.decode("utf-8", "replace"))
            for name in {each.name for each in scanned.declared} & wanted.keys():
                found[wanted[name]].append(module)
    return {name: tuple(modules) for name, modules in found.items()}
