"""How long a theorem is tried, whatever Lean says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lean_bridge.crosscheck.generated import Checked
from lean_bridge.olean.environment import Environment
from lean_bridge.witness.render import Claim, Way
from lean_bridge.witness.telescope import Telescope
from lean_bridge.witness.witness import _Attempt, _Search
from pybind_models.catalogue import Catalogue, CatalogueEntry

TIMEOUT = "(deterministic) timeout at `whnf`, maximum number of heartbeats (40000) has been reached"


def attempt(name: str) -> _Attempt:
    return _Attempt(Claim(name, Telescope(()), 0), "1", Way("Nat"), "Trial")


def test_what_lean_comes_to_no_end_with_twice_is_not_tried_in_yet_other_ways() -> None:
    catalogue = Catalogue(declaration=(CatalogueEntry(name="slow", kind="theorem", group="g"),))
    nobody: Any = None  # Lean is not asked
    search = _Search(Environment([]), catalogue, Path(), nobody, 1, lambda _: None, ())
    slow, dead, refused = map(attempt, ("slow", "dead", "refused"))
    said = {
        slow.subject: TIMEOUT,
        dead.subject: "Lean died",
        refused.subject: "omega could not prove the goal",
    }
    checked: Checked[_Attempt] = Checked({}, said, Path(), frozenset({dead.subject}))
    assert search._left_alone([slow, dead, refused], checked) == {"dead"}
    assert search._left_alone([slow, refused], checked) == {"slow"}
