"""The errors of a block, result by result, as a picture: ours, PyTorch's and JAX's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from lean_bridge.crosscheck.true_errors import compared, errors_of
from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph
from pybind_models.run import TrueErrors
from tests.reports import DATA
from tests.unit.executor.graphs import encoder, gpt_block

RECORDED: Final = DATA / "errors.json"
"""What was measured on one machine."""
BLOCKS: Final[Mapping[str, Callable[[], DGraph]]] = {
    "Encoder block": partial(encoder, fixed=False),
    "GPT block": gpt_block,
}
SIZES: Final = tuple(
    dict(zip(("n", "dModel", "numHeads", "headDim", "dFF"), sizes, strict=True))
    for sizes in ((8, 16, 2, 8, 32), (24, 48, 4, 12, 192), (64, 128, 4, 32, 512))
)
DTYPES: Final = ("float64", "float32")
COLOURS: Final = {"lean-bridge": "#0969da", "torch": "#d1242f", "jax": "#1a7f37"}
WIDTH, HEIGHT, LEFT, TOP, PANEL, ROW = 1010, 520, 46, 64, 320, 220
LEAST, MOST = -2.0, 10.0
"""The powers of two between which ulps are drawn."""


def measured(model: DGraph) -> list[TrueErrors]:
    """Return a block's errors at each size in each precision: minutes."""
    found: list[TrueErrors] = []
    for sizes in SIZES:
        dims = {
            "seqLen" if name == "n" and name not in model.dims else name: size for name, size in sizes.items()
        }
        for dtype in DTYPES:
            found += errors_of(compared(ExecutableGraph(model), dims, dtype), dims)
    return found


def recorded(block: str) -> list[TrueErrors]:
    """Return the errors of a block that are written down."""
    return [TrueErrors.model_validate(each) for each in json.loads(RECORDED.read_text("utf-8"))[block]]


def record() -> None:
    """Measure, and write down what was found."""
    told = {
        block: [json.loads(each.model_dump_json()) for each in measured(build())]
        for block, build in BLOCKS.items()
    }
    RECORDED.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def errors(block: str) -> str:
    """Return the recorded errors of a block as an image that stands alone."""
    parts = list(_parts(block, recorded(block)))
    style = "text { font: 11px ui-sans-serif, sans-serif; fill: #59636e }"
    style += " .title { font-size: 14px; fill: #1f2328 } .name { font-size: 9px }"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    page = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join([head, f"<style>{style}</style>", page, *parts, "</svg>"]) + "\n"


def _parts(block: str, found: list[TrueErrors]) -> Iterator[str]:
    title = f"{block}: the largest error of each result in ulps of its array, from the exact real ones"
    yield f'<text class="title" x="{LEFT}" y="24">{title}</text>'
    libraries = dict.fromkeys(each.library for each in found)
    for at, library in enumerate(libraries):
        colour = COLOURS[library.partition(" ")[0]]
        yield f'<circle cx="{LEFT + 5 + 160 * at}" cy="42" r="4" fill="{colour}"/>'
        yield f'<text x="{LEFT + 14 + 160 * at}" y="46">{library}</text>'
    dims = list({tuple(each.dims.items()): None for each in found})
    for column, sizes in enumerate(dims):
        for row, dtype in enumerate(DTYPES):
            x, y = LEFT + PANEL * column, TOP + 10 + ROW * row
            rows = [each for each in found if (tuple(each.dims.items()), each.dtype) == (sizes, dtype)]
            yield from _panel(rows, x, y, f"{dtype}, {', '.join(f'{name} {size}' for name, size in sizes)}")


def _panel(rows: list[TrueErrors], x: float, y: float, title: str) -> Iterator[str]:
    height, width = ROW - 62, PANEL - 36
    yield f'<text x="{x}" y="{y + 8}" font-size="10">{title}</text>'
    for power in range(int(LEAST), int(MOST) + 1, 2):
        line = y + 14 + height * (MOST - power) / (MOST - LEAST)
        yield f'<path d="M{x} {line:.1f}h{width}" stroke="#d1d9e0"/>'
        yield f'<text x="{x - 6}" y="{line + 4:.1f}" text-anchor="end">{2.0**power:g}</text>'
    names = list(rows[0].ulps)
    for place, name in enumerate(names):
        centre = x + width * (place + 0.5) / len(names)
        label = name.replace("cotangent.", "d")
        at = f"{centre:.1f} {y + height + 26}"
        yield f'<text class="name" text-anchor="end" transform="translate({at}) rotate(-60)">{label}</text>'
        for shift, each in zip((-4, 0, 4), rows, strict=False):
            ulps = each.ulps[name]
            if ulps is None:
                continue
            at_power = min(max(math.log2(ulps) if ulps else LEAST, LEAST), MOST)
            level = y + 14 + height * (MOST - at_power) / (MOST - LEAST)
            colour = COLOURS[each.library.partition(" ")[0]]
            place_of = f'cx="{centre + shift:.1f}" cy="{level:.1f}"'
            yield f'<circle {place_of} r="3" fill="{colour}" fill-opacity="0.8"/>'
