"""Recorded values: of the encoder block and its parts, in each of the two head splits, and of known graphs.

The block's are those of a separate NumPy transcription of upstream's encoder graph (``wadkisson/TorchLean``
at commit ``c2be276a``, ``EncoderBlock``), whose values and gradients were checked against PyTorch's; the
others' are those of transcriptions in 40 digits, their gradients written by hand. Recorded to ten
decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lean_bridge.crosscheck.block import WEIGHTS, Block, Part, Split, find_block
from lean_bridge.crosscheck.known import (
    BINARY_CROSS_ENTROPY,
    CROSS_ATTENTION,
    CROSS_ENTROPY,
    GPT_BLOCK,
    HUBER,
    LLAMA_BLOCK,
    MEAN_SQUARED_ERROR,
    PERCEPTRON,
    RMS_NORM,
    Found,
    Known,
    find_known,
)
from lean_bridge.crosscheck.points import Sizes
from lean_bridge.crosscheck.rounding import EPSILON, histogram
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = "golden vectors"
TOLERANCE: Final = 1e-9
"""Ten decimals leave 5e-11, of values and of sums alike; the rest is for rounding."""

SIZES: Final = {"n": 3, "d": 4, "H": 2, "D": 2, "F": 3}
SCALARS: Final = {"c": 0.5, "ε₁": 1e-5, "κ": GELU_KAPPA, "ε₂": 1e-3}
WEIGHT_SHAPES: Final[Mapping[str, Shape]] = {"W1": (3, 4), "b1": (3,), "W2": (4, 3), "b2": (4,)}

INPUTS: Final = ("x", *WEIGHTS, "γ₁", "β₁", "γ₂", "β₂")
"""The inputs of upstream's graph, by which golden inputs are numbered; the network's weights come next."""
SAVED: Final = (
    *("Qbig", "Qheads", "Kbig", "Kheads", "Kt", "Vbig", "Vheads", "scores", "scaled", "probs", "headOut"),
    *("swapped", "concat", "out", "residual", "norm1", "pre", "act", "proj", "ffnResidual", "norm2"),
)
"""Its saved tensors; golden seeds are numbered by inputs, then these."""


@dataclass(frozen=True)
class Golden:
    """What one head split gives at the golden point."""

    rows: Mapping[Part, tuple[float, ...]]
    """Row 0 of each part's result."""
    sums: Mapping[Part, float]
    """The sum of the absolute values of a result."""
    gradients: tuple[tuple[float, float, float, float], ...]
    """Of each input: first and last coordinate, sum, and sum of absolute values."""
    product: float
    """The inner product of the tangents of all entries with their seeds."""


