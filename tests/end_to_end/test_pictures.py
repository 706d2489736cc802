"""The picture of a graph is what the command line draws today."""

from __future__ import annotations

import pytest

from tests.pictures import FOLDER, graph

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]


def test_the_picture_of_the_graph_is_what_the_command_draws() -> None:
    assert (FOLDER / "graph.svg").read_text(encoding="utf-8") == graph(), "python -m tests.pictures draws it"
