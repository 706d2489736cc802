from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lean_bridge.ui.layout import Box, Layout, lay_out
from tests.reports import attention_graph


@st.composite
def shapes(draw: st.DrawFn) -> tuple[list[list[int]], list[float]]:
    """Return what each box reads, and the widths."""
    count = draw(st.integers(1, 24))
    operands = [
        draw(st.lists(st.integers(0, position - 1), max_size=4)) if position else []
        for position in range(count)
    ]
    widths = [draw(st.floats(20, 300)) for _ in range(count)]
    return operands, widths


def overlap(left: Box, right: Box) -> bool:
    apart = left.x + left.width <= right.x or right.x + right.width <= left.x
    return not apart and left.y < right.y + right.height and right.y < left.y + left.height


def check_layout(layout: Layout, operands: list[list[int]]) -> None:
    """Boxes are apart and on the page; edges join the right boxes and meet no other."""
    for left, right in combinations(layout.boxes, 2):
        assert not overlap(left, right)
    for box in layout.boxes:
        assert box.x >= -1e-6
        assert box.x + box.width <= layout.width + 1e-6
        assert 0 <= box.y <= layout.height - box.height
    assert [(route.target, route.operand, route.source) for route in layout.routes] == [
        (target, operand, source)
        for target, read in enumerate(operands)
        for operand, source in enumerate(read)
    ]
    for route in layout.routes:
        source, target = layout.boxes[route.source], layout.boxes[route.target]
        (x0, y0), (x1, y1) = route.points[0], route.points[-1]
        assert source.x < x0 < source.x + source.width
        assert y0 == source.y + source.height
        assert target.x < x1 < target.x + target.width
        assert y1 == target.y
        for index, ((xa, ya), (xb, yb)) in enumerate(zip(route.points, route.points[1:], strict=False)):
            assert ya < yb
            assert index % 2 == 0 or xa == xb
            # A curve between layers stays between the heights of its ends, and a passage is straight.
            for box in layout.boxes:
                beside = max(xa, xb) <= box.x or box.x + box.width <= min(xa, xb)
                assert beside or yb <= box.y or box.y + box.height <= ya


def check_ports(layout: Layout) -> None:
    """Arrows enter each box from left to right in the order of its operands."""
    arrivals: dict[int, list[float]] = {}
    for route in layout.routes:
        arrivals.setdefault(route.target, []).append(route.points[-1][0])
    for places in arrivals.values():
        assert places == sorted(set(places))


@given(shapes())
def test_any_graph_is_laid_out_without_collisions(shape: tuple[list[list[int]], list[float]]) -> None:
    operands, widths = shape
    layout = lay_out(operands, widths)
    check_layout(layout, operands)
    check_ports(layout)
    assert [box.width for box in layout.boxes] == widths


def test_attention_is_laid_out_with_straight_long_edges() -> None:
    graph = attention_graph()
    operands: list[list[int]] = [[] for _ in graph.context]
    operands += [list(node.operands) for node in graph.nodes]
    layout = lay_out(operands, [160.0] * len(operands))
    check_layout(layout, operands)
    (residual,) = (route for route in layout.routes if (route.source, route.target) == (0, 19))
    lanes = {round(x) for x, _ in residual.points[1:-1]}
    assert len(residual.points) > 20
    assert len(lanes) == 1
