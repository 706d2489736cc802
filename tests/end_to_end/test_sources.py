"""What is shown is what was built, whatever becomes of the files meanwhile."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lean_bridge.events import ModuleStarted
from lean_bridge.toolchain.provider import Provider
from tests.adversarial.corpus import TwinProject

pytestmark = pytest.mark.lean

TEXT = "module\n\npublic section\n\n/-- As it was read. -/\ntheorem Twin.claim : 7 + 1 = 8 := rfl\n"
FILES = {
    "lakefile.toml": 'name = "twin"\n[[lean_lib]]\nname = "Twin"\nglobs = ["Twin.*"]\n',
    "lean-toolchain": "leanprover/lean4:v4.28.0\n",
    "catalogue.toml": '[[declaration]]\nname = "Twin.claim"\nkind = "theorem"\ngroup = "Twin"\n',
    "Twin.lean": TEXT,
}


@pytest.fixture
def root(tmp_path: Path, embedded: Provider, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library and a cache, where each letter means something to a search path, a glob, a URL or a shell."""
    assert embedded.library.is_dir()  # found before the cache moves
    place = tmp_path / "a:b #[x] %20 'q$(y);*?\\"
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(place / "cache"))
    (place / "lean").mkdir(parents=True)
    for name, text in FILES.items():
        (place / "lean" / name).write_text(text, encoding="utf-8")
    return place / "lean"


def digest(files: dict[str, str]) -> str:
    lines = (f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("edited", ["\n\n-- gone\n", None], ids=["replaced", "removed"])
def test_a_source_that_is_edited_during_the_build_is_shown_as_it_was_built(
    root: Path, embedded: Provider, edited: str | None
) -> None:
    def edit(event: object) -> None:
        if isinstance(event, ModuleStarted):
            if edited is None:
                (root / "Twin.lean").unlink()
            else:
                (root / "Twin.lean").write_text(edited)

    report = TwinProject(root, embedded).verify(workers=1, unpinned=True, observe=edit)
    assert report.verdict == "accepted"
    source = report.declarations[0].source
    assert source is not None
    assert source.text.startswith("/-- As it was read. -/\ntheorem Twin.claim : 7 + 1 = 8")
    assert (source.file, source.line) == ("Twin.lean", 5)
    assert report.library is not None
    assert report.library.digest == digest(FILES)


def test_the_digest_is_of_every_file(root: Path, embedded: Provider) -> None:
    project = TwinProject(root, embedded)
    assert project.identity.digest is None
    project.build(workers=1)
    first = project.identity.digest
    for name in FILES:
        before = (root / name).read_text()
        (root / name).write_text(f"{before}\n")
        changed = TwinProject(root, embedded)
        changed.build(workers=1)
        assert changed.identity.digest not in (None, first), name
        (root / name).write_text(before)
    assert project.identity.digest == first == digest(FILES)


def test_names_are_lean_s_whatever_letters_and_dots_they_have(root: Path, embedded: Provider) -> None:
    claims = "theorem Twin.étonnant : 7 + 1 = 8 := rfl\ntheorem Twin.«a.b» : 7 + 1 = 8 := rfl\n"
    head = "module\n\npublic import Twin.«x.y».«foo-bar»\n\npublic section\n\n"
    (root / "Twin.lean").write_text(head + claims, encoding="utf-8")
    (root / "Twin" / "x.y").mkdir(parents=True)
    below = "module\n\nnamespace Other\n\npublic theorem _root_.Twin.claim : 7 + 1 = 8 := rfl\n"
    (root / "Twin" / "x.y" / "foo-bar.lean").write_text(below, encoding="utf-8")
    (root / "Twin" / ".#claim.lean").symlink_to("somebody@somewhere.1234")
    names = ("Twin.«étonnant»", "Twin.«a.b»", "_root_.Twin.claim")
    entries = (f'[[declaration]]\nname = "{name}"\nkind = "theorem"\ngroup = "Twin"\n' for name in names)
    (root / "catalogue.toml").write_text("".join(entries), encoding="utf-8")
    report = TwinProject(root, embedded).verify(workers=1, unpinned=True)
    assert report.verdict == "accepted"
    places = {
        each.name: (each.status, each.source.file, each.source.line)
        for each in report.declarations
        if each.source is not None
    }
    assert places == {
        "Twin.étonnant": ("proved", "Twin.lean", 7),
        "Twin.«a.b»": ("proved", "Twin.lean", 8),
        "Twin.claim": ("proved", "Twin/x.y/foo-bar.lean", 5),
    }
    assert report.library is not None
    assert report.library.passed_over == ("Twin/.#claim.lean: hidden, and not compiled",)
