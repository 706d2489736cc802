"""The catalogue of a Lean library as tests: one for each declaration and link, by one judgement for all.

Nothing is collected unless a catalogue is there and asked for: by ``--lean-bridge``, by ``lean_bridge =
true`` among pytest's own settings, or by ``pytest = true`` in the policy of ``lean-bridge gate``, under which
everything is judged. Of a library that has none there is a test for each module, where its policy says that
what is not pinned may pass. A link that nobody requires and that was not asked is skipped, with why; whatever
else has no verdict fails. Nothing but pytest is imported until then.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from lean_bridge.build.modules import Sources
    from lean_bridge.gate.as_tests import Looked
    from lean_bridge.gate.policy import PolicyFile
    from lean_bridge.gate.run import Settled
    from pybind_models.policy import GateReport

_CATALOGUE: Final = "catalogue.toml"
_LAKEFILES: Final = ("lakefile.toml", "lakefile.lean")
_POLICIES: Final = ("lean-bridge.toml", "pyproject.toml")
_TRACES: Final = ("lakefile.toml", "certified.toml")
"""Files of which each says that a library stands where a policy asks for one."""
_PINS: Final = "certified.toml"
_WHOLE: Final = "or have a library without one judged whole, by `unpinned = true` of its policy"
_MARKS: Final = {
    "lean_bridge": "a declaration of a Lean library, and a link of what is known of it",
    "lean_theorem": "of a theorem",
    "lean_definition": "of a definition or a type",
    "lean_graph": "of a graph",
}
_GATES: Final = pytest.StashKey[dict[tuple[Path | None, tuple[Path, ...]], "GateReport"]]()
_LOOKED: Final = pytest.StashKey[dict[Path, "Looked"]]()
_READ: Final = pytest.StashKey[dict[Path, "PolicyFile | None"]]()
"""The policies of directories, each read once."""
_SEEN: Final = pytest.StashKey[list[Path]]()
_MET: Final = pytest.StashKey[set[Path]]()
"""The directories with a policy, or with a manifest, that collection came through."""


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
    config.stash[_LOOKED] = {}
    config.stash[_READ] = {}
    config.stash[_SEEN] = []
    config.stash[_MET] = set()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a catalogue, or the modules of a library that has none, if it is asked for."""
    root = file_path.parent
    if file_path.name in (*_POLICIES, _PINS):
        parent.config.stash[_MET].add(root)
    if file_path.name in _LAKEFILES and _is_whole(parent.config, file_path):
        parent.config.stash[_SEEN].append(file_path)
        return WholeFile.from_parent(parent, path=file_path)
    if file_path.name != _CATALOGUE or not _is_ours(file_path) or not _is_asked(parent.config, root):
        return None
    parent.config.stash[_SEEN].append(file_path)
    return CatalogueFile.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a link that is skipped where the catalogue names it, as any other, and not at a line of ours."""
    report = yield
    if isinstance(item, LinkItem) and report.skipped and isinstance(report.longrepr, tuple):
        path, line, _ = item.reportinfo()
        report.longrepr = str(path), (line or 0) + 1, report.longrepr[2]
    return report


def _is_whole(config: pytest.Config, lakefile: Path) -> bool:
    """Whether a lakefile is that of a library without a catalogue, and this library itself is asked for.

    Libraries without one that merely lie around, as packages that others require, are not; and where nobody
    lets pass what is not pinned, a catalogue that is not there is one that is gone.
    """
    root = lakefile.parent
    if (root / _CATALOGUE).exists() or not _is_asked(config, root):
        return False
    policy = _policy_of(config, root)
    if policy is None or not policy.policy.unpinned:
        return False
    if lakefile.name == _LAKEFILES[1] and (root / _LAKEFILES[0]).exists():
        return False
    from lean_bridge.library.discovery import is_without_catalogue

    is_named = config.args_source is pytest.Config.ArgsSource.ARGS
    places = _named_places(config) if is_named else [config.rootpath, config.invocation_params.dir]
    meant = {lakefile.resolve(), root.resolve()}
    if root.name == "lean":
        meant.add(root.parent.resolve())
    is_meant = any(place in meant for place in places) or root in _wanted(config, places)
    return is_meant and is_without_catalogue(root)


def _is_ours(path: Path) -> bool:
    """Whether a file of a catalogue's name is one, and not another program's."""
    if any((path.parent / name).is_file() for name in (*_TRACES, "lakefile.lean", "lean-toolchain")):
        return True
    try:
        return b"declaration" in path.read_bytes()
    except OSError:
        return True  # which is told when it is collected


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test that fails where catalogues are asked for and there is none: what is gone is never green."""
    is_named = config.args_source is pytest.Config.ArgsSource.ARGS
    seen = {path.parent.resolve() for path in config.stash[_SEEN]}
    places = _named_places(config) if is_named else []
    missing = [
        root
        for root in sorted(_wanted(config, places))
        if root.resolve() not in seen and (not is_named or _is_meant(root, places))
    ]
    items += [NoCatalogue.from_parent(session, name=f"lean-bridge: {root}", root=root) for root in missing]
    asked = config.getoption("lean_bridge") or (not is_named and _is_asked(config, config.rootpath))
    if asked and not seen and not missing:
        items.append(NoCatalogue.from_parent(session, name="lean-bridge", root=None))


