from __future__ import annotations

import json

from lean_bridge.toolchain.messages import parse_messages
from pybind_models import Diagnostic


def message(**changes: object) -> str:
    fields: dict[str, object] = {
        "caption": "",
        "data": "unused variable `x`",
        "endPos": {"line": 3, "column": 9},
        "fileName": "/anywhere/A.lean",
        "isSilent": False,
        "kind": "[anonymous]",
        "pos": {"line": 3, "column": 8},
        "severity": "warning",
    }
    return json.dumps({**fields, **changes})


def test_a_message_becomes_a_diagnostic_under_the_name_asked_for() -> None:
    assert parse_messages([message()], "A.lean") == (
        Diagnostic(file="A.lean", line=3, column=8, severity="warning", text="unused variable `x`"),
    )


def test_a_caption_comes_first() -> None:
    (diagnostic,) = parse_messages([message(caption="Note", data="see there")], "A.lean")
    assert diagnostic.text == "Note:\nsee there"


def test_messages_keep_their_order() -> None:
    found = parse_messages([message(data="one", severity="error"), message(data="two")], "A.lean")
    assert [(d.severity, d.text) for d in found] == [("error", "one"), ("warning", "two")]


def test_other_output_is_passed_over() -> None:
    noise = [
        "[DEBUG:K] Calling",
        "  mainModule? = true",
        "{x : Nat}",
        "",
        "{}",
        '{"data": 1}',
        "[1, 2]",
        "{broken",
    ]
    assert parse_messages([*noise, message(), *noise], "A.lean") == parse_messages([message()], "A.lean")


def test_a_silent_message_is_passed_over() -> None:
    assert parse_messages([message(isSilent=True)], "A.lean") == ()
