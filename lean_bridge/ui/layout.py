"""Layered layout of a graph: where each box stands and how each edge runs, in pixels.

The steps are those of Sugiyama, Tagawa and Toda, Methods for visual understanding of hierarchical system
structures (1981): layers, a lane wherever an edge passes a layer, an order in each layer with few crossings,
then coordinates. Edges turn only between layers, so none meets a box on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final, TypeAlias

BOX_HEIGHT: Final = 58.0
LAYER_GAP: Final = 48.0
_BOX_GAP: Final = 26.0
_LANE: Final = 14.0
"""The width of an edge that passes a layer."""
_SWEEPS: Final = 24
_TURNS: Final = 120
_PULL: Final = 0.4
"""How far a chain moves in each of the first half of the turns; the others only straighten."""

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; ``x`` and ``y`` are its left and top sides."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge from a box to the box that reads it as ``operand``.

    ``points`` come in pairs, the ends of one crossing of the space between two layers; between pairs the edge
    runs straight down through a layer.
    """

    source: int
    target: int
    operand: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes by position, edges by target and operand, and the size of all."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class _Arc:
    """A piece of an edge, from a vertex to one in the next layer; ``port`` is where on it, from 0 to 1."""

    upper: int
    lower: int
    port: float


def lay_out(operands: Sequence[Sequence[int]], widths: Sequence[float]) -> Layout:
    """Return where the boxes of these widths go, each below its operands.

    ``operands[i]`` are the positions that box ``i`` reads, all smaller than ``i``.
    """
    layers = _layers(operands)
    rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for vertex, layer in enumerate(layers):
        rows[layer].append(vertex)
    span = list(widths)
    chains: list[tuple[int, int, list[_Arc]]] = []
    for target, sources in enumerate(operands):
        for operand, source in enumerate(sources):
            path = [source]
            for layer in range(layers[source] + 1, layers[target]):
                path.append(len(span))
                rows[layer].append(len(span))
                span.append(_LANE)
            ends = [0.5] * (len(path) - 1) + [(operand + 1) / (len(sources) + 1)]
            arcs = [_Arc(*piece, port) for piece, port in zip(pairwise([*path, target]), ends, strict=True)]
            chains.append((target, operand, arcs))
    arcs = [arc for _, _, chain in chains for arc in chain]
    mesh = _Mesh(len(widths), span, arcs)
    rows = mesh.ordered(rows)
    centres = mesh.centres(rows)
    left = min((centres[vertex] - span[vertex] / 2 for vertex in centres), default=0.0)
    right = max((centres[vertex] + span[vertex] / 2 for vertex in centres), default=0.0)
    tops = {vertex: index * (BOX_HEIGHT + LAYER_GAP) for index, row in enumerate(rows) for vertex in row}
    exits = mesh.exits(centres)
    routes = []
    for target, operand, chain in chains:
        points: list[Point] = []
        for arc in chain:
            points.append((exits[arc] - left, tops[arc.upper] + BOX_HEIGHT))
            points.append((centres[arc.lower] + mesh.offset(arc) - left, tops[arc.lower]))
        routes.append(Route(operands[target][operand], target, operand, tuple(points)))
    boxes = (
        Box(centres[vertex] - width / 2 - left, tops[vertex], width, BOX_HEIGHT)
        for vertex, width in enumerate(widths)
    )
    height = max(len(rows) * (BOX_HEIGHT + LAYER_GAP) - LAYER_GAP, 0.0)
    return Layout(right - left, height, tuple(boxes), tuple(routes))


def _layers(operands: Sequence[Sequence[int]]) -> list[int]:
    """Return each box's layer: below its operands; one that reads nothing is right above its first reader."""
    layers: list[int] = []
    for sources in operands:
        layers.append(1 + max(map(layers.__getitem__, sources)) if sources else 0)
    for position, sources in enumerate(operands):
        readers = [layers[reader] for reader, read in enumerate(operands) if position in read]
        if not sources and readers:
            layers[position] = min(readers) - 1
    return layers


