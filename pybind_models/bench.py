"""How fast a graph's program is: times beside those of its bare matrix products, and of other frameworks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pybind_models.base import Model, printable
from pybind_models.standing import NOT_JUDGED, GraphStanding

Mode = Literal["forward", "vjp", "jvp"]
"""``vjp`` is forward and VJP of all inputs, ``jvp`` is forward and JVP along all inputs."""

DType = Literal["float64", "float32"]


class ThreadPool(Model):
    """A library's threads, as it reported them while the times were taken."""

    library: str
    """For example ``openblas 0.3.31, Haswell kernels``."""
    threads: int


class Machine(Model):
    """Where the times were taken."""

    processor: str
    cores: int
    python: str
    packages: dict[str, str]
    """Versions, by distribution."""
    pools: tuple[ThreadPool, ...]


class Spread(Model):
    """Seconds of one call, over the rounds."""

    median: float
    lower: float
    """The first quartile."""
    upper: float
    """The third quartile."""
    least: float
    rounds: int


class Timing(Model):
    """One contestant's time beside that of the floor, of the same rounds in the same process."""

    contestant: str
    seconds: Spread
    to_floor: float | None
    """The ratio of the medians; ``None`` where the case has no matrix product."""
    least_to_floor: float | None
    """The ratio of the least times, which other work on the machine disturbs less."""
    flop_rate: float
    """The floor's multiplications and additions, per second of the median."""
    cores: float
    """CPU time of the whole process per wall time, while this contestant ran."""
    deviation: float | None = None
    """The largest deviation from the interpreter, relative to the largest coordinate; the floor
    and the interpreter have none."""


class Absence(Model):
    """A contestant that was asked for and could not take part."""

    contestant: str
    reason: str


class Memory(Model):
    """Bytes, for one call; inputs and parameters are in none but the last."""

    arena: int
    """What the compiled plan allocates once, gradients included."""
    live_peak: int
    """The most that is needed at any one time, by the liveness of the plan's values."""
    torch_peak: int | None = None
    """The peak of PyTorch's CPU allocator above where the call started, as ``torch.profiler`` records it."""
    process_peak: int
    """The largest resident size of the process so far, libraries included, before other frameworks ran."""


class BenchCase(Model):
    """One size, one mode, one dtype, one number of layers."""

    label: str
    """The name of the size, or its dimensions."""
    dims: dict[str, int]
    mode: Mode
    dtype: DType
    layers: int = Field(ge=1)
    nodes: int
    products: int
    """How many matrix products the floor has."""
    flops: int
    """Their multiplications and additions."""
    calls: int
    """How many calls the compiled plan makes."""
    compile_seconds: float
    overhead: float
    """The least time of a call of the program over that of the bare list of its calls, less 1."""
    memory: Memory
    timings: tuple[Timing, ...] = Field(min_length=1)
    """The floor first, where there is one; then the compiled program, prepared for these arrays once; then it
    called with checks and results to keep; then all others."""
    absent: tuple[Absence, ...] = ()


class BenchReport(Model):
    """Everything one run of ``bench`` measured."""

    graph: str
    """The Lean declaration."""
    standing: GraphStanding = NOT_JUDGED
    """What was known of the declaration; of a stack of its graph, nobody has judged more than one layer."""
    threads: int
    """What was asked for, and found in force."""
    machine: Machine
    cases: tuple[BenchCase, ...] = Field(min_length=1)

    def __repr__(self) -> str:
        sizes = ", ".join(dict.fromkeys(case.label for case in self.cases))
        return f"<BenchReport of {printable(self.graph)}: {len(self.cases)} cases at {sizes}>"

    def _repr_markdown_(self) -> str | None:
        return self._view()
