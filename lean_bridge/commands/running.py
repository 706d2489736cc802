"""Graphs at given numbers: what they compute, and whether that is right."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lean_bridge.commands.graphs import AllowUncertified
from lean_bridge.commands.options import (
    EXIT_STATUS,
    DimsOption,
    FormatOption,
    ProjectOption,
    ShippedOption,
    ViewFormat,
    check_apart,
    check_writable,
    open_chosen,
    parse_dims,
    parse_scalars,
)
from lean_bridge.letters import plain
from lean_bridge.names import listed
from lean_bridge.ui.console import open_console, tell

if TYPE_CHECKING:
    from lean_bridge.crosscheck.judgement import Conclusion
    from pybind_models.report import Verdict
    from pybind_models.run import BoundsMethod


class RunDType(StrEnum):
    """The precisions in which ``run`` computes."""

    F64 = "f64"
    F32 = "f32"


class CheckLevel(StrEnum):
    """What ``run`` looks at while it computes."""

    OFF = "off"
    FINITE = "finite"
    DOMAINS = "domains"


class BoundsKind(StrEnum):
    """How ``run`` bounds the errors of its numbers."""

    EXACT = "exact"
    RUNNING = "running"


_METHODS: Final[Mapping[BoundsKind, BoundsMethod]] = {
    BoundsKind.EXACT: "exact",
    BoundsKind.RUNNING: "running",
}
_DTYPES = {RunDType.F64: "float64", RunDType.F32: "float32"}


def run(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    dims: DimsOption = None,
    scalars: Annotated[
        list[str] | None,
        typer.Option("--set", help="Scalars, as c=0.5,eps1=1e-5; may be repeated."),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            "--inputs",
            "-i",
            help="Arrays by name, .npz or .safetensors; also a file that --output wrote.",
            metavar="FILE",
        ),
    ] = None,
    random: Annotated[
        int | None,
        typer.Option("--random", help="Draw what is not given, with this seed.", min=0, metavar="SEED"),
    ] = None,
    dtype: Annotated[
        RunDType | None, typer.Option("--dtype", help="The precision; default: that of the inputs.")
    ] = None,
    vjp: Annotated[
        list[str] | None,
        typer.Option(
            "--vjp",
            help="Pull back seeds: ENTRY=ones, ENTRY=random or ENTRY=NUMBER, or a FILE of them; several.",
        ),
    ] = None,
    jvp: Annotated[
        list[str] | None,
        typer.Option(
            "--jvp", help="Push tangents forward: INPUT=ones and so on, or a FILE of them; several."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write every array, .npz or .safetensors; nothing where a number is not finite or a check "
            "did not pass.",
            metavar="FILE",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Check derivatives and compiled program at these numbers, along the tangents and seeds that "
            "are given; those of a kind of which none is, are drawn.",
        ),
    ] = False,
    bounds: Annotated[
        BoundsKind | None,
        typer.Option(
            "--bounds",
            help="Also say how far every number is at most from the exact real one: in ball arithmetic, or "
            "coarser, at a few times the cost of the run.",
        ),
    ] = None,
    checks: Annotated[
        CheckLevel, typer.Option("--checks", help="What is looked at while it runs.")
    ] = CheckLevel.FINITE,
    format_: FormatOption = ViewFormat.TEXT,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Run a graph at given numbers: every entry's value and, as asked, tangents and cotangents.

    A graph whose declaration is not accepted is rejected, unless that is allowed; then its numbers are called
    uncertified, and are no verdict. Bad numbers are no result: the first entry that has one is named, and
    where they are not looked for, no file is written.
    """
    from lean_bridge.crosscheck.judgement import by_standing, judge_run
    from lean_bridge.crosscheck.run import check_numbers
    from lean_bridge.executor.arrays.on_disk import check_suffix, read_arrays, write_arrays
    from lean_bridge.executor.checks import Checks
    from lean_bridge.executor.enclosures import check_method
    from lean_bridge.executor.graph import ExecutableGraph
    from lean_bridge.executor.once import (
        arrays_made,
        arrays_wanted,
        check_room,
        complete,
        directions,
        integers_wanted,
        run_once,
        with_maps,
    )
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.run_view import render_run

    check_writable(output)
    if output is not None:
        read = [Path(text) for text in (*(vjp or ()), *(jvp or ())) if "=" not in text]
        check_apart(output, [*filter(None, [inputs]), *read])
    for path in (output, inputs):
        if path is not None:
            check_suffix(path)
    method = _METHODS[bounds] if bounds is not None else None
    check_method(method)
    sizes, values = parse_dims(dims), parse_scalars(scalars)
    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        model, standing = opened.read_graph(
            name, allow_uncertified=allow_uncertified, observe=watch.observe, progress=watch.transfer
        )
    bound = ExecutableGraph(model, standing=standing, allow_uncertified=allow_uncertified).bind(**sizes)
    check_room(bound, "float32", 3 if check else 1)
    given, passed_over = {}, list[str]()
    if inputs is not None:
        wanted, beside = arrays_wanted(bound), arrays_made(bound)
        kinds = integers_wanted(bound)
        given = read_arrays(inputs, wanted, kinds=kinds, beside=beside, pass_over=passed_over.append)
    if passed_over:
        told = f"{inputs}: passed over, as it is computed: {listed(passed_over)}"
        typer.echo(f"lean-bridge: {plain(told)}", err=True)
    precision = _DTYPES[dtype] if dtype is not None else None
    numbers = complete(bound, bound.scalars(values), given, dtype=precision, seed=random)
    numbers = replace(
        numbers,
        tangents=directions("--jvp", jvp or (), bound, numbers, random),
        seeds=directions("--vjp", vjp or (), bound, numbers, random),
    )
    arrays, report = run_once(bound, numbers, Checks(checks.value), method)
    if check:
        report = report.replaced(checks=check_numbers(bound, numbers))
    of_numbers = judge_run(report)
    found = by_standing(of_numbers, standing)
    if output is not None and of_numbers[0] == "agrees":
        write_arrays(output, with_maps(arrays, numbers))
    report = report.replaced(verdict=_verdict(found), reason=found[1], code=found[2])
    if format_ is ViewFormat.JSON:
        tell(report.model_dump_json(indent=2), "escaped")
    else:
        render_run(report, *found, console=open_console(sys.stdout))
    if output is not None and of_numbers[0] != "agrees":
        typer.echo(f"lean-bridge: {plain(str(output))}: not written: {plain(str(of_numbers[1]))}", err=True)
    raise typer.Exit(EXIT_STATUS[_verdict(found)])


