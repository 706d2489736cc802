"""A certified graph as one file: what it is, what was said of it, and weights. Nothing in it is believed.

A bundle is a zip archive whose files are not compressed: none unpacks to more than it is. What it says of
itself is a claim, and its graph was not judged where it is read: :meth:`Bundle.check` judges it there, by a
module that is written anew. No object of Python is in it, and none of its Lean is run.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.certify.certify import certify_graph, package_files
from lean_bridge.certify.target import Target
from lean_bridge.codes import Code
from lean_bridge.emit.module import declared_name
from lean_bridge.errors import NoVerdict
from lean_bridge.executor.arrays.on_disk import arrays_of, safetensors_of
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.files import put_at_once, read_file
from lean_bridge.names import PLAIN, listed
from lean_bridge.program import judges
from pybind_models import NOT_JUDGED, DGraph, GraphStanding
from pybind_models.captured import BundleManifest, CertifyReport

SAYS, GRAPH, REPORT, WEIGHTS = "bundle.json", "graph.json", "report.json", "weights.safetensors"
MOST_BYTES: Final = 1 << 32
"""Of a bundle."""
_SAID: Final = r"[\w.<>\- ]{1,200}"
"""What a file or a function may be called in a bundle: it is written into a comment of Lean."""
_ENTRY: Final = r"[\w.'₀-ₜ]{1,200}"
M = TypeVar("M", bound=BaseModel)


class Bundle:
    """A graph that was certified somewhere, with what was said of it there.

    Its standing is *as bundled, not re-checked*, whatever its report says, until ``check`` judges it here.
    """

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        self._files = dict(files)
        self.where = where
        self.says = self._read(SAYS, BundleManifest)
        """What it says of itself: package, origin, outputs, versions and digests."""
        self._look_at_digests()
        self.graph = self._read(GRAPH, DGraph)
        """The graph, which nobody has judged here."""
        self.report = self._read(REPORT, CertifyReport)
        """What it was found to be where it was made, as the file claims."""
        self._look_at_names()
        ranks = {entry.name: len(entry.shape) for entry in self.graph.context}
        held = self._files.get(WEIGHTS)
        self.weights: Mapping[str, Any] = MappingProxyType(
            {} if held is None else arrays_of(held, ranks, f"{where}: {WEIGHTS}")
        )
        """Arrays of NumPy, by the inputs of the graph that they are."""

    def __repr__(self) -> str:
        return f"<Bundle {self.graph.lean_name}: {self.standing.text}>"

    @property
    def standing(self) -> GraphStanding:
        """What is known of the graph here: nothing."""
        return NOT_JUDGED.model_copy(update={"reason": "as bundled, not re-checked"})

    @property
    def to_check(self) -> tuple[str, ...]:
        """What is to be checked again, by whom it matters to: everything that the bundle claims."""
        says, told = self.says, f"`{self.says.name}` in `{self.says.file}`"
        parts = ["that Lean accepts the graph and its certificate: --check DIR, or Bundle.check"]
        parts.append(f"that the graph is {told}: `lean-bridge certify`, where that file is")
        if self.weights:
            parts.append("that the weights are those that were meant: nothing but the file's digest tells")
        files = package_files(self.graph, says.package, told)
        if self._text(f"{says.package}.lean") != files[f"{says.package}.lean"]:
            parts.append("its Lean module, which is not what this version writes of the graph")
        if others := {name for name, found in judges().items() if says.versions.get(name) != found}:
            parts.append(f"what other versions judged: {listed(sorted(others), 8)}")
        return tuple(parts)

    def executable(self) -> ExecutableGraph:
        """Return the graph, ready to be bound, with its standing. Raises: as :class:`ExecutableGraph`."""
        return ExecutableGraph(self.graph, standing=self.standing)

    def bind(self, /, **dims: int) -> BoundGraph:
        """Return the graph at dimensions, ready to run. Raises: as ``ExecutableGraph.bind``."""
        return self.executable().bind(**dims)

    def check(self, directory: Path | str, **how: Any) -> CertifyReport:
        """Judge the graph here: write its module anew into a package, and return what holds of that.

        The function that it was captured from is not run. Accepted, the package has the graph with a standing
        of its own: ``open_project(directory).graph(…)``. Raises: as :func:`.certify.certify_graph`.
        """
        return certify_graph(
            self.graph,
            Path(directory),
            self.says.package,
            file=self.says.file,
            name=self.says.name,
            target=f"{self.where}: {self.says.name}",
            outputs=self.says.outputs,
            **how,
        )

    def save(self, path: Path | str, weights: Mapping[str, Any] | None = None) -> None:
        """Write it to a file, with weights if they are given, by the names of inputs; the old ones else.

        The same content makes the same bytes. Raises: NoVerdict if it cannot be written, or an array is none
        of the graph's inputs; Declined if safetensors is not installed.
        """
        files = dict(self._files)
        if weights is not None:
            files[WEIGHTS] = safetensors_of(weights)
        whole = Bundle(_digested(files, self.says), str(path))
        _write(Path(path), whole._files)

    def _read(self, member: str, model: type[M]) -> M:
        if member not in self._files:
            raise _refused(self.where, f"expected {member} in it, found none")
        try:
            return model.model_validate_json(self._files[member])
        except ValueError as error:
            said = " ".join(str(error).split())
            raise _refused(self.where, f"{member}: {said[:200]}") from None

    def _text(self, member: str) -> str:
        return self._files[member].decode("utf-8", "replace")

    def _look_at_digests(self) -> None:
        expected = {GRAPH, REPORT, CATALOGUE, MANIFEST, f"{self.says.package}.lean"}
        found = self._files.keys() - {SAYS}
        if strange := found - expected - {WEIGHTS}:
            raise _refused(self.where, f"found {min(strange)!r} in it, which no bundle has")
        if missing := expected - found:
            raise _refused(self.where, f"expected {min(missing)} in it, found none")
        if self.says.digests.keys() != found:
            raise _refused(self.where, "the files in it are not those that it was made with")
        for member in sorted(found):
            if hashlib.sha256(self._files[member]).hexdigest() != self.says.digests[member]:
                raise _refused(self.where, f"{member} is not what it was made with")

    def _look_at_names(self) -> None:
        says, graph = self.says, self.graph
        names = [entry.name for entry in graph.entries]
        held = [
            *((PLAIN, each) for each in (says.package, graph.lean_name, *graph.dims, *graph.scalars)),
            *((_SAID, each) for each in (says.file, says.name)),
            *((_ENTRY, each) for each in names),
        ]
        for allowed, name in held:
            if not re.fullmatch(allowed, name):
                raise _refused(self.where, f"{name[:40]!r} is no name that a captured graph has")
        declared = f"{says.package}.{declared_name(graph)}"
        if not set(says.outputs) <= set(names) or self.report.graph != declared:
            raise _refused(self.where, "its report is not of its graph")


def load(path: Path | str) -> Bundle:
    """Return what a bundle holds, which is whole and not yet judged here.

    Raises: NoVerdict for a file that is cut short, was changed after it was made, or is no bundle;
    ProjectNotFound if it cannot be read; Declined for weights where safetensors is not installed.
    """
    content = read_file(Path(path), max_bytes=MOST_BYTES, follows_links=True)
    where, files = str(path), dict[str, bytes]()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(each.file_size for each in members) > len(content):
                raise ValueError("its files are larger than it is")
            for each in members:
                if each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1 or each.filename in files:
                    raise ValueError(f"{each.filename[:80]!r} is packed, locked or there twice")
                files[each.filename] = archive.read(each)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused(where, " ".join(str(error).split())) from None
    return Bundle(files, where)


def write_bundle(path: Path, report: CertifyReport, captured: Target, directory: Path, package: str) -> None:
    """Write what a captured function was certified as, from its package.

    Raises: NoVerdict; ProjectNotFound.
    """
    files = {name: read_file(directory / name) for name in (f"{package}.lean", CATALOGUE, MANIFEST)}
    files[GRAPH] = captured.model.model_dump_json(indent=2).encode()
    files[REPORT] = report.replaced(package=package).model_dump_json(indent=2).encode()
    says = BundleManifest(
        package=package,
        file=captured.file,
        name=captured.name,
        outputs=tuple(captured.outputs),
        constants=dict(captured.constants),
        versions=judges(),
        digests={},
    )
    _write(path, Bundle(_digested(files, says), str(path))._files)


def _digested(files: Mapping[str, bytes], says: BundleManifest) -> dict[str, bytes]:
    """Return the files of a bundle, with what it says of itself."""
    others = {name: files[name] for name in sorted(files) if name != SAYS}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in others.items()}
    return {SAYS: says.replaced(digests=digests).model_dump_json(indent=2).encode(), **others}


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    try:
        with put_at_once(path) as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)  # of one date, whenever it is written
    except OSError as error:
        raise NoVerdict(f"{path}: cannot be written: {error.strerror}; nothing new is in it") from error


def _refused(where: str, why: str) -> NoVerdict:
    return NoVerdict(f"{where}: no bundle that is whole: {why}", code=Code.BUNDLE)
