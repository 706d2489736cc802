"""Which modules each row rests on, as the sources are now: so far, and no further, reaches a refusal."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lean_bridge.build.modules import Sources, with_imports
from lean_bridge.build.needed import modules_declaring
from lean_bridge.library.judgement import Judgement


def modules_below(
    sources: Sources, judgement: Judgement | None, names: Iterable[str]
) -> dict[str, Collection[str]]:
    """Return the modules on which each of the declarations rests, with all that they import now.

    Where a declaration stands the last judgement knows; of what it does not know, the texts may tell. What
    neither knows, as what a macro declares, is not among what is returned.
    """
    judged = judgement.places if judgement is not None else {}
    places = {
        name: known
        for name in names
        if (known := judged.get(name)) and all(module in sources.texts for module in known)
    }
    if unknown := [name for name in names if name not in places]:
        told = modules_declaring(sources, unknown)
        places |= {name: found for name, found in told.items() if found}
    return {name: with_imports(found, sources.imports) for name, found in places.items()}
