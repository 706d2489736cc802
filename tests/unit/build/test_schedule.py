"""What is built next: imports before importers, and the longest chain first."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lean_bridge.build.schedule import Schedule, heights
from tests.schedules import (
    DEPTH,
    IMPORTS_EACH,
    LIBRARY,
    MODULES,
    like_mathlib,
    longest,
    simulated,
    table,
    times,
)

Imports = dict[str, list[str]]


@st.composite
def libraries(draw: st.DrawFn) -> Imports:
    names = [f"M{number}" for number in range(draw(st.integers(0, 12)))]
    imports = {
        name: draw(st.lists(st.sampled_from(names[:number]), unique=True, max_size=4)) if number else []
        for number, name in enumerate(names)
    }
    return dict(draw(st.permutations(list(imports.items()))))


@given(libraries(), st.integers(1, 4))
def test_every_module_is_taken_once_and_after_what_it_imports(imports: Imports, workers: int) -> None:
    schedule = Schedule(imports)
    done, at_work = list[str](), list[str]()
    while True:
        while len(at_work) < workers and (name := schedule.take()) is not None:
            assert set(imports[name]) <= set(done)
            at_work.append(name)
        if not at_work:
            break
        done.append(at_work.pop(0))
        schedule.finish(done[-1])
    assert sorted(done) == sorted(imports)


@given(libraries())
def test_of_those_that_can_be_built_the_longest_chain_waits_for_the_first(imports: Imports) -> None:
    importers: Imports = {name: [each for each in imports if name in imports[each]] for name in imports}
    above = heights(importers)
    schedule = Schedule(imports)
    ready = [name for name in imports if not imports[name]]
    taken = [name for _ in ready if (name := schedule.take()) is not None]
    assert sorted(taken) == sorted(ready)
    assert [above[name] for name in taken] == sorted((above[name] for name in ready), reverse=True)
    assert schedule.take() is None


def test_what_is_there_already_is_not_waited_for() -> None:
    schedule = Schedule({"A": ["There"], "B": ["A", "There"]})
    assert [schedule.take(), schedule.take()] == ["A", None]
    schedule.finish("A")
    assert schedule.take() == "B"


def test_a_chain_is_begun_before_what_nobody_waits_for() -> None:
    imports = {"Leaf1": [], "Leaf2": [], "A": [], "B": ["A"], "C": ["B"]}
    assert Schedule(imports).take() == "A"
    assert simulated(imports, dict.fromkeys(imports, 1.0), 2) == 3.0  # with a leaf first it would be 4


@given(libraries(), st.integers(1, 4), st.data())
def test_no_number_of_workers_beats_the_longest_chain_or_the_work(
    imports: Imports, workers: int, data: st.DataObject
) -> None:
    seconds = {name: float(data.draw(st.integers(1, 9))) for name in imports}
    total = sum(seconds.values())
    took = simulated(imports, seconds, workers)
    assert total / workers <= took <= total
    assert simulated(imports, seconds, 1) == total


def test_the_page_has_the_table_of_what_was_measured() -> None:
    assert table() in (LIBRARY.parent / "docs" / "cluster.md").read_text(encoding="utf-8")


def test_a_library_like_mathlib_has_its_shape() -> None:
    imports, seconds = like_mathlib([1.0, 2.0])
    assert len(imports) == len(seconds) == MODULES
    assert longest(imports, dict.fromkeys(imports, 1.0)) == DEPTH
    assert abs(sum(map(len, imports.values())) / MODULES - IMPORTS_EACH) < 0.05
    times_imported = Counter(each for found in imports.values() for each in found)
    assert times_imported.most_common(1)[0][1] > 20 * IMPORTS_EACH, "a few are imported by many"


def test_the_seconds_of_a_trace_are_those_of_files() -> None:
    events = [
        {"ph": "M", "name": "thread_name", "args": {"name": "Lean 1"}},
        {"ph": "X", "name": "Proofs/Autograd/Calculus/Adjoint.lean", "ts": 0, "dur": 1_500_000},
        {"ph": "X", "name": "elaborate", "ts": 0, "dur": 1_000_000},
        {"ph": "X", "name": "LeanBridge/Graphs1.lean", "ts": 0, "dur": 1_000_000},
    ]
    (name,) = found = times(json.dumps({"traceEvents": events}))
    assert (name, found[name]["seconds"]) == ("Proofs.Autograd.Calculus.Adjoint", 1.5)
    assert "Proofs.Autograd.Calculus.LinearMap" in found[name]["imports"]
