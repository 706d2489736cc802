"""Measures a graph at some sizes, beside its floor and other frameworks."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np

from lean_bridge.bench.case import Case, draw_case, find_counterpart
from lean_bridge.bench.counterpart import Reference
from lean_bridge.bench.floor import record_products, replay
from lean_bridge.bench.measure import Contestant, Samples, measure
from lean_bridge.bench.ours import compile_case, interpret_case, named
from lean_bridge.bench.references import INTERPRETER, check_installed, library_of, refer
from lean_bridge.bench.sizes import Size
from lean_bridge.bench.threads import excess_of, limit_threads
from lean_bridge.errors import BindingError, CrossCheckFailed, Declined
from lean_bridge.events import Event, StageAdvanced, StageStarted
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.extract.compose import stack
from pybind_models import NOT_JUDGED, DGraph, GraphStanding
from pybind_models.bench import Absence, BenchCase, BenchReport, DType, Memory, Mode, Timing

FLOOR: Final = "floor"
COMPILED: Final = "lean_bridge"
CHECKED: Final = "checked call"
BARE: Final = "bare calls"

TOLERANCE: Final[Mapping[DType, float]] = {"float64": 1e-8, "float32": 1e-2}
"""Of deviations relative to the largest coordinate: far above rounding, far below another function."""

VANISHING: Final = 1e-4

MOST_LAYERS: Final = 1000
"""In a stack; each is traced and laid out like the first."""


def run_bench(
    model: DGraph,
    sizes: Sequence[Size],
    *,
    modes: Sequence[Mode] = ("vjp",),
    dtypes: Sequence[DType] = ("float64",),
    layers: Sequence[int] = (1,),
    against: Sequence[str] = (),
    threads: int = 1,
    seconds: float = 5.0,
    standing: GraphStanding = NOT_JUDGED,
    observe: Callable[[Event], None] = lambda _: None,
) -> BenchReport:
    """Return the times of every size, mode, dtype and number of layers, each measured for some seconds.

    ``against`` names frameworks, and ``interpreter``. More than one layer is a stack of copies of the graph.
    ``standing`` is what is known of the declaration, for the report.
    A framework that does other work, or uses more threads, is left out with the reason.
    Raises: Declined if a framework is not installed, or threads cannot be limited; CrossCheckFailed if the
    compiled program disagrees with the interpreter; GraphError if the graph cannot be stacked; BindingError
    for more than ``MOST_LAYERS`` layers.
    """
    if (most := max(layers, default=0)) > MOST_LAYERS:
        raise BindingError(f"layers: expected at most {MOST_LAYERS} copies on one another, found {most}")
    frameworks = [name for name in against if name != INTERPRETER]
    check_installed(frameworks)
    found = find_counterpart(model)
    counterpart = None if isinstance(found, str) else found
    stacks = {count: stack(model, count) for count in layers}
    wanted = list(product(stacks, sizes, modes, dtypes))
    observe(StageStarted("measure", len(wanted)))
    cases = []
    with limit_threads(threads, list(dict.fromkeys(map(library_of, frameworks)))) as machine:
        for count, size, mode, dtype in wanted:
            case = draw_case(stacks[count], size.dims, mode, dtype, counterpart=counterpart, layers=count)
            cases.append(_measure_case(case, size.label, against, threads, seconds))
            observe(StageAdvanced(f"{size.label} {mode} {dtype}"))
    return BenchReport(
        graph=model.lean_name, standing=standing, threads=threads, machine=machine, cases=tuple(cases)
    )


def _measure_case(case: Case, label: str, against: Sequence[str], threads: int, seconds: float) -> BenchCase:
    interpreter = interpret_case(case)
    expected = interpreter()
    compiled = compile_case(case)
    deviations = {}
    for name, call in ((COMPILED, compiled.run), (CHECKED, compiled.checked)):
        deviations[name] = deviation = deviation_from(expected, named(case, call()))
        if not deviation <= TOLERANCE[case.dtype]:
            raise CrossCheckFailed(
                f"{case.model.lean_name}: expected the compiled program to agree with the interpreter, "
                f"found a deviation of {deviation:.2g} of the largest coordinate"
            )
    process_peak = _process_peak()
    products = record_products(case)
    others, absent = _compare(case, [name for name in against if name != INTERPRETER], expected)
    contestants = [Contestant(FLOOR, replay(products))] if products else []
    contestants += [Contestant(COMPILED, compiled.run), Contestant(CHECKED, compiled.checked)]
    contestants.append(Contestant(BARE, compiled.bare))
    contestants += [Contestant(INTERPRETER, interpreter)] if INTERPRETER in against else []
    contestants += [Contestant(name, reference.run) for name, (reference, _) in others.items()]
    samples = measure(contestants, seconds=seconds)
    for name in list(samples):
        if (excess := excess_of(samples[name].cores, threads)) is None:
            continue
        if name not in others:
            raise Declined(f"{name}: {excess}")
        del samples[name], others[name]
        absent.append(Absence(contestant=name, reason=excess))
    bare = samples.pop(BARE)
    flops = sum(each.flops for each in products)
    deviations |= {name: found for name, (_, found) in others.items()}
    return BenchCase(
        label=label,
        dims={name: case.bound.dims[name] for name in case.model.dims},
        mode=case.mode,
        dtype=case.dtype,
        layers=case.layers,
        nodes=len(case.model.nodes),
        products=len(products),
        flops=flops,
        calls=compiled.calls,
        compile_seconds=compiled.seconds,
        overhead=samples[COMPILED].over(bare),
        memory=Memory(
            arena=compiled.plan.arena,
            live_peak=compiled.plan.live_peak,
            torch_peak=_torch_peak(others["torch"][0]) if "torch" in others else None,
            process_peak=process_peak,
        ),
        timings=tuple(
            _timing(name, each, samples.get(FLOOR), flops, deviations.get(name))
            for name, each in samples.items()
        ),
        absent=tuple(absent),
    )


def _compare(
    case: Case, frameworks: Sequence[str], expected: Mapping[str, Array]
) -> tuple[dict[str, tuple[Reference, float]], list[Absence]]:
    """Return the frameworks that do the case's work, with their deviations, and why others do not."""
    present, absent = {}, []
    for name in frameworks:
        try:
            reference = refer(name, case)
            if isinstance(reference, str):
                absent.append(Absence(contestant=name, reason=reference))
                continue
            results = reference.results(reference.run())
        except Exception as error:  # noqa: BLE001 - whatever others have against these sizes
            said = " ".join(str(error).split()) or type(error).__name__
            absent.append(Absence(contestant=name, reason=f"it does not run here: {said[:300]}"))
            continue
        dtypes = {str(array.dtype) for array in results.values()}
        deviation = deviation_from(expected, results)
        if dtypes != {case.dtype}:
            reason = f"it computes in {', '.join(sorted(dtypes))}, not in {case.dtype}"
            absent.append(Absence(contestant=name, reason=reason))
        elif not deviation <= TOLERANCE[case.dtype]:
            reason = f"it computes something else: {deviation:.2g} of the largest coordinate away"
            absent.append(Absence(contestant=name, reason=reason))
        else:
            present[name] = reference, deviation
    return present, absent


