"""Reads what Lean writes under ``--json``: one message per line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pybind_models import Diagnostic

FIELDS = frozenset({"severity", "pos", "data", "fileName"})
"""What tells a message from other output (Lean: ``Lean.SerialMessage``)."""


def parse_messages(lines: Iterable[str], file: str) -> tuple[Diagnostic, ...]:
    """Return the messages among ``lines``, under the name ``file``; every other line is passed over."""
    return tuple(
        _to_diagnostic(message, file) for line in lines if (message := _parse_message(line)) is not None
    )


def _parse_message(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if message.keys() >= FIELDS and not message.get("isSilent", False) else None


def _to_diagnostic(message: dict[str, Any], file: str) -> Diagnostic:
    position = message["pos"]
    caption = message.get("caption")
    return Diagnostic(
        file=file,
        line=position["line"],
        column=position["column"],
        severity=message["severity"],
        text=f"{caption}:\n{message['data']}" if caption else message["data"],
    )
