"""Graphs: what they are, and how fast they run."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lean_bridge.commands.options import (
    DimsOption,
    ProjectOption,
    ShippedOption,
    check_writable,
    open_chosen,
    parse_dims,
    write_result,
)
from lean_bridge.ui.console import Form, open_console, tell


class GraphFormat(StrEnum):
    """How ``graph`` prints a graph."""

    TABLE = "table"
    TREE = "tree"
    JSON = "json"
    SVG = "svg"
    DOT = "dot"
    MERMAID = "mermaid"
    LEAN = "lean"


class BenchFormat(StrEnum):
    """How ``bench`` prints its report."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class BenchMode(StrEnum):
    """What ``bench`` computes, besides values."""

    FORWARD = "forward"
    VJP = "vjp"
    JVP = "jvp"


class BenchDType(StrEnum):
    """The precisions in which ``bench`` computes."""

    F64 = "f64"
    F32 = "f32"
    BOTH = "both"


_FORMS: dict[GraphFormat, Form] = {GraphFormat.SVG: "xml", GraphFormat.TREE: "text"}

AllowUncertified = Annotated[
    bool,
    typer.Option(
        "--allow-uncertified", help="Go on with a graph whose declaration is not accepted, and say so."
    ),
]


def graph(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    format_: Annotated[GraphFormat, typer.Option("--format", "-f", help="How to print.")] = GraphFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file.", metavar="FILE")
    ] = None,
    dims: DimsOption = None,
    backward: Annotated[bool, typer.Option("--backward", help="Show where cotangents come from.")] = False,
    diff: Annotated[
        str | None,
        typer.Option("--diff", help="Mark what is different in another graph.", metavar="NAME"),
    ] = None,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Show the graph that a compiled declaration denotes: table, tree, drawing, JSON, or Lean again.

    At --dims it has the lengths of its axes, and how many numbers and parameters that makes. A graph of many
    nodes is shown in its sublayers. With --diff the nodes of two graphs are aligned by what they compute, for
    all dimensions or at --dims of the first; a difference is no rejection.

    Every form says what is known of the declaration. One that is not accepted is rejected (LB308), unless
    that is allowed.
    """
    from lean_bridge.executor.graph import sizes_of
    from lean_bridge.extract.alignment import compare, renamed
    from lean_bridge.extract.render import render_source
    from lean_bridge.ui.diff_view import render_diff, united
    from lean_bridge.ui.drawing import draw_dot, draw_mermaid, draw_svg
    from lean_bridge.ui.graph_look import Look
    from lean_bridge.ui.graph_view import render_graph_table, render_tree
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import one_line

    check_writable(output, is_source=format_ is GraphFormat.LEAN)
    if format_ is GraphFormat.TABLE and output is not None:
        raise typer.BadParameter("a table goes to the terminal; choose another --format for a file")
    if format_ is GraphFormat.LEAN and (dims or backward or diff):
        raise typer.BadParameter("Lean is the graph alone; leave out --dims, --backward and --diff")
    if format_ is GraphFormat.JSON and (dims or backward):
        raise typer.BadParameter("JSON is the graph for all dimensions; leave out --dims and --backward")
    if diff is not None and backward and format_ is GraphFormat.TABLE:
        raise typer.BadParameter(
            "is not in the table of two graphs; choose --format tree, svg, dot or mermaid",
            param_hint="--backward",
        )
    sizes = parse_dims(dims)
    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        extracted, own = opened.read_graph(
            name, allow_uncertified=allow_uncertified, observe=watch.observe, progress=watch.transfer
        )
        other = None
        if diff is not None:
            other = opened.read_graph(
                diff, allow_uncertified=allow_uncertified, observe=watch.observe, progress=watch.transfer
            )
    bound = sizes_of(extracted, sizes) if sizes else None
    look, shown, standing, found = Look(dims=bound, backward=backward), extracted, own, None
    if other is not None:
        pair = (extracted, other[0])
        if bound is not None:
            pair = extracted.at(bound), other[0].at(sizes_of(other[0], renamed(bound, *pair)))
        found = compare(*pair).replaced(standings=(own, other[1]))
        shown, marks = united(found, *pair)
        look = Look(marks=marks, backward=backward)
        standing = next((each for each in (own, other[1]) if each.status != "accepted"), own)
        if format_ is GraphFormat.TABLE:
            render_diff(found, pair, (own, other[1]), open_console(sys.stdout))
            return
    if format_ is GraphFormat.TABLE:
        render_graph_table(extracted, open_console(sys.stdout), standing, look)
        return
    doubt = "" if standing.status == "accepted" else f"-- {one_line(standing.text)}\n"
    render = {
        GraphFormat.TREE: lambda: render_tree(shown, standing, look),
        GraphFormat.JSON: lambda: (
            (found.model_dump_json(indent=2) if found else extracted.with_standing(standing, indent=2)) + "\n"
        ),
        GraphFormat.SVG: lambda: draw_svg(shown, standing, look),
        GraphFormat.DOT: lambda: draw_dot(shown, standing, look),
        GraphFormat.MERMAID: lambda: draw_mermaid(shown, standing, look),
        GraphFormat.LEAN: lambda: doubt + render_source(extracted, opened.environment([extracted.lean_name])),
    }
    text = render[format_]()
    if output is None:
        tell(text, _FORMS.get(format_, "escaped"), end="")
    else:
        write_result(output, text)


def bench(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--sizes",
            "-s",
            help="Of tiny, small, medium, large, for what other frameworks are known to have; or dimensions, "
            "as n=8,dModel=16; several.",
        ),
    ] = None,
    modes: Annotated[
        list[BenchMode] | None,
        typer.Option("--mode", "-m", help="Forward alone, with its VJP (default), or with its JVP; several."),
    ] = None,
    dtype: Annotated[BenchDType, typer.Option("--dtype", help="The precision.")] = BenchDType.F64,
    against: Annotated[
        str,
        typer.Option(
            "--against", help="Whom to measure beside it: interpreter, torch, jax, autograd, as_torch."
        ),
    ] = "",
    threads: Annotated[int, typer.Option("--threads", help="For every library.", min=1)] = 1,
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long to measure each case.", min=0, max=86400)
    ] = 5.0,
    layers: Annotated[
        list[int] | None,
        typer.Option("--stack", help="How many copies on one another (default: 1); several.", min=1),
    ] = None,
    format_: Annotated[BenchFormat, typer.Option("--format", "-f", help="How to print.")] = BenchFormat.TABLE,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Also draw it, as .svg or .png.", metavar="FILE")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Also write it as JSON.", metavar="FILE")
    ] = None,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Time a graph's compiled program beside its bare matrix products, and other frameworks.

    All run in one process, in turn, in random order. Every result is compared first: what computes something
    else is not timed.
    """
    from lean_bridge.bench.bench import run_bench
    from lean_bridge.bench.sizes import parse_sizes
    from lean_bridge.ui.bench_plot import check_plot, draw_bench
    from lean_bridge.ui.bench_view import render_bench, render_bench_markdown
    from lean_bridge.ui.progress import show_progress
    from pybind_models.bench import DType

    dtypes: dict[BenchDType, tuple[DType, ...]] = {
        BenchDType.F64: ("float64",),
        BenchDType.F32: ("float32",),
        BenchDType.BOTH: ("float64", "float32"),
    }
    if plot is not None:
        check_plot(plot)
    check_writable(plot, save)
    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        extracted, standing = opened.read_graph(
            name, allow_uncertified=allow_uncertified, observe=watch.observe, progress=watch.transfer
        )
        report = run_bench(
            extracted,
            parse_sizes(sizes or ["small"], extracted),
            modes=[each.value for each in modes or [BenchMode.VJP]],
            dtypes=dtypes[dtype],
            layers=layers or [1],
            against=[each.strip() for each in against.split(",") if each.strip()],
            threads=threads,
            seconds=seconds,
            standing=standing,
            observe=watch.observe,
        )
    json = report.model_dump_json(indent=2)
    if save is not None:
        write_result(save, json + "\n")
    if plot is not None:
        draw_bench(report, plot)
    if format_ is BenchFormat.TABLE:
        render_bench(report, open_console(sys.stdout))
    else:
        tell(json, "escaped") if format_ is BenchFormat.JSON else tell(render_bench_markdown(report))
