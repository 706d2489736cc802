from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.catalogue import read_catalogue
from lean_bridge.errors import ProjectNotFound

ROOT = Path(__file__).parents[3] / "lean"
ENTRY = '[[declaration]]\nname = "A.b"\nkind = "theorem"\ngroup = "G"\n'


def test_the_library_catalogues_its_theorems_and_graphs() -> None:
    catalogue = read_catalogue(ROOT)
    kinds = {entry.name: entry.kind for entry in catalogue.declarations}
    assert kinds["Proofs.Autograd.Graph.backprop_correct"] == "theorem"
    assert kinds["Proofs.Autograd.Graph.backprop_correct_inner"] == "theorem"
    graphs = {entry.name.rpartition(".")[2] for entry in catalogue.graphs}
    assert {
        "mhaDGraph",
        "mhaBareReshapeDGraph",
        "mhaResidualDGraph",
        "mhaResidualBareReshapeDGraph",
    } <= graphs
    assert all(name.startswith("Proofs.Autograd.") for name in kinds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "toml:1: expected declaration, found none"),
        ("declaration = []", "toml:1: declaration: expected at least one, found []"),
        ("[[declaration", "not TOML"),
        ("\n\n[[declaration]] x\n", "toml:3:17: not TOML"),
        ("x = " + "[" * 10000, "not TOML: tables within tables, too many"),
        (ENTRY + "extra = 1\n", "toml:5: the key declaration.1.extra is not known; expected one of name"),
        (ENTRY + "grpah = true\n", "the key declaration.1.grpah is not known; did you mean graph"),
        (
            ENTRY.replace("theorem", "lemma"),
            "toml:3: declaration.1.kind: expected 'theorem', 'definition' or 'inductive', found 'lemma'",
        ),
        (
            ENTRY.replace("b", "c") + "\n" + ENTRY.replace("theorem", "lemma"),
            "toml:8: declaration.2.kind",
        ),
        (ENTRY.replace("A.b", "A..b"), "expected the full name of a declaration, found 'A..b'"),
        (ENTRY + ENTRY.replace("A.b", "_root_.«A».b"), "toml:6: catalogued twice: A.b, first at 2"),
        ("declaration = 3", "toml:1: declaration: expected a list, or tables in [[ ]], found 3"),
        (ENTRY + "graph = true\n", "A.b is a theorem, expected a definition where graph = true"),
        (ENTRY + 'graph = "yes"\n', "toml:5: declaration.1.graph: expected true or false, found 'yes'"),
        (ENTRY + 'differs = "in sign"\n', "A.b has `differs` and no `upstream`"),
        (ENTRY + 'upstream = "B"\ndiffers = ""\n', "toml:6: declaration.1.differs: "),
        (
            ENTRY.replace('"A.b"', "1979-05-27"),
            "toml:2: declaration.1.name: expected a text, found {'date': '1979-05-27'}",
        ),
        (
            ENTRY.replace('"G"', "07:32:00"),
            "declaration.1.group: expected a text, found {'time': '07:32:00'}",
        ),
        (ENTRY * 2, "catalogued twice: A.b"),
        (ENTRY + "[other]\n", "other"),
    ],
)
def test_a_faulty_catalogue_is_refused_with_its_fault(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "catalogue.toml").write_text(text)
    with pytest.raises(ProjectNotFound) as caught:
        read_catalogue(tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFound, match=r"catalogue\.toml: expected a file here, found none"):
        read_catalogue(tmp_path)
