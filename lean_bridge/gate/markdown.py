"""A summary in Markdown for a page that people open: the verdict, a table of groups, what to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lean_bridge.gate.github import policy_line
from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.verdict import MARKS, VERDICT_TONES, Tone
from lean_bridge.ui.wording import coded, named, one_line, place_text, seconds_text
from lean_bridge.verdict.chain import status_of
from pybind_models.policy import Finding, GateReport, Judged
from pybind_models.status import StatusRow

_MOST: Final = 50
"""Things to look at that are shown: GitHub refuses a summary of more than a megabyte."""
_LONG: Final = 600
"""Letters of a message that are shown."""
_MEANT: Final = re.compile(r"([\\`*_{}\[\]<>()#|!~])")


def render_markdown(gate: GateReport) -> str:
    """Return the page."""
    mark = MARKS[VERDICT_TONES[gate.verdict]].symbol
    lines = [f"## {mark} lean-bridge: {gate.verdict}", ""]
    if gate.reason is not None:
        lines += [_text(coded(gate.code, gate.reason)), ""]
    for library in gate.libraries:
        lines += _library(library)
    errors = [each for each in gate.all_findings if each.level == "error"]
    others = [each for each in gate.all_findings if each.level == "warning"]
    for title, found in (("To mend", errors), ("To know", others)):
        lines += _table(title, found)
    lines += ["### Policy", "", _text(policy_line(gate)), ""]
    lines += [f"- lets pass: {_text(told)}" for told in gate.relaxed]
    return "\n".join(lines).rstrip("\n") + "\n"


def _library(library: Judged) -> Iterator[str]:
    report = library.report
    parts = [f"`{_code(library.place)}`"]
    if report.build is not None:
        parts.append(_text(toolchain_text(report.build.toolchain)))
    parts.append(seconds_text(report.seconds))
    if report.library is not None and report.library.digest is not None:
        parts.append(f"sha256 `{report.library.digest[:12]}`")
    if report.library is not None and report.library.commit is not None:
        parts.append(f"in a checkout of `{report.library.commit[:12]}`")
    yield from (" · ".join(parts), "")
    status = status_of(report, notes=())
    groups: dict[str, list[StatusRow]] = {}
    for row in status.rows:
        groups.setdefault(row.group, []).append(row)
    if not groups:
        return
    yield f"| group | green | {' | '.join(map(_text, status.links))} |"
    yield "|" + "---|" * (len(status.links) + 2)
    for group, rows in groups.items():
        green = sum(row.state == "green" for row in rows)
        tone: Tone = (
            "bad"
            if any(row.state == "rejected" for row in rows)
            else "good"
            if green == len(rows)
            else "open"
        )
        cells = [_cell(link, rows) for link in status.links]
        yield f"| {_text(group)} | {MARKS[tone].symbol} {green} of {len(rows)} | {' | '.join(cells)} |"
    yield ""


def _cell(link: str, rows: Sequence[StatusRow]) -> str:
    asked = [found.outcome for row in rows if (found := row.links.get(link)) is not None]
    if not asked:
        return "–"
    good = asked.count("holds")
    tone: Tone = "bad" if "fails" in asked else "good" if good == len(asked) else "open"
    return f"{MARKS[tone].symbol} {good}" + (f"/{len(asked)}" if tone != "good" else "")


def _table(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield from (f"### {title}", "", "| where | what |", "|---|---|")
    for each in findings[:_MOST]:
        where = f"`{_code(place_text(each.place))}`" if each.place is not None else "–"
        message = one_line(each.message)
        message = message if len(message) <= _LONG else f"{message[:_LONG]}…"
        yield f"| {where} | **{_text(each.title)}**<br>{_text(message)} |"
    if len(findings) > _MOST:
        yield f"| | and {len(findings) - _MOST} more |"
    yield ""


def _text(text: str) -> str:
    """Return a text that Markdown takes for nothing but a text."""
    return _MEANT.sub(r"\\\1", one_line(text))


def _code(text: str) -> str:
    """Return what stands between two backticks."""
    return named(one_line(text)).replace("`", "'").replace("|", "\\|")