GOLDEN: Final[Mapping[Split, Golden]] = {
    "bare reshape": Golden(
        rows={
            "attention": (0.0294815599, 0.0246421588, 0.0678764804, -0.0213721896),
            "residual": (0.2294815599, -0.1753578412, 0.5678764804, 0.0786278104),
            "norm1": (-0.4605897933, 0.7515660339, 0.0840156043, -0.0717745841),
            "feed-forward": (-0.4795840122, 1.0107118722, -0.4786985002, -0.3563486314),
            "norm2": (0.8202215487, -0.4897492166, 0.0917113875, -0.3110216029),
        },
        sums={"attention": 0.4316770425, "norm2": 4.2341782641},
        gradients=(
            (1.2962974895, 0.4152800138, -1.6805955720, 12.8752699004),
            (1.0130219979, -0.3642620100, 1.2041449856, 9.1595021753),
            (-0.0288153591, -0.7324864167, -0.3990809937, 9.7965215253),
            (-0.7765378705, 0.4990143669, 0.2146638862, 11.3317496036),
            (-0.6884775331, 0.0487345845, -0.7671938124, 6.4772194946),
            (2.0305713226, 0.9205272733, 2.1201503301, 5.2765136346),
            (-0.8760760278, -0.3699394326, -0.4029458825, 2.1125979345),
            (-0.6351829094, 0.1114117605, -0.7886186020, 1.1581101401),
            (1.5, 0.0, 1.25, 2.75),
        ),
        product=22.7631410657,
    ),
    "permuting": Golden(
        rows={
            "attention": (0.0004100823, -0.0048420695, -0.0333697813, 0.0129559457),
            "residual": (0.2004100823, -0.2048420695, 0.4666302187, 0.1129559457),
            "norm1": (-0.4708435697, 0.8269977129, 0.0385761310, -0.0257180268),
            "feed-forward": (-0.4993830556, 1.0743433011, -0.5381932067, -0.3266022904),
            "norm2": (0.8197313890, -0.4870888952, 0.1092782135, -0.3238669169),
        },
        sums={"attention": 0.1544999283, "norm2": 4.3216487083},
        gradients=(
            (-0.0127949301, 0.5726603173, -3.4557818392, 16.0636869381),
            (0.4990646385, -0.2240855738, 1.9087171834, 8.9657984013),
            (-0.3445247084, -0.7819440462, -0.6722961151, 7.4699752846),
            (-0.3286564769, 0.7659720767, 0.1415092561, 8.2955441860),
            (-0.7796360026, -0.0341428250, -0.7695620404, 6.9861358296),
            (1.8439331882, 0.8244825898, 1.6698099749, 4.9253869273),
            (-0.7376075671, -0.3549706860, -0.4048578725, 1.9415624284),
            (-0.6380604379, 0.1917104718, -0.6406343754, 1.3414349815),
            (1.5, 0.0, 1.25, 2.75),
        ),
        product=18.6730516577,
    ),
}


@dataclass(frozen=True)
class Recorded:
    """What a known graph gives at the golden point."""

    sizes: Mapping[str, int]
    """By the roles of its dimensions."""
    values: Mapping[str, tuple[float, ...]]
    """Of some entries, their first coordinates."""
    gradients: tuple[tuple[float, float, float, float], ...]
    """Of the last entry, by each input: first and last coordinate, sum, and sum of absolute values."""


