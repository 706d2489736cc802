"""A name's rendering gives its components back."""

from __future__ import annotations

import pytest

from lean_bridge.olean.names import last_component, split_name


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("[anonymous]", ()),
        ("Nat.add_comm", ("Nat", "add_comm")),
        ("_private.Spec.Shape.0.size", ("_private", "Spec", "Shape", 0, "size")),
        ("a.«b.c».«1».2", ("a", "b.c", "1", 2)),
        ("«»»»", ("»",)),
        ("Γ.«»", ("Γ", "")),
        ("a.", None),
        (".a", None),
        ("a«b»", None),
        ("", None),
    ],
)
def test_components(name: str, components: tuple[str | int, ...] | None) -> None:
    assert split_name(name) == components


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("Nat.add", "add"),
        ("a.«b. = 5»", "«b. = 5»"),
        ("a.«»».».«.»", "«.»"),
        ("a.2", "2"),
        ("a", "a"),
        ("a.", "a."),
    ],
)
def test_last_component(name: str, last: str) -> None:
    assert last_component(name) == last