class _Mesh:
    """Vertices and the arcs between neighbouring layers.

    Vertices from ``boxes`` on are lanes, through which edges pass a layer.
    """

    def __init__(self, boxes: int, span: Sequence[float], arcs: Sequence[_Arc]) -> None:
        self._boxes = boxes
        self._span = span
        self._above: list[list[_Arc]] = [[] for _ in span]
        self._below: list[list[_Arc]] = [[] for _ in span]
        for arc in arcs:
            self._above[arc.lower].append(arc)
            self._below[arc.upper].append(arc)
        self._chains = self._straight_chains()

    def offset(self, arc: _Arc) -> float:
        """Return how far from its lower vertex's centre an arc ends."""
        return self._span[arc.lower] * (arc.port - 0.5)

    def ordered(self, rows: list[list[int]]) -> list[list[int]]:
        """Return the rows reordered to have few crossings: barycentre sweeps, and swaps of neighbours."""
        best, fewest = rows, self._crossings(rows)
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            rows = [list(row) for row in rows]
            downwards = sweep % 2 == 0
            for index in range(len(rows)) if downwards else reversed(range(len(rows))):
                self._sort(rows, index, downwards)
            for index in range(len(rows)):
                self._swap(rows, index)
            crossings = self._crossings(rows)
            if crossings < fewest:
                best, fewest = rows, crossings
        return best

    def centres(self, rows: Sequence[Sequence[int]]) -> dict[int, float]:
        """Return the horizontal centre of every vertex: in order, none overlapping, long edges straight."""
        x: dict[int, float] = {}
        for row in rows:
            starts = self._separations(row)
            x.update((vertex, start - starts[-1] / 2) for vertex, start in zip(row, starts, strict=True))
        for turn in range(_TURNS):
            pull = _PULL if turn < _TURNS // 2 else 0.0
            wishes = {}
            for chain in self._chains:
                wish = (self._wish(chain, x, pull), float(len(chain)))
                wishes.update(dict.fromkeys(chain, wish))
            for row in rows:
                places = _nearest([wishes[vertex] for vertex in row], self._separations(row))
                x.update(zip(row, places, strict=True))
        return x

    def exits(self, x: Mapping[int, float]) -> dict[_Arc, float]:
        """Return where each arc leaves its upper vertex: side by side, in the order of where they go."""
        found = {}
        for vertex, arcs in enumerate(self._below):
            step = min(_LANE, self._span[vertex] / (len(arcs) + 1))
            for index, arc in enumerate(sorted(arcs, key=lambda arc: x[arc.lower] + self.offset(arc))):
                found[arc] = x[vertex] + step * (index - (len(arcs) - 1) / 2)
        return found

    def _sort(self, rows: list[list[int]], index: int, downwards: bool) -> None:
        place = _places(rows)
        ideal = {}
        for vertex in rows[index]:
            ends = (
                [place[arc.upper] for arc in self._above[vertex]]
                if downwards
                else [place[arc.lower] + arc.port for arc in self._below[vertex]]
            )
            ideal[vertex] = sum(ends) / len(ends) if ends else place[vertex]
        rows[index].sort(key=ideal.__getitem__)

    def _swap(self, rows: list[list[int]], index: int) -> None:
        row, place = rows[index], _places(rows)
        for _ in row:
            swapped = False
            for at in range(len(row) - 1):
                left, right = row[at : at + 2]
                if self._inversions(right, left, place) < self._inversions(left, right, place):
                    row[at : at + 2] = right, left
                    swapped = True
            if not swapped:
                return

    def _crossings(self, rows: Sequence[Sequence[int]]) -> int:
        place = _places(rows)
        return sum(
            self._inversions(left, right, place, above=False)
            for row in rows
            for left, right in combinations(row, 2)
        )

    def _inversions(self, left: int, right: int, place: Mapping[int, float], *, above: bool = True) -> int:
        """Count the pairs of arcs of two vertices of a row that cross when ``left`` is left of ``right``."""
        count = sum(
            place[a.lower] + a.port > place[b.lower] + b.port
            for a in self._below[left]
            for b in self._below[right]
        )
        if above:
            count += sum(
                place[a.upper] > place[b.upper] for a in self._above[left] for b in self._above[right]
            )
        return count

    def _separations(self, row: Sequence[int]) -> list[float]:
        """Return the least distance of each vertex's centre from the first one's."""
        starts = [0.0]
        for left, right in pairwise(row):
            gap = _BOX_GAP if min(left, right) < self._boxes else 0.0
            starts.append(starts[-1] + (self._span[left] + self._span[right]) / 2 + gap)
        return starts

    def _wish(self, chain: Sequence[int], x: Mapping[int, float], pull: float) -> float:
        """Return where a chain would best stand: where it is, pulled towards what its ends are joined to."""
        here = sum(x[vertex] for vertex in chain) / len(chain)
        ends = [x[arc.upper] - self.offset(arc) for arc in self._above[chain[0]]]
        ends += [x[arc.lower] + self.offset(arc) for arc in self._below[chain[-1]]]
        return here + pull * (sum(ends) / len(ends) - here) if ends else here

    def _straight_chains(self) -> list[list[int]]:
        """Return every vertex once, together with those that should stand right above and below it."""
        after = {
            arcs[0].upper: arcs[0].lower
            for arcs in self._below
            if len(arcs) == 1 and len(self._above[arcs[0].lower]) == 1
        }
        chains = []
        for start in sorted(set(range(len(self._span))) - set(after.values())):
            chain = [start]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            chains.append(chain)
        return chains


def _places(rows: Sequence[Sequence[int]]) -> dict[int, float]:
    return {vertex: index for row in rows for index, vertex in enumerate(row)}


def _nearest(wishes: Sequence[tuple[float, float]], separations: Sequence[float]) -> list[float]:
    """Return positions at least so far apart, nearest to the weighted wishes by the sum of squares.

    This is isotonic regression: neighbours that would come too close are pooled.
    """
    pools: list[tuple[float, float, int]] = []
    for (wish, weight), separation in zip(wishes, separations, strict=True):
        mean, total, size = wish - separation, weight, 1
        while pools and pools[-1][0] > mean:
            before, heft, count = pools.pop()
            mean = (mean * total + before * heft) / (total + heft)
            total, size = total + heft, size + count
        pools.append((mean, total, size))
    means = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + separation for mean, separation in zip(means, separations, strict=True)]