RECORDED: Final[tuple[tuple[Known, Recorded], ...]] = (
    (
        PERCEPTRON,
        Recorded(
            sizes={"n": 3, "i": 4, "h": 3, "o": 2},
            values={"loss": (0.1392877437,), "out": (-0.3238560650, 0.1534777415)},
            gradients=(
                (-0.0325228036, -0.0003206931, -0.0185350707, 0.2088349493),
                (-0.0330371723, -0.0146745996, -0.0789463647, 0.3606118582),
                (-0.0771297842, -0.0899023094, -0.2807965023, 0.2807965023),
                (-0.0418916721, -0.0122838772, -0.0910097048, 0.2787323926),
                (-0.2691929608, 0.2217561896, -0.0474367712, 0.4909491504),
                (0.0079520217, -0.0326103487, 0.0474367712, 0.5483092961),
            ),
        ),
    ),
    (
        RMS_NORM,
        Recorded(
            sizes={"n": 3, "i": 4},
            values={"y": (0.0681994339, -0.2727977358, -0.6819943395, -0.0340997170)},
            gradients=(
                (-0.4084035870, -0.2753612213, -1.3470083374, 3.6879685745),
                (-0.8014059055, 1.0996096131, -1.2228993294, 3.4221185555),
            ),
        ),
    ),
    (
        CROSS_ENTROPY,
        Recorded(
            sizes={"n": 3, "v": 4},
            values={
                "loss": (1.4452825991,),
                "log_likelihoods": (-1.7673704969, -1.3617359991, -1.2067413013),
            },
            gradients=((0.0849253380, -0.2336098002, 0.0, 1.5158882204),),
        ),
    ),
    (
        MEAN_SQUARED_ERROR,
        Recorded(
            sizes={"n": 3, "o": 2},
            values={"loss": (0.2466666667,), "squares": (0.01, 0.36)},
            gradients=(
                (0.0333333333, -0.0333333333, 0.0, 0.8),
                (-0.0333333333, 0.0333333333, 0.0, 0.8),
            ),
        ),
    ),
    (
        BINARY_CROSS_ENTROPY,
        Recorded(
            sizes={"n": 3, "o": 2},
            values={"loss": (0.7853536466,), "losses": (0.7781388694, 0.6781388694)},
            gradients=(
                (0.0749723329, 0.0164479434, 0.4119472770, 0.4119472770),
                (-0.0333333333, -0.0666666667, -0.1166666667, 0.2833333333),
            ),
        ),
    ),
    (
        HUBER,
        Recorded(
            sizes={"n": 3, "o": 2},
            values={"loss": (0.1091666667,), "losses": (0.005, 0.175)},
            gradients=(
                (0.0166666667, -0.0166666667, -0.05, 0.3166666667),
                (-0.0166666667, 0.0166666667, 0.05, 0.3166666667),
            ),
        ),
    ),
    (
        GPT_BLOCK,
        Recorded(
            sizes={"n": 3, "d": 4, "H": 2, "D": 3, "F": 3},
            values={
                "attnResidual": (0.8549772827, -0.4849644843, 0.0868367316, 0.5133932488, 0.1502806444),
                "probs": (1.0, 0.0, 0.0, 0.4971661407, 0.5028338593, 0.0),
                "ffnResidual": (0.5805535825, -0.9710646661, 0.5100614068, 0.7249414425, -0.1668296706),
            },
            gradients=(
                (-0.6809650557, 0.8160492959, -0.25, 6.1314066460),
                (-0.0385793799, 0.1717499043, -0.6157604086, 0.9592602172),
                (-0.6614655908, 0.0323713600, -1.5859850682, 1.6507277883),
                (0.0007794189, -0.0028656999, -0.0010820087, 0.0835702853),
                (-0.0064563496, 0.0113772686, 0.0200971004, 0.0887380932),
                (-0.0002335593, 0.0030512131, -0.0425276680, 0.2140618103),
                (0.0, 0.0, 0.0, 0.0),
                (-0.0022037987, 0.0344593026, -0.1537281937, 1.8867314958),
                (0.5573657297, -0.1436240427, 0.5362331246, 1.6432297941),
                (0.1704894564, -0.0295777009, -0.1345386864, 3.4519888664),
                (0.4455459269, 0.1696999296, -0.25, 1.4804917128),
                (-0.0493446324, -0.1371811215, -0.2928638459, 0.4050415180),
                (-0.0313817322, 0.0984086686, 0.1340538726, 0.2501792588),
                (0.0038144796, -0.0271822764, -0.1580714186, 0.8370321864),
                (-0.1878009114, 0.0356222097, -0.0470077138, 0.3285941089),
                (0.0747657999, 0.0358067951, 0.0060898113, 0.6231875534),
                (0.5, 0.25, -0.25, 1.75),
            ),
        ),
    ),
    (
        LLAMA_BLOCK,
        Recorded(
            sizes={"n": 3, "d": 4, "K": 2, "G": 2, "e": 2, "F": 3},
            values={
                "attnResidual": (-0.0376830581, -0.0388008120, 0.7393979430, 0.0327765088, -0.3555398655),
                "probs": (1.0, 0.0, 0.0, 0.4969892941, 0.5030107059, 0.0),
                "gated": (-0.0039424411, -0.0018297840, 0.0036368351, -0.0061178751, 0.0029084660),
                "ffnResidual": (-0.0368315606, -0.0391079209, 0.7356083050, 0.0338415453, -0.3557346174),
            },
            gradients=(
                (-0.4379722648, 0.6688002800, -0.6294538192, 4.8150022207),
                (0.0811871160, 0.3184510600, 0.4015281668, 0.5493295682),
                (0.0002649943, 0.0000048493, -0.0004538395, 0.0247916280),
                (-0.0005854286, -0.0000376233, -0.0026670116, 0.0229151085),
                (0.0253235696, -0.0251679460, -0.0387269139, 1.5947022492),
                (0.0006372855, 0.0021651010, 0.0069395838, 0.0119943279),
                (-0.0003362530, -0.0012186275, 0.0008005374, 0.0062843481),
                (0.0617732739, 0.0126213961, 0.2255115391, 3.9338578850),
                (0.0437810043, 0.0337628805, -0.0261037846, 0.1811915543),
                (0.0010160851, -0.0050239785, -0.0005682060, 0.0438619418),
                (0.0312129026, -0.0028051118, 0.0188979591, 0.1323344939),
                (-0.0001726967, -0.0038929433, 0.0042824650, 0.0388275201),
            ),
        ),
    ),
    (
        CROSS_ATTENTION,
        Recorded(
            sizes={"n": 3, "s": 4, "d": 4, "k": 5, "H": 2, "D": 3},
            values={
                "probs": (1.0, 0.0, 0.0, 0.0, 0.5087990915, 0.4912009085, 0.0, 0.0),
                "attention": (0.415, -0.179, 0.118, 0.635, 0.1676783777),
            },
            gradients=(
                (0.0, 0.0006429216, 0.0411288574, 0.0515387564),
                (-0.0323035899, 0.0, -0.85, 2.15),
                (0.0127687006, 0.0001721042, 0.0008613520, 0.0990188170),
                (-0.0440789490, 0.0034062469, -0.0021801017, 0.0885260968),
                (0.0002100810, -0.0000439084, 0.0014743087, 0.0818941908),
                (0.0, 0.0, 0.0, 0.0),
                (0.1718718403, 0.1093580758, -0.0320685554, 2.4835353265),
                (0.225, -0.225, 0.55, 2.1),
                (-0.4892362010, -0.0350324260, -0.0164216520, 3.0047305408),
                (0.5, 0.25, -0.25, 1.75),
            ),
        ),
    ),
)


