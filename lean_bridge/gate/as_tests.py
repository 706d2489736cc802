"""What a library came to, as its tests look it up. Imports pytest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from lean_bridge.gate.junit import Case, cases_of
from lean_bridge.gate.run import Settled, judge, judge_all
from lean_bridge.gate.text import render_text
from lean_bridge.project import open_project
from lean_bridge.ui.wording import named, place_text, visible
from lean_bridge.verdict.chain import status_of
from pybind_models.policy import GateReport
from pybind_models.status import StatusRow


class LinkError(Exception):
    """A link does not hold, or nobody knows."""


class Looked:
    """What a library came to, the one at ``place`` of those of a gate, for its tests to look up."""

    def __init__(self, gate: GateReport, place: str | None = None) -> None:
        self._gate = gate
        self._cases: dict[tuple[str, str], Case] = {}
        self._rows: dict[str, StatusRow] = {}
        self._declared: dict[str, dict[str, list[Case]]] = {}
        """The cases of the declarations of each module, where the library is judged whole."""
        for library in gate.libraries:
            if place is not None and library.place != place:
                continue
            self._rows |= {row.name: row for row in status_of(library.report, notes=()).rows}
            for case in cases_of(library.report, gate.policy, gate.unmet):
                self._cases[case.row.name, case.link] = case
            whole = library.report.whole
            self._declared |= {each.module: {} for each in whole or ()}
            for case in self._cases.values() if whole is not None else ():
                self._declared.setdefault(case.row.group, {}).setdefault(case.row.name, []).append(case)

    def check(self, name: str, link: str) -> None:
        """Raise LinkError where a link does not hold; skip what nobody asked and nobody requires."""
        case, row = self._cases.get((name, link)), self._rows.get(name)
        if case is not None and case.outcome == "passed":
            return
        if case is not None and case.outcome == "skipped":
            pytest.skip(case.message)
        if case is None and row is not None and row.state == "green":
            pytest.skip(f"{link}: not asked")
        why = case.message if case is not None else f"{self._gate.code} {self._gate.reason}"
        if case is None and row is not None and row.reason is not None:
            why = f"{row.code} {row.reason}"
        raise LinkError("\n".join((*self._places(name), why)))

    def check_module(self, module: str) -> None:
        """Raise LinkError where something that a module declares does not hold; skip one that has nothing."""
        declared = self._declared.get(module)
        if declared is None:  # it was not judged
            raise LinkError("\n".join((*self._places(module), f"{self._gate.code} {self._gate.reason}")))
        bad = [
            "\n".join((*self._places(name), *dict.fromkeys(each.message for each in found)))
            for name, cases in declared.items()
            if (found := [each for each in cases if each.outcome not in ("passed", "skipped")])
        ]
        if bad:
            raise LinkError("\n".join(bad))
        if not declared:
            pytest.skip(f"{module} declares nothing")

    def check_verdict(self) -> None:
        """Raise LinkError unless everything is accepted, under the policy."""
        if self._gate.verdict != "accepted":
            raise LinkError(render_text(self._gate).rstrip("\n"))

    def _places(self, name: str) -> Iterator[str]:
        """Yield the messages that speak of a declaration: at its root, or why nothing is built."""
        row = self._rows.get(name)
        is_unbuilt = row is None or "built" not in row.links or row.links["built"].outcome != "holds"
        for each in self._gate.all_findings:
            if each.level != "error" or each.place is None:
                continue
            is_root = str(each.code).startswith("LB1") or each.code in ("LB902", "LB911")
            if (is_unbuilt and is_root) or named(name) in f"{each.title} {each.message}":
                yield f"{visible(place_text(each.place))}: error: {visible(each.message)}"


def judged(settled: Settled, started: float, shared: Path | None = None) -> GateReport:
    """Return what libraries come to; whoever comes to the file ``shared`` first judges for all."""
    if shared is None:
        return judge_all(
            settled,
            lambda root, place, policy: judge(partial(open_project, root), root, place, policy),
            started,
        )
    with FileLock(f"{shared}.lock"):
        if shared.is_file():
            return GateReport.model_validate_json(shared.read_text(encoding="utf-8"))
        found = judged(settled, started)
        with tempfile.NamedTemporaryFile("w", dir=shared.parent, encoding="utf-8", delete=False) as stream:
            stream.write(found.model_dump_json())
        Path(stream.name).replace(shared)
        return found
