"""A policy is found, read and overridden; what is misspelt is refused with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lean_bridge.errors import PolicyError
from lean_bridge.gate.decide import decide
from lean_bridge.gate.policy import find_policy, in_force, libraries_of, policies_beside, policy_text
from pybind_models import Place
from pybind_models.policy import Judged, Policy
from tests.reports import accepted

HEAD = "[project]\nname = 'x'\n\n[tool.ruff]\nlinks = 3\n\n[tool.lean-bridge]\n"


def read(text: str, tmp_path: Path, name: str = "lean-bridge.toml") -> Policy:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found, _ = find_policy(tmp_path, tmp_path)
    assert found is not None
    return found.policy


def test_without_a_file_everything_is_as_verify_has_it(tmp_path: Path) -> None:
    found, passed_over = find_policy(tmp_path, tmp_path)
    record = in_force(found, {}, tmp_path, passed_over)
    assert (record.policy, record.file) == (Policy(), None)
    assert all(record.is_default(key) for key in Policy.model_fields)


@pytest.mark.parametrize(("name", "head"), [("lean-bridge.toml", ""), ("pyproject.toml", HEAD)])
def test_every_value_is_read_and_told_with_its_line(tmp_path: Path, name: str, head: str) -> None:
    values = (
        'paths = ["lean"]\n'
        'judged = ["Row", "a.b"]\n'
        'links = [\n  "second kernel",\n  "PyTorch",\n]\n'
        'axioms = ["propext"]\n'
        'require = ["confirmed"]\n'
        'advisories = ["lean4#8060"]\n'
        "budget = 600\nunpinned = true\npytest = true\n"
    )
    groups = f"[{'tool.lean-bridge.' if head else ''}groups]\n\"Tape/*\" = ['witness']\n"
    (tmp_path / name).write_text(head + values + groups)
    file, _ = find_policy(tmp_path, tmp_path)
    assert file is not None
    record = in_force(file, {}, tmp_path, [])
    assert record.policy == Policy(
        paths=("lean",),
        judged=("Row", "a.b"),
        links=("second kernel", "PyTorch"),
        groups={"Tape/*": ("witness",)},
        axioms=("propext",),
        require=("confirmed",),
        advisories=("lean4#8060",),
        budget=600.0,
        unpinned=True,
        pytest=True,
    )
    first = head.count("\n") + 1
    lines = {key: setting.origin for key, setting in record.settings.items()}
    assert (lines["paths"], lines["links"]) == (f"{name}:{first}", f"{name}:{first + 2}")
    assert (lines["axioms"], lines["groups"]) == (f"{name}:{first + 6}", f"{name}:{first + 12}")


def test_options_stand_in_the_place_of_a_file_s_values(tmp_path: Path) -> None:
    (tmp_path / "lean-bridge.toml").write_text('unpinned = true\naxioms = ["propext"]\n')
    file, _ = find_policy(tmp_path, tmp_path)
    record = in_force(file, {"unpinned": (False, "--pinned")}, tmp_path, [])
    assert (record.policy.unpinned, record.origin("unpinned")) == (False, "--pinned")
    assert (record.policy.axioms, record.origin("axioms")) == (("propext",), "lean-bridge.toml:2")


def test_the_nearest_file_decides_and_the_others_are_named(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(f"{HEAD}budget = 1\n")
    (tmp_path / "a" / "lean-bridge.toml").write_text("budget = 2\n")
    (below / "pyproject.toml").write_text("[project]\n")
    file, passed_over = find_policy(below, tmp_path)
    record = in_force(file, {}, tmp_path, passed_over)
    assert (record.policy.budget, record.file, record.passed_over) == (
        2,
        "a/lean-bridge.toml",
        ("pyproject.toml",),
    )
    assert find_policy(below, below) == (None, []), "nothing above the top of the repository"
    named, _ = find_policy(below, tmp_path, tmp_path / "pyproject.toml")
    assert named is not None
    assert named.policy.budget == 1


def test_two_files_in_one_directory_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(HEAD)
    (tmp_path / "lean-bridge.toml").write_text("")
    with pytest.raises(PolicyError, match="both hold a policy; keep one"):
        find_policy(tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["lean-bridge.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("link = ['built']", ":{}: the key link is not known; did you mean links?"),
        ("links = ['biult']", ":{}: links: there is no link 'biult'; did you mean built"),
        ("advisories = ['nope']", ":{}: advisories: there is no advisory 'nope'; expected one of lean4#8060"),
        ("advisories = ['lean4#8061']", "there is no advisory 'lean4#8061'; did you mean lean4#8060"),
        ("groups = {{ x = ['all'] }}", ":{}: groups.x: there is no link 'all'; expected one of built"),
        (
            "axioms = ['propext', 'mine']",
            ":{}: axioms.2: expected 'propext', 'Quot.sound' or 'Classical.choice'",
        ),
        ("axioms = 'propext'", ":{}: axioms: expected a list"),
        (
            "require = ['pinned']",
            ":{}: require.1: expected 'confirmed', 'isolated' or 'known', found 'pinned'",
        ),
        ("budget = 0", ":{}: budget: expected greater than 0, found 0"),
        ("budget = nan", "budget"),
        ("budget = 1e12", ":{}: budget: expected less than or equal to 31536000"),
        ('paths = ["a\\u0000b"]', ":{}: expected paths, found one that holds a zero byte"),
        ("budget = 'ten'", ":{}: budget: expected a number, found 'ten'"),
        ("unpinned = 1", ":{}: unpinned: expected true or false, found 1"),
        ("judged = ['']", ":{}: judged.1: expected a text of at least one letter"),
        ("links = ['built', 'built']", ":{}: named twice: built"),
        ("unpinned = true\nunpinned = true", "not TOML"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    head = HEAD if name == "pyproject.toml" else "\n"
    (tmp_path / name).write_text(head + text.replace("{{", "{").replace("}}", "}"))
    with pytest.raises(PolicyError) as caught:
        find_policy(tmp_path, tmp_path)
    assert message.format(head.count("\n") + 1) in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["pyproject.toml", "lean-bridge.toml"])
def test_what_a_group_requires_is_pointed_at_on_its_own_line(tmp_path: Path, name: str) -> None:
    head, table = (HEAD, "tool.lean-bridge.groups") if name == "pyproject.toml" else ("\n", "groups")
    lines = [f"[{table}]", "# not here", "'Tape/A*' = ['built']", "'Tape/G*' = ['second kernel']"]
    (tmp_path / name).write_text(head + "\n".join([*lines, "'Gone' = ['built']"]) + "\n")
    file, _ = find_policy(tmp_path, tmp_path)
    record = in_force(file, {}, tmp_path, [])
    found = decide(record, [Judged(place="lean", report=accepted())])
    first = head.count("\n") + 1
    assert {each.group: record.setting(each).origin for each in found.unmet} == {
        "Tape/G*": f"{name}:{first + 3}",
        "Gone": f"{name}:{first + 4}",
    }
    assert {each.place for each in found.findings} == {
        Place(file=name, line=first + 3),
        Place(file=name, line=first + 4),
    }
    (tmp_path / name).write_text(head + "\n".join([*lines, "'Gone' = ['bilt']"]) + "\n")
    with pytest.raises(PolicyError, match=f":{first + 4}: groups.Gone: there is no link 'bilt'; did"):
        find_policy(tmp_path, tmp_path)


def test_a_policy_that_is_printed_says_that_pins_are_required_and_by_what(tmp_path: Path) -> None:
    def told(text: str) -> str:
        (tmp_path / "lean-bridge.toml").write_text(text)
        file, _ = find_policy(tmp_path, tmp_path)
        printed = policy_text(in_force(file, {}, tmp_path, []))
        tomllib.loads(printed)
        return printed

    assert "#   pinned (unpinned, default)\n" in told("")
    assert "#   pinned" not in told("unpinned = true\n")
    assert "#   second kernel (require, lean-bridge.toml:2)\n" in told("\nrequire = ['confirmed']\n")
    assert "#   field (links, lean-bridge.toml:1)\n" in told("links = ['field']\n")


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nlean-bridge = 3\n")
    with pytest.raises(PolicyError, match=r"toml:2: tool.lean-bridge: expected a table, found 3"):
        find_policy(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("links", ("nothing",), "--links: there is no link 'nothing'"),
        ("advisories", ("nope",), "--advisories: there is no advisory 'nope'"),
        (
            "axioms",
            ("mine",),
            "--axioms: expected 'propext', 'Quot.sound' or 'Classical.choice', found 'mine'",
        ),
        ("budget", -1.0, "--budget: expected greater than 0, found -1.0"),
        ("budget", 1e12, "--budget: expected less than or equal to 31536000, found 1000000000000.0"),
    ],
)
def test_options_are_held_to_the_same(tmp_path: Path, key: str, value: object, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        in_force(None, {key: (value, f"--{key}")}, tmp_path, [])
    assert message in str(caught.value)


def test_paths_stay_inside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "lean-bridge.toml").write_text('paths = ["lean", "../other"]\n')
    file, _ = find_policy(tmp_path / "sub", tmp_path)
    assert file is not None
    assert libraries_of(file.policy, file, tmp_path) == [tmp_path / "sub" / "lean", tmp_path / "other"]
    for paths, message in ((("../../x",), "outside the repository"), (("lean", "./lean"), "named twice")):
        with pytest.raises(PolicyError, match=f"lean-bridge.toml:1: paths: .*{message}") as caught:
            libraries_of(Policy(paths=paths), file, tmp_path)
        assert caught.value.path == file.path


def test_a_library_s_own_policy_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    root = tmp_path / "proofs" / "lean"
    root.mkdir(parents=True)
    (tmp_path / "lean-bridge.toml").write_text('\npaths = ["proofs/lean"]\n')
    file, _ = find_policy(tmp_path, tmp_path)
    assert policies_beside(file, [root], tmp_path) == []
    for own in (root / "lean-bridge.toml", tmp_path / "proofs" / "pyproject.toml"):
        own.write_text(f"{HEAD if own.name == 'pyproject.toml' else ''}links = ['floats']\n")
        with pytest.raises(
            PolicyError, match=r"toml:2: paths: proofs/lean has a policy of its own"
        ) as caught:
            policies_beside(file, [root], tmp_path)
        assert str(own) in str(caught.value)
        assert policies_beside(file, [root], tmp_path, is_named=True) == [own], "it is told of"
        own.unlink()


def test_a_policy_from_outside_is_told_with_its_whole_path_and_pointed_at_nowhere(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    top.mkdir()
    outside = tmp_path / "strict.toml"
    outside.write_text("budget = 3\n")
    file, _ = find_policy(top, top, top / ".." / "strict.toml")
    record = in_force(file, {}, top, [])
    assert (record.file, record.origin("budget")) == (str(outside), f"{outside}:1")
    assert record.settings["budget"].place is None


def test_a_policy_is_shown_as_toml_with_origins(tmp_path: Path) -> None:
    values = 'judged = ["a\\"b\\\\"]\nbudget = 1.5\n[groups]\n"T/*" = ["built"]\n'
    policy = read(values, tmp_path)
    file, _ = find_policy(tmp_path, tmp_path)
    record = in_force(file, {"unpinned": (True, "--unpinned")}, tmp_path, [])
    text = policy_text(record)
    shown = tomllib.loads(text)
    assert shown["judged"] == list(policy.judged)
    assert (shown["groups"], shown["budget"], shown["unpinned"]) == ({"T/*": ["built"]}, 1.5, True)
    lines = {line.partition(" ")[0]: line.rpartition("  # ")[2] for line in text.splitlines()}
    assert (lines["unpinned"], lines["budget"], lines["axioms"]) == (
        "--unpinned",
        "lean-bridge.toml:2",
        "default",
    )
    assert record.digest in text