def _timing(
    name: str, samples: Samples, floor: Samples | None, flops: int, deviation: float | None
) -> Timing:
    spread = samples.spread
    return Timing(
        contestant=name,
        seconds=spread,
        to_floor=None if floor is None else spread.median / floor.spread.median,
        least_to_floor=None if floor is None else spread.least / floor.spread.least,
        flop_rate=flops / spread.median,
        cores=samples.cores,
        deviation=deviation,
    )


def deviation_from(expected: Mapping[str, Array], results: Mapping[str, Array]) -> float:
    """Return the largest deviation over all expected arrays, each relative to its largest coordinate.

    What is smaller than ``VANISHING`` times the largest coordinate of all is measured by that instead: in
    deep stacks some gradients are zero but for rounding.
    """
    sizes = {name: np.abs(array).max(initial=0) for name, array in expected.items()}
    least = VANISHING * max(sizes.values()) or 1.0
    deviations = [
        np.abs(results[name] - array).max(initial=0) / max(sizes[name], least)
        for name, array in expected.items()
    ]
    return float(np.max(deviations))


def _torch_peak(reference: Reference) -> int:
    from lean_bridge.bench.torch_reference import peak_bytes

    return peak_bytes(reference.run)


def _process_peak() -> int:
    """Return the largest resident size of the process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
