"""What did not pass is shown where a gate points at: at the cause."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lean_bridge.codes import Code
from lean_bridge.gate.findings import findings_of
from lean_bridge.ui.failures import render_failures
from lean_bridge.ui.formats import render_junit
from lean_bridge.ui.wording import place_text
from pybind_models import Cause, Place
from tests.reports import SORRY, plain_console, rejected

AT = Place(file="Proofs/Sum.lean", line=9, column=3)


@pytest.mark.parametrize("name", ["Proofs.Autograd.dot_add", SORRY.name])
def test_a_refused_declaration_is_shown_at_its_cause_as_the_gate_points_at_it(name: str) -> None:
    report = rejected().replaced(declarations=(SORRY.replaced(cause=Cause(name=name, place=AT)),), graphs=())
    console, stream = plain_console(120)
    render_failures(report, console)
    lines = [line.strip() for line in stream.getvalue().splitlines() if line.strip()]
    shown = lines[1 + next(at for at, line in enumerate(lines) if line.startswith("✗ rejected"))]
    pointed = next(each.place for each in findings_of(report, ".") if each.code == Code.SORRY)
    assert pointed is not None
    assert pointed == AT
    assert shown == (f"at {name}, " if name != SORRY.name else "") + place_text(pointed)
    assert SORRY.source is not None
    assert f"it stands at {SORRY.source.file}:{SORRY.source.line}:{SORRY.source.column}" in lines
    (failure,) = ET.fromstring(render_junit(report)).iterfind(f".//testcase[@name='{SORRY.name}']/failure")
    assert (failure.text or "").startswith(f"{place_text(AT)}: {name}")