def golden_input(k: int, shape: Shape) -> Array:
    """Return context entry ``k``: ``(((7·(k+1)·(q+1) + 3k) mod 11) − 5)/10`` at flat row-major index q."""
    q = np.arange(np.prod(shape, dtype=int))
    return (((7 * (k + 1) * (q + 1) + 3 * k) % 11 - 5) / 10).reshape(shape)


def golden_integers(k: int, shape: Shape, below: int) -> Array:
    """Return argument ``k`` of whole numbers: ``5·(k+1)·(q+1) mod below`` at flat row-major index q."""
    q = np.arange(np.prod(shape, dtype=int))
    return (5 * (k + 1) * (q + 1) % below).reshape(shape)


def golden_mask(shape: Shape) -> Array:
    """Return the truth values by which a position allows itself and those before it."""
    return np.tri(*shape, dtype=bool)


def golden_seed(j: int, shape: Shape) -> Array:
    """Return the seed of entry ``j``: ``(((5·(j+1) + 3·(q+1)) mod 7) − 3)/4`` at flat row-major index q."""
    q = np.arange(np.prod(shape, dtype=int))
    return (((5 * (j + 1) + 3 * (q + 1)) % 7 - 3) / 4).reshape(shape)


def check_golden(
    model: DGraph, primitives: Mapping[str, Primitive], _sizes: Sizes | None = None
) -> CheckResult:
    """Return whether a graph that begins with self-attention, or is known, gives the recorded values.

    With attention they are at n = 3, d = 4, two heads of width 2, F = 3, c = 0.5, ε₁ = 1e-5, ε₂ = 1e-3, and
    of the whole block the gradients and tangents are compared too. Inputs are ``golden_input``.
    """
    block = find_block(model)
    if (found := find_known(model)) is not None:
        return _known(ExecutableGraph(model, primitives), found)
    if isinstance(block, str):
        return CheckResult(name=NAME, outcome="not run", detail=block)
    if block.split is None:
        return CheckResult(name=NAME, outcome="not run", detail="recorded only with attention")
    recorded = GOLDEN[block.split]
    numbers = {name: number for number, name in enumerate((*INPUTS, *WEIGHT_SHAPES))}
    numbers |= {"γ": numbers["γ₁"], "β": numbers["β₁"]}
    weights = {name: golden_input(numbers[name], shape) for name, shape in WEIGHT_SHAPES.items()}
    bound = ExecutableGraph(model, primitives).bind(**block.sizes(SIZES))
    program = bound.interpret(**block.arguments(SCALARS, weights, SIZES["n"]))
    inputs = {entry.name: golden_input(numbers[entry.name], entry.shape) for entry in program.context}
    deviations = _value_deviations(program.forward(inputs), block, recorded)
    compared = ", ".join(block.parts)
    if block.is_whole and {entry.name for entry in program.entries}.issuperset(SAVED):
        deviations += _derivative_deviations(program, inputs, recorded)
        compared += f", {len(INPUTS)} gradients and a tangent, seeds on all entries,"
    return _result(deviations, f"{compared} against {{}} recorded values of the {block.split} head split")


