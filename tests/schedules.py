"""How long a cold build takes on so many Leans, by the schedule of the real ones and measured times.

``python -m tests.schedules keep TRACE`` keeps imports and seconds of the library's files from a trace of
``verify --timings``; ``python -m tests.schedules`` prints the table of ``docs/cluster.md`` from them.
"""

from __future__ import annotations

import heapq
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lean_bridge.build.modules import read_sources
from lean_bridge.build.schedule import Schedule
from lean_bridge.names import module_path

LIBRARY: Final = Path(__file__).parents[1] / "lean"
KEPT: Final = Path(__file__).parent / "data" / "module_times.json"
WORKERS: Final = (2, 8, 64, 512)

MODULES: Final = 10_000
DEPTH: Final = 154
IMPORTS_EACH: Final = 20_881 / 7_564
"""Of Mathlib, in February 2026: the longest chain, and imports per module (arXiv:2604.24797)."""

Imports = Mapping[str, Sequence[str]]


def simulated(imports: Imports, seconds: Mapping[str, float], workers: int) -> float:
    """Return after how long the last module is there, where so many are built at a time."""
    schedule, now = Schedule(imports), 0.0
    at_work: list[tuple[float, str]] = []
    while True:
        while len(at_work) < workers and (name := schedule.take()) is not None:
            heapq.heappush(at_work, (now + seconds[name], name))
        if not at_work:
            return now
        now, name = heapq.heappop(at_work)
        schedule.finish(name)


def longest(imports: Imports, seconds: Mapping[str, float]) -> float:
    """Return how long the chain of imports takes that takes longest."""
    return simulated(imports, seconds, len(imports))


def like_mathlib(seconds: Sequence[float], *, seed: int = 1) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return a library of 10,000 modules with Mathlib's depth and imports, and times drawn from ``seconds``.

    Most modules lie at middle depths, as a half-wave. Each imports one a level below it, which is what puts
    it there, and others from all below, those the more that others import: so a few are imported by many.
    """
    rng = random.Random(seed)
    wave = [math.sin(math.pi * (level + 0.5) / DEPTH) for level in range(DEPTH)]
    widths = Counter([*range(DEPTH), *rng.choices(range(DEPTH), wave, k=MODULES - DEPTH)])  # none is empty
    imports: dict[str, list[str]] = {}
    last: list[str] = []
    below: list[str] = []
    """Every module of the levels that are done, and once more for each that imports it."""
    for level in range(DEPTH):
        here = [f"M{level}.{number}" for number in range(widths[level])]
        for name in here:
            found = {rng.choice(last)} if last else set[str]()
            found |= {rng.choice(below) for _ in range(_poisson(rng, IMPORTS_EACH - 1)) if below}
            imports[name] = sorted(found)
        below += here
        below += [each for name in here for each in imports[name]]
        last = here
    return imports, {name: rng.choice(seconds) for name in imports}


def _poisson(rng: random.Random, mean: float) -> int:
    """Return a number drawn from a Poisson distribution."""
    count, product = 0, rng.random()
    while product > math.exp(-mean):
        product *= rng.random()
        count += 1
    return count


def own_library() -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return the imports of this repository's library, and how long its files took, as they were kept."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    return (
        {name: each["imports"] for name, each in kept.items()},
        {name: each["seconds"] for name, each in kept.items()},
    )


def times(trace: str) -> dict[str, dict[str, Any]]:
    """Return how long Lean was at each of the library's files, by a trace, with what these import."""
    sources = read_sources(LIBRARY)
    names = {str(module_path(name, ".lean")): name for name in sources.texts}
    return {
        name: {"imports": sorted(sources.imports(name)), "seconds": round(event["dur"] / 1e6, 2)}
        for event in json.loads(trace)["traceEvents"]
        if event["ph"] == "X" and (name := names.get(event["name"])) is not None
    }


def table() -> str:
    """Return the times as a table."""
    own, seconds = own_library()
    measured = list(seconds.values())
    rows = [
        "| library | modules | imports | work | longest chain | "
        + " | ".join(f"{workers} Leans" for workers in WORKERS)
        + " |",
        "|---|--:|--:|--:|--:|" + "--:|" * len(WORKERS),
    ]
    for name, (imports, took) in {
        "this one": (own, seconds),
        "like Mathlib": like_mathlib(measured),
    }.items():
        cells = [
            name,
            f"{len(imports):,}",
            f"{sum(map(len, imports.values())):,}",
            told(sum(took.values())),
            told(longest(imports, took)),
            *(told(simulated(imports, took, workers)) for workers in WORKERS),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def told(seconds: float) -> str:
    """Return a time in a unit that suits it."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    if sys.argv[1:2] == ["keep"]:
        found = times(Path(sys.argv[2]).read_text(encoding="utf-8"))
        KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    else:
        print(table())  # noqa: T201
