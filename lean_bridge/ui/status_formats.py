"""Where a library stands, for programs and for pages: JSON, plain rows, Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.wording import ago_text, coded, escaped_json, named, one_line
from pybind_models.status import StatusReport, StatusRow

_NOT_ASKED = "-"


def render_status_json(status: StatusReport) -> str:
    """Return the model as JSON, keys in the order of its fields."""
    return escaped_json(status.model_dump_json(indent=2)) + "\n"


def render_status_text(status: StatusReport) -> str:
    """Return one tab-separated line per row: state, name, group, every link, and why it is not green.

    A link is ``link=outcome:word``, of the outcomes ``holds``, ``fails``, ``open`` and ``stale``, and ``-``
    where it was not asked. Besides there are ``changed`` and ``note`` lines and, last, ``verdict``.
    """
    lines = [tuple(_row(row, status.links)) for row in status.rows]
    lines += [("changed", each) for each in status.changed]
    lines += [("note", each) for each in status.notes]
    age = "-" if status.age is None else f"{status.age:.0f}s ago"
    lines.append(
        (
            "verdict",
            status.verdict,
            coded(status.code, status.reason or "-"),
            f"judged={status.judged or '-'}",
            age,
        )
    )
    return "".join("\t".join(map(one_line, line)) + "\n" for line in lines)


def _row(row: StatusRow, links: tuple[str, ...]) -> Iterator[str]:
    yield row.state
    yield named(row.name)
    yield row.group
    for name in links:
        link = row.links.get(name)
        yield f"{name}={_NOT_ASKED if link is None else f'{link.outcome}:{link.word}'}"
    if row.reason is not None:
        yield coded(row.code, row.reason)


def render_status_markdown(status: StatusReport) -> str:
    """Return a page with the verdict, the matrix by groups, and every row that is not green."""
    lines = ["# Where it stands", "", _verdict(status), ""]
    if (library := status.library) is not None:
        lean = f", {toolchain_text(status.toolchain)}" if status.toolchain is not None else ""
        lines += [f"Library: {_cell(library.name or '-')}, sha256 `{library.digest or '-'}`{lean}", ""]
    lines += [line for note in status.notes for line in (_cell(note), "")]
    head = ("group", "green", *status.links)
    lines += [f"| {' | '.join(map(_cell, head))} |", "|" + "---|" * len(head)]
    groups: dict[str, list[StatusRow]] = {}
    for row in status.rows:
        groups.setdefault(row.group, []).append(row)
    for group, rows in groups.items():
        good = sum(row.state == "green" for row in rows)
        cells = (group, f"{good} of {len(rows)}", *(_tally(rows, name) for name in status.links))
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    rest = [row for row in status.rows if row.state != "green"]
    if rest:
        lines += ["", "## Not green", "", "| state | name | why |", "|---|---|---|"]
        for row in rest:
            why = coded(row.code, row.reason or "-")
            lines.append(f"| {row.state} | `{_cell(named(row.name))}` | {_cell(why)} |")
    return "\n".join(lines) + "\n"


def _verdict(status: StatusReport) -> str:
    why = f": {_cell(coded(status.code, status.reason))}" if status.reason is not None else ""
    when = f" (judged {ago_text(status.age)})" if status.age is not None else ""
    return f"Verdict: **{status.verdict}**{why}{when}"


def _tally(rows: list[StatusRow], name: str) -> str:
    outcomes = [link.outcome for row in rows if (link := row.links.get(name)) is not None]
    if not outcomes:
        return _NOT_ASKED
    good = outcomes.count("holds")
    mark = "✗" if "fails" in outcomes else "✓" if good == len(outcomes) else "?"
    return f"{mark} {good} of {len(outcomes)}"


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