def _named_places(config: pytest.Config) -> list[Path]:
    """Return the directories and files that the command line names."""
    return [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]


def _is_meant(root: Path, places: list[Path]) -> bool:
    """Whether what is named holds a library; or lies in one whose catalogue is gone."""
    where = root.resolve()
    is_gone = not (root / _CATALOGUE).is_file()
    return any(where.is_relative_to(place) or (is_gone and place.is_relative_to(where)) for place in places)


def _wanted(config: pytest.Config, places: list[Path]) -> set[Path]:
    """Return the libraries that policies name under which pytest is asked for their catalogues."""
    starts = {config.rootpath, config.invocation_params.dir, *places, *config.stash[_MET]}
    directories = {each for start in starts for each in (start, *start.parents)}
    is_asked = bool(config.getoption("lean_bridge") or config.getini("lean_bridge"))
    found = {each for each in config.stash[_MET] if (each / _PINS).is_file() and _is_asked(config, each)}
    files = [each for each in directories if any(_may_hold(each / name) for name in _POLICIES)]
    if not files:
        return found
    tops = {start: _top(config, start) for start in starts}
    from lean_bridge.gate.policy import libraries_of
    from lean_bridge.gate.run import root_of

    for directory in files:
        if not any(
            start.is_relative_to(directory) and directory.is_relative_to(top) for start, top in tops.items()
        ):
            continue  # beyond the repository
        file = _policy_in(config, directory)
        if file is None or not (is_asked or file.policy.pytest):
            continue
        with _as_usage():
            named = libraries_of(file.policy, file, _top(config, directory))
        found |= set(map(root_of, named))
        if not named:
            near = (directory, directory / "lean")
            found |= set([each for each in near if any((each / name).is_file() for name in _TRACES)][:1])
    return found


def _may_hold(path: Path) -> bool:
    """Whether a file may hold a policy: cheaper than to read it."""
    try:
        return path.is_file() and (path.name == _POLICIES[0] or b"lean-bridge" in path.read_bytes())
    except OSError:
        return False


