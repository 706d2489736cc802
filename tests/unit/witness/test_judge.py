"""What is said of a theorem by whose witness Lean comes to no end."""

from __future__ import annotations

from lean_bridge.witness.judge import not_ended
from lean_bridge.witness.render import Claim
from lean_bridge.witness.telescope import Binder, Telescope


def binder(name: str, head: str, *, is_evident: bool = False) -> Binder:
    return Binder(name, "default", is_family=False, is_evident=is_evident, depth=0, head=head)


def test_what_lean_does_not_end_with_is_told_as_the_theorems_own_hypotheses() -> None:
    binders = (binder("x", "Option", is_evident=True), binder("h", "Eq"), binder("k", "Eq"))
    claim = Claim("claim", Telescope(binders), 3, open={2: "later"})
    assert not_ended(claim).detail == (
        "Lean came to no end with what is tried, or died of it: nothing was found to meet h; in the "
        'catalogue, model = "NAME" names a declaration that does, and open = { h = "why" } says that nobody '
        "does yet"
    )