def crosscheck(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--sizes",
            "-s",
            help="What to draw numbers at: dimensions, as n=8,dModel=16; or, of what other frameworks are "
            "known to have, tiny, small, medium, large; several.",
        ),
    ] = None,
    format_: FormatOption = ViewFormat.TEXT,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Check a graph's numbers against independent sources, and show each error beside its bound.

    Numbers are drawn at --sizes, or at small ones: derivatives against differences and each other, the
    compiled program against the plain one; recorded values and PyTorch have sizes of their own. A line of
    bars shows how many single deviations are 0, at most ½, 1, 2, 4 … units in the last place. Of blocks and
    losses also shown is how far ours, PyTorch's and JAX's results are from the exact real ones. What agrees
    of a graph whose declaration is not accepted is no verdict.
    """
    from lean_bridge.bench.sizes import parse_sizes
    from lean_bridge.crosscheck.judgement import by_standing, judge
    from lean_bridge.crosscheck.run import crosscheck as check_all
    from lean_bridge.crosscheck.true_errors import true_errors
    from lean_bridge.errors import Declined, NumericsError
    from lean_bridge.executor.graph import sizes_of
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.run_view import render_checks
    from pybind_models.run import CheckReport

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        model, standing = opened.read_graph(
            name, allow_uncertified=allow_uncertified, observe=watch.observe, progress=watch.transfer
        )
        started = time.perf_counter()
        chosen = tuple(sizes_of(model, each.dims) for each in parse_sizes(sizes, model)) if sizes else ()
        results = check_all(model, sizes=chosen or None)
        measured: dict[str, Any] = {}
        try:
            measured["true_errors"] = true_errors(model, sizes=chosen or None)
        except (Declined, NumericsError) as error:
            measured["unmeasured"] = str(error)
        status, reason, code = found = by_standing(judge(results), standing)
        report = CheckReport(
            graph=model.lean_name,
            standing=standing,
            sizes=chosen,
            verdict=_verdict(found),
            status=status,
            reason=reason,
            code=code,
            checks=results,
            **measured,
            seconds=time.perf_counter() - started,
        )
    if format_ is ViewFormat.JSON:
        tell(report.model_dump_json(indent=2), "escaped")
    else:
        render_checks(report, open_console(sys.stdout))
    raise typer.Exit(EXIT_STATUS[_verdict(found)])


def _verdict(found: Conclusion) -> Verdict:
    return "accepted" if found[0] == "agrees" else found[0]