class NoCatalogue(pytest.Item):
    """That no catalogue is collected, though that is asked for."""

    def __init__(self, *, root: Path | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.root = root

    def runtest(self) -> None:
        """Fail."""
        from lean_bridge.gate.as_tests import LinkError

        if self.root is None:
            raise LinkError(
                f"LB902 no {_CATALOGUE} is among what is collected; name the directory that has it, {_WHOLE}"
            )
        path = self.root / _CATALOGUE
        why = (
            "is not among what is collected; name its directory"
            if path.is_file()
            else f"there is no such file; write it, {_WHOLE}"
        )
        raise LinkError(f"LB902 {path}: {why}; the library is to be judged")

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
    file = _policy_of(config, root)
    return file is not None and file.policy.pytest


def _policy_of(config: pytest.Config, root: Path) -> PolicyFile | None:
    """Return the policy in force for a library, if there is one."""
    directories = [
        each for each in (root, *root.parents) if any(_may_hold(each / name) for name in _POLICIES)
    ]
    if not directories:
        return None
    top = _top(config, root)
    found = (_policy_in(config, each) for each in directories if each.is_relative_to(top))
    return next((file for file in found if file is not None), None)


def _top(config: pytest.Config, root: Path) -> Path:
    """Return the top of the repository as of a library and of where pytest runs."""
    from lean_bridge.library.discovery import top_around

    return top_around(root, config.rootpath, config.invocation_params.dir)


@contextmanager
def _as_usage() -> Iterator[None]:
    """Have pytest stop, with the message, at a policy that is none."""
    from lean_bridge.errors import LeanBridgeError

    try:
        yield
    except LeanBridgeError as error:
        raise pytest.UsageError(f"{error.code} {error}") from error


def _policy_in(config: pytest.Config, directory: Path) -> PolicyFile | None:
    """Return the policy in a directory, if there is one."""
    read = config.stash[_READ]
    if directory not in read:
        from lean_bridge.gate.policy import find_policy

        with _as_usage():
            read[directory], _ = find_policy(directory, directory)
    return read[directory]


class CatalogueFile(pytest.File):
    """The catalogue of one library."""

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        """Yield the declarations, and the verdict on everything. Nothing is judged yet."""
        from lean_bridge.audit.catalogue import read_catalogue
        from lean_bridge.audit.manifest import read_manifest
        from lean_bridge.errors import LeanBridgeError
        from lean_bridge.gate.findings import anchors_of
        from lean_bridge.library.discovery import find_library
        from lean_bridge.ui.wording import named

        try:
            root = find_library(self.path.parent).root
            catalogue, manifest = read_catalogue(root), read_manifest(root)
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
        named_here = {entry.name for entry in catalogue.declarations}
        for pinned in manifest.declarations if manifest is not None else ():
            if pinned.name not in named_here:  # it is gone, and what selects it must not be green
                kind = "graph" if pinned.graph else pinned.kind
                yield Declaration.from_parent(
                    self, name=named(pinned.name), lean_name=pinned.name, kind=kind, line=0
                )
        yield LinkItem.from_parent(self, name="verdict", lean_name=None, line=0)


class WholeFile(pytest.File):
    """The lakefile of a library without a catalogue."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the modules, and the verdict on everything. Nothing is judged yet."""
        from lean_bridge.errors import LeanBridgeError

        try:
            sources = _sources_of(self.path.parent)
        except LeanBridgeError as error:
            raise self.CollectError(f"{error.code} {error}") from error
        for module in sorted(sources.own):
            source = self.path.parent / sources.texts[module].file
            yield ModuleItem.from_parent(self, name=module, source=source)
        yield LinkItem.from_parent(self, name="verdict", lean_name=None, line=0)


def _sources_of(root: Path) -> Sources:
    """Return the sources of a library, of a lakefile that is a program as the Lake that is to build it says.

    Raises: ProjectNotFound; ToolchainError where Lake does not say.
    """
    from lean_bridge.build.modules import read_sources
    from lean_bridge.errors import ProjectNotFound, ToolchainNotFound
    from lean_bridge.project import Project
    from lean_bridge.toolchain.lake import translator

    try:
        return read_sources(root)
    except ProjectNotFound as refusal:
        try:
            translate = translator(Project(root).toolchain(install=False))
        except ToolchainNotFound:
            raise refusal from None
        if translate is None:
            raise
        return read_sources(root, translate=translate)


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
        found = _looked_up(self.config, self.path.parent)
        if self.lean_name is None:
            found.check_verdict()
        else:
            found.check(self.lean_name, self.name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what Lean or lean-bridge says, as ``file:line:column: error: text``."""
        from lean_bridge.gate.as_tests import LinkError

        return (
            str(excinfo.value)
            if isinstance(excinfo.value, LinkError)
            else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the catalogue names it."""
        return self.path, self.line, f"{self.lean_name or 'library'}: {self.name}"


class ModuleItem(LinkItem):
    """One module of a library without a catalogue: all that it declares."""

    def __init__(self, *, source: Path, **kwargs: Any) -> None:
        super().__init__(lean_name=None, line=0, **kwargs)
        self.source = source

    def runtest(self) -> None:
        """Look up what the judgement says of it."""
        _looked_up(self.config, self.path.parent).check_module(self.name)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return its source."""
        return self.source, 0, self.name


def _looked_up(config: pytest.Config, root: Path) -> Looked:
    """Return what a library came to; whoever asks first has it judged."""
    from lean_bridge.gate.as_tests import Looked

    looked = config.stash[_LOOKED]
    if root not in looked:
        gate, place = _gate_of(config, root)
        looked[root] = Looked(gate, place)
    return looked[root]


def _gate_of(config: pytest.Config, root: Path) -> tuple[GateReport, str | None]:
    """Return what the libraries under the policy of one come to together, and where that one lies.

    Without a place no library was judged.
    """
    import time

    from lean_bridge.errors import LeanBridgeError
    from lean_bridge.gate.run import refusal

    started = time.monotonic()
    try:
        settled, key = _settled(config, root)
    except LeanBridgeError as error:
        return refusal(error, root), None
    gates = config.stash[_GATES]
    if key not in gates:
        gates[key] = _judged(config, settled, started)
    return gates[key], settled.place(root)


def _settled(config: pytest.Config, root: Path) -> tuple[Settled, tuple[Path | None, tuple[Path, ...]]]:
    """Return what is judged with a library: what its policy names, and what is collected under that.

    Raises: PolicyError.
    """
    from lean_bridge.gate.policy import find_policy, in_force, libraries_of, policies_beside
    from lean_bridge.gate.run import Settled, root_of

    top = _top(config, root)
    file, passed_over = find_policy(root, top)
    named: list[Path] = []
    if file is not None:
        named = list(map(root_of, libraries_of(file.policy, file, top)))
        policies_beside(file, named, top)
    libraries = {each.resolve(): each for each in named}
    for other in sorted({path.parent for path in config.stash[_SEEN]}):
        theirs, _ = find_policy(other, _top(config, other)) if other != root else (file, passed_over)
        is_of_it = theirs is not None and file is not None and theirs.path == file.path
        if other == root or is_of_it:
            libraries.setdefault(other.resolve(), other)
    roots = tuple(libraries.values())
    record = in_force(file, {}, top, passed_over)
    return Settled(record, roots, top), (file.path if file is not None else None, roots)


def _judged(config: pytest.Config, settled: Settled, started: float) -> GateReport:
    """Return what libraries come to; of several processes one judges, for all of them."""
    import hashlib

    from lean_bridge.gate.as_tests import judged

    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    paths = getattr(config, "_tmp_path_factory", None)
    if worker is None or paths is None:
        return judged(settled, started)
    # pytest's directory is the user's alone; every process of a run has one of its own below the same
    about = "\n".join(map(str, (worker["testrunuid"], settled.record.file, *settled.libraries)))
    name = f"lean-bridge-{hashlib.sha256(about.encode()).hexdigest()}.json"
    return judged(settled, started, shared=paths.getbasetemp().parent / name)
