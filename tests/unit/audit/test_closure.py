"""What is reached is reached by all ways, round cycles too, whatever was asked before."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lean_bridge.audit.closure import Closures

GRAPHS = st.integers(1, 9).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), max_size=4), min_size=size, max_size=size)
)


def reached(graph: list[list[int]], root: int) -> set[int]:
    found, pending = {root}, [root]
    for at in pending:
        pending += [each for each in graph[at] if each not in found]
        found.update(graph[at])
    return found


@given(GRAPHS, st.randoms(use_true_random=False))
def test_it_is_what_a_search_from_each_alone_finds(graph: list[list[int]], random: Random) -> None:
    closures: Closures[int] = Closures(lambda at: graph[at])
    roots = list(range(len(graph)))
    random.shuffle(roots)
    for root in roots:
        bits = closures.of(root)
        assert {at for at in roots if bits & closures.bit(at)} == reached(graph, root)


def test_each_thing_is_followed_once() -> None:
    followed: list[int] = []

    def following(at: int) -> tuple[int, ...]:
        followed.append(at)
        return ((at + 1) % 1000, (at + 2) % 1000)

    closures = Closures(following)
    assert closures.of(0) == closures.of(7) == (1 << 1000) - 1
    assert sorted(followed) == list(range(1000))