def _result(deviations: Sequence[float], detail: str) -> CheckResult:
    error = float(np.abs(deviations).max())
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= TOLERANCE else "failed",
        detail=detail.format(len(deviations)),
        error=error,
        tolerance=TOLERANCE,
        ulps=histogram([np.array(deviations) / EPSILON]),
    )


def _known(graph: ExecutableGraph, found: Found) -> CheckResult:
    """Return whether values, and the gradients of the last entry, are those recorded.

    The seed is 1 if that is a scalar, and ``golden_seed(0, …)`` otherwise.
    """
    recorded = next(each for known, each in RECORDED if known is found.known)
    bound = graph.bind(**found.sizes(recorded.sizes))
    arguments = {
        each.name: golden_integers(k, each.shape, each.below) if each.below else golden_mask(each.shape)
        for k, each in enumerate(bound.arrays)
    }
    program = found.program(bound, arguments)
    inputs = {entry.name: golden_input(k, entry.shape) for k, entry in enumerate(program.context)}
    values = dict(zip((entry.name for entry in program.entries), program.forward(inputs), strict=True))
    deviations: list[float] = []
    for name, expected in recorded.values.items():
        deviations += list(values[name].ravel()[: len(expected)] - expected)
    last = program.entries[-1]
    seed = golden_seed(0, last.shape) if last.shape else np.ones(())
    for gradient, each in zip(program.vjp(inputs, {last.name: seed}), recorded.gradients, strict=True):
        deviations += list(_summary(gradient) - each)
    compared = f"{', '.join(recorded.values)} and {len(recorded.gradients)} gradients of {last.name}"
    return _result(deviations, f"{compared} against {{}} recorded values")


def _summary(array: Array) -> Array:
    """Return first and last coordinate, sum, and sum of absolute values."""
    flat = array.ravel()
    return np.array([flat[0], flat[-1], flat.sum(), np.abs(flat).sum()])


def _value_deviations(values: Sequence[Array], block: Block, recorded: Golden) -> list[float]:
    deviations = []
    for part, position in block.parts.items():
        deviations += list(values[position][0] - recorded.rows[part])
        if part in recorded.sums:
            deviations.append(np.abs(values[position]).sum() - recorded.sums[part])
    return deviations


def _derivative_deviations(program: Program, inputs: Mapping[str, Array], recorded: Golden) -> list[float]:
    """Return the deviations of gradients and tangents; the network's weights are neither seeded nor moved."""
    shapes = {entry.name: entry.shape for entry in program.entries}
    seeds = {name: golden_seed(j, shapes[name]) for j, name in enumerate((*INPUTS, *SAVED))}
    gradients = dict(zip(inputs, program.vjp(inputs, seeds), strict=True))
    deviations: list[float] = []
    for name, expected in zip(INPUTS, recorded.gradients, strict=True):
        deviations += list(_summary(gradients[name]) - expected)
    tangents = program.jvp(inputs, {name: seeds[name] for name in INPUTS})
    moved = {entry.name: tangent for entry, tangent in zip(program.entries, tangents, strict=True)}
    product = sum(float((moved[name] * seed).sum()) for name, seed in seeds.items())
    return [*deviations, product - recorded.product]
