"""Of a source that nothing compiles it is told why, and what mends that."""

from __future__ import annotations

from pathlib import Path

from lean_bridge.build.modules import read_sources
from lean_bridge.library.unread import unread_sources


def test_why_a_source_is_not_compiled_is_what_the_lakefile_says_of_it(tmp_path: Path) -> None:
    for file in ("src/A.lean", "src/A/B.lean", "C/D.lean", "E.lean", "src/E.lean"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("module\n")
    (tmp_path / "lakefile.toml").write_text(
        'defaultTargets = ["A"]\n[[lean_lib]]\nname = "A"\nsrcDir = "src"\n[[lean_lib]]\nname = "C"\n'
    )
    sources = read_sources(tmp_path)
    unread = unread_sources(tmp_path, sources.lakefile, {each.file for each in sources.texts.values()})
    assert {file: unread.why(file).partition(";")[0] for file in unread.files} == {
        "C/D.lean": "it is of lean_lib C, which is no default target",
        "E.lean": "no lean_lib of the lakefile has it",
        "src/A/B.lean": "no glob of lean_lib A names it, and nothing imports it",
        "src/E.lean": "no lean_lib of the lakefile has it",
    }
    assert "name C in `defaultTargets`" in unread.why("C/D.lean")
