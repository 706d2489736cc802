"""The catalogue of a Lean library as tests: one for each declaration and link, by one judgement for all.

Nothing is collected unless a catalogue is there and asked for: by ``--lean-bridge``, by ``lean_bridge =
true`` among pytest's own settings, or by ``pytest = true`` in the policy of ``lean-bridge gate``, under which
everything is judged. A link that nobody requires and that was not asked is skipped, with why; whatever else
has no verdict fails. Nothing but pytest is imported until then.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from lean_bridge.gate.junit import Case
    from pybind_models.policy import GateReport
    from pybind_models.status import StatusRow

_CATALOGUE: Final = "catalogue.toml"
_POLICIES: Final = ("lean-bridge.toml", "pyproject.toml")
_MARKS: Final = {
    "lean_bridge": "a declaration of a Lean library, and a link of what is known of it",
    "lean_theorem": "of a theorem",
    "lean_definition": "of a definition or a type",
    "lean_graph": "of a graph",
}
_GATES: Final = pytest.StashKey[dict[Path, "Looked"]]()
_SEEN: Final = pytest.StashKey[list[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to collect catalogues."""
    group = parser.getgroup("lean-bridge", "theorems and graphs of Lean libraries")
    group.addoption(
        "--lean-bridge",
        action="store_true",
        default=False,
        help="collect the catalogue.toml of Lean libraries: a test for each declaration and link",
    )
    parser.addini("lean_bridge", "collect the catalogues of Lean libraries", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known, so that ``-m`` takes them and ``--strict-markers`` does not mind."""
    for name, what in _MARKS.items():
        config.addinivalue_line("markers", f"{name}: {what}")
    config.stash[_GATES] = {}
    config.stash[_SEEN] = []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a catalogue, if it is asked for."""
    if file_path.name != _CATALOGUE or not _is_asked(parent.config, file_path.parent):
        return None
    parent.config.stash[_SEEN].append(file_path)
    return CatalogueFile.from_parent(parent, path=file_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test that fails where catalogues are asked for and there is none: what is gone is never green."""
    is_named = config.args_source is pytest.Config.ArgsSource.ARGS
    asked = config.getoption("lean_bridge") or (not is_named and _is_asked(config, config.rootpath))
    if asked and not config.stash[_SEEN]:
        items.append(NoCatalogue.from_parent(session, name="lean-bridge"))


class NoCatalogue(pytest.Item):
    """That no catalogue is collected, though that is asked for."""

    def runtest(self) -> None:
        """Fail."""
        raise LinkError(f"LB902 no {_CATALOGUE} is among what is collected; name the directory that has it")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the message alone."""
        del style
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return what stands for it."""
        return self.config.rootpath, None, "no catalogue"


def _is_asked(config: pytest.Config, root: Path) -> bool:
    if config.getoption("lean_bridge") or config.getini("lean_bridge"):
        return True
    directories = [
        each for each in (root, *root.parents) if any((each / name).is_file() for name in _POLICIES)
    ]
    if not directories:
        return False
    from lean_bridge.library.discovery import repository_of

    top = repository_of(root)
    found = (_asks(each) for each in directories if each.is_relative_to(top))
    return next((asks for asks in found if asks is not None), False)


@cache
def _asks(directory: Path) -> bool | None:
    """Whether the policy in a directory asks for pytest; ``None`` where there is none."""
    from lean_bridge.errors import LeanBridgeError
    from lean_bridge.gate.policy import find_policy

    try:
        found, _ = find_policy(directory, directory)
    except LeanBridgeError as error:
        raise pytest.UsageError(f"{error.code} {error}") from error
    return found.policy.pytest if found is not None else None


class CatalogueFile(pytest.File):
    """The catalogue of one library."""

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        """Yield the declarations, and the verdict on everything. Nothing is judged yet."""
        from lean_bridge.audit.catalogue import read_catalogue
        from lean_bridge.errors import LeanBridgeError
        from lean_bridge.gate.findings import anchors_of
        from lean_bridge.library.discovery import find_library
        from lean_bridge.ui.wording import named

        try:
            root = find_library(self.path.parent).root
            catalogue = read_catalogue(root)
        except LeanBridgeError as error:
            raise self.CollectError(f"{error.code} {error}") from error
        lines = {name: (place.line or 1) - 1 for name, place in anchors_of(root).items()}
        for entry in catalogue.declarations:
            declaration = Declaration.from_parent(
                self,
                name=named(entry.name),
                lean_name=entry.name,
                kind="graph" if entry.graph else entry.kind,
                line=lines.get(entry.name, 0),
            )
            yield declaration
        yield LinkItem.from_parent(self, name="verdict", lean_name=None, line=0)


class Declaration(pytest.Collector):
    """One declaration of a catalogue."""

    def __init__(self, *, lean_name: str, kind: str, line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lean_name, self.kind, self.line = lean_name, kind, line
        self.add_marker(
            "lean_graph" if kind == "graph" else "lean_theorem" if kind == "theorem" else "lean_definition"
        )

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each link that can be asked of it."""
        from lean_bridge.verdict.chain import links_of

        for link in links_of(self.kind, graph=self.kind == "graph"):
            yield LinkItem.from_parent(self, name=link, lean_name=self.lean_name, line=self.line)


class LinkItem(pytest.Item):
    """One link of one declaration; or, without one, the verdict on all of the library."""

    def __init__(self, *, lean_name: str | None, line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lean_name, self.line = lean_name, line
        self.add_marker("lean_bridge")

    def runtest(self) -> None:
        """Look up what the judgement says; the first test of a library has it judged."""
        gates = self.config.stash[_GATES]
        root = self.path.parent
        if root not in gates:
            gates[root] = Looked(_judged(self.config, root))
        found = gates[root]
        if self.lean_name is None:
            found.check_verdict()
        else:
            found.check(self.lean_name, self.name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what Lean or lean-bridge says, as ``file:line:column: error: text``."""
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, LinkError)
            else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the catalogue names it."""
        return self.path, self.line, f"{self.lean_name or 'library'}: {self.name}"


class LinkError(Exception):
    """A link does not hold, or nobody knows."""


class Looked:
    """What a library came to, for its tests to look up."""

    def __init__(self, gate: GateReport) -> None:
        from lean_bridge.gate.junit import cases_of
        from lean_bridge.verdict.chain import status_of

        self._gate = gate
        self._cases: dict[tuple[str, str], Case] = {}
        self._rows: dict[str, StatusRow] = {}
        for library in gate.libraries:
            self._rows |= {row.name: row for row in status_of(library.report, notes=()).rows}
            for case in cases_of(library.report, gate.policy):
                self._cases[case.row.name, case.link] = case

    def check(self, name: str, link: str) -> None:
        """Raise LinkError where a link does not hold; skip what nobody asked and nobody requires."""
        case, row = self._cases.get((name, link)), self._rows.get(name)
        if case is not None and case.outcome == "passed":
            return
        if case is not None and case.outcome == "skipped":
            pytest.skip(case.message)
        if case is None and row is not None and row.state == "green":
            pytest.skip(f"{link}: not asked")
        why = case.message if case is not None else f"{self._gate.code} {self._gate.reason}"
        if case is None and row is not None and row.reason is not None:
            why = f"{row.code} {row.reason}"
        raise LinkError("\n".join((*self._places(name), why)))

    def check_verdict(self) -> None:
        """Raise LinkError unless everything is accepted, under the policy."""
        if self._gate.verdict != "accepted":
            from lean_bridge.gate.text import render_text

            raise LinkError(render_text(self._gate).rstrip("\n"))

    def _places(self, name: str) -> Iterator[str]:
        """Yield the messages that speak of a declaration: at its root, or why nothing is built."""
        from lean_bridge.gate.junit import place_text
        from lean_bridge.ui.wording import named, visible

        row = self._rows.get(name)
        is_unbuilt = row is None or "built" not in row.links or row.links["built"].outcome != "holds"
        for each in self._gate.all_findings:
            if each.level != "error" or each.place is None:
                continue
            is_root = str(each.code).startswith("LB1") or each.code == "LB911"
            if (is_unbuilt and is_root) or named(name) in f"{each.title} {each.message}":
                yield f"{visible(place_text(each))}: error: {visible(each.message)}"


def _judged(config: pytest.Config, root: Path) -> GateReport:
    """Return what a library comes to under its policy; of several processes one judges, for all of them."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None:
        return _judge(root)
    import hashlib

    from filelock import FileLock

    from pybind_models.policy import GateReport

    # pytest's directory is the user's alone; every process of a run has one of its own below the same
    base = config._tmp_path_factory.getbasetemp().parent  # type: ignore[attr-defined]
    key = hashlib.sha256(f"{worker['testrunuid']}\n{root}".encode()).hexdigest()
    path = base / f"lean-bridge-{key}.json"
    with FileLock(f"{path}.lock"):
        if path.is_file():
            return GateReport.model_validate_json(path.read_text(encoding="utf-8"))
        found = _judge(root)
        with tempfile.NamedTemporaryFile("w", dir=base, encoding="utf-8", delete=False) as stream:
            stream.write(found.model_dump_json())
        Path(stream.name).replace(path)
        return found


def _judge(root: Path) -> GateReport:
    import time
    from functools import partial

    from lean_bridge.errors import LeanBridgeError
    from lean_bridge.gate.decide import decide
    from lean_bridge.gate.findings import findings_of
    from lean_bridge.gate.policy import find_policy, in_force
    from lean_bridge.gate.run import Settled, judge
    from lean_bridge.library.discovery import repository_of
    from lean_bridge.project import open_project
    from lean_bridge.verdict.refusal import refused
    from pybind_models.policy import Judged

    started, top = time.monotonic(), repository_of(root)
    try:
        file, passed_over = find_policy(root, top)
        record = in_force(file, {}, top, passed_over)
    except LeanBridgeError as error:
        report = refused(error)
        findings = findings_of(report, ".", root=top)
        found = Judged(place=".", report=report, findings=findings)
        return decide(in_force(None, {}, top, []), [found])
    place = Settled(record, [root], top).place(root)
    judged = judge(partial(open_project, root), root, place, record.policy)
    return decide(record, [judged], time.monotonic() - started)
