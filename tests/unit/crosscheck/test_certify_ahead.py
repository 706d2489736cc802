"""What is compiled ahead costs nobody a verdict: where it fails, whoever asks for it has it compiled."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.crosscheck import certify_ahead
from lean_bridge.crosscheck.certify_ahead import certified_ahead
from lean_bridge.errors import ToolchainError
from lean_bridge.olean.environment import Environment
from pybind_models import DGraph


def test_without_graphs_no_lean_is_asked() -> None:
    provider: Any = None  # which has nothing that could be asked
    with certified_ahead([], Environment([]), Path(), provider):
        pass


def test_what_fails_ahead_is_left_to_whoever_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(sources: Any, *_: Any, **__: Any) -> Any:
        asked.append(dict(sources))
        raise ToolchainError("Lean cannot be started")

    monkeypatch.setattr(certify_ahead, "render_certificates", lambda *_: ([object()], {}))
    monkeypatch.setattr(certify_ahead, "render_module", lambda *_: ("text", ()))
    monkeypatch.setattr(certify_ahead, "keep_warm", lambda *_, **__: nullcontext(None))
    monkeypatch.setattr(certify_ahead, "build_generated", refuse)
    graph: Any = DGraph.model_construct(lean_name="g")
    provider: Any = None
    with certified_ahead([graph], Environment([]), Path(), provider):
        pass
    assert asked == [{"LeanBridge.Certified.Graphs1": "text"}]
