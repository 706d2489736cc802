from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.manifest import read_manifest, write_manifest
from lean_bridge.errors import ProjectNotFound
from pybind_models.manifest import Manifest, PinnedDeclaration

HASH, OTHER = "0123456789" * 4, "f" * 40
MANIFEST = Manifest(
    lean="4.28.0-pre",
    declaration=(
        PinnedDeclaration(
            name='«weird "name"».t',
            kind="theorem",
            statement='∀ x, "λ\\n" = x',
            axioms=("propext",),
            hash=HASH,
        ),
        PinnedDeclaration(
            name="Γ.graph", kind="definition", statement="DGraph", axioms=(), hash=OTHER, graph=HASH
        ),
    ),
    definitions={'«weird "name"».t': OTHER, "Γ.graph": HASH, "Γ.«»": HASH},
)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST
    first = (tmp_path / "certified.toml").read_bytes()
    write_manifest(tmp_path, MANIFEST)
    assert (tmp_path / "certified.toml").read_bytes() == first


def test_a_library_without_a_manifest_has_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "theorem"', 'kind = "lemma"', "declaration.1.kind: expected 'theorem'"),
        (HASH, HASH[:-1], "hash: expected a text like"),
        ("[definitions]", "[[definitions]]", "definitions"),
        ('"Γ.«»" = ', '"Γ.graph " = ', "[definitions] has one name twice, as 'Γ.graph' and as 'Γ.graph '"),
        ('"Γ.«»" = ', '"Γ.«graph»" = ', "[definitions] has one name twice, as 'Γ.graph' and as 'Γ.«graph»'"),
        ("[words]", '[words]\n"a" = "1"\n" a" = "2"', "[words] has one name twice, as 'a' and as ' a'"),
        ('"Γ.graph" = ', '"Γ.other" = ', "pinned, but not among the definitions: Γ.graph"),
        ('name = "Γ.graph"', "name = '«weird \"name\"».t'", 'pinned twice: «weird "name"».t'),
        ('lean = "4.28.0-pre"', "", "expected lean, found none"),
        ("axioms = []", "axioms = []\nextra = 1", "the key declaration.2.extra is not known"),
        ("[[declaration]]", "[[declaration", "not TOML"),
    ],
)
def test_a_faulty_manifest_is_refused_and_never_taken_for_none(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    write_manifest(tmp_path, MANIFEST)
    path = tmp_path / "certified.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProjectNotFound) as caught:
        read_manifest(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "certified.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(ProjectNotFound, match=r"certified\.toml: is a symbolic link"):
        read_manifest(tmp_path)


def test_a_manifest_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "certified.toml").mkdir()
    with pytest.raises(ProjectNotFound, match=r"certified\.toml: cannot be written"):
        write_manifest(tmp_path, MANIFEST)
