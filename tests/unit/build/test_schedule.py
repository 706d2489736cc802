"""What is built next: imports before importers, and the longest chain first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lean_bridge.build.schedule import Schedule, heights
from tests.schedules import simulated

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
