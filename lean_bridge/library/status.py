"""Where a library stands: how it was judged last, and what has changed since, looked at without any Lean.

The judgement is kept with digests of all that it was given about. It holds for nothing else: whatever has
changed since makes stale what rests on it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from pydantic import ValidationError

from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.build.lakefile import lakefile_in
from lean_bridge.build.modules import Sources, read_sources, with_imports
from lean_bridge.build.packages import SourceText
from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import decoded, read_below, user_directory
from lean_bridge.library.discovery import TOOLCHAIN
from lean_bridge.names import listed
from lean_bridge.program import OF_NUMBERS, SELF, judges
from lean_bridge.sealed import Seal, user_seal
from lean_bridge.toolchain.find import find_toolchain
from pybind_models import Model
from pybind_models.status import StatusReport, StatusRow

if TYPE_CHECKING:
    from pybind_models.catalogue import Catalogue, CatalogueEntry
    from pybind_models.manifest import Manifest

_FILES: Final = (LAKEFILE, PROGRAM, TOOLCHAIN, CATALOGUE, MANIFEST)

Digests: TypeAlias = dict[str, str]


class Basis(Model):
    """What a judgement is given about, by content."""

    judge: Digests
    """The program by its content, and the packages that it judges with by their versions."""
    lean: str
    files: Digests
    """The lakefile, the toolchain, the catalogue and the manifest, by their names."""
    entries: Digests
    """Of the catalogue, by the names of the declarations; what is not of one of them is under ``""``."""
    pins: Digests
    """Of the manifest, likewise."""
    modules: Digests
    """Of every source with its options, by its module."""


class Grounds(Model):
    """What the judgement of a whole library is about, and what of that each row rests on."""

    at: float
    """When it was given, in seconds since 1970."""
    basis: Basis
    imports: dict[str, tuple[str, ...]]
    """The modules of the library that each of them imports."""
    places: dict[str, tuple[str, ...]]
    """The modules that each row rests on, with what they import; on all, if it is not here."""

    def rests_on(self, name: str) -> Collection[str]:
        """Return the modules that a row rests on."""
        if name not in self.places:
            return self.basis.modules
        return with_imports(self.places[name], lambda module: self.imports.get(module, ()))


class Judged(Grounds):
    """A judgement as ``status`` shows it, without its report."""

    status: StatusReport
    """Where the library stood when it was given."""


class Withdrawal(Model):
    """Why a judgement was taken back, in its place."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not as it was when a library was judged."""

    everything: tuple[str, ...] = ()
    """What concerns all rows, a line each."""
    graphs: tuple[str, ...] = ()
    """What concerns graphs alone: by what their numbers are compared."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """What concerns single rows: by their names."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """What became of modules."""
    lines: tuple[str, ...] = ()
    """All of it, a line each."""


def basis_of(
    sources: Sources,
    lean: str,
    contents: Mapping[str, bytes],
    catalogue: Catalogue | None,
    manifest: Manifest | None,
) -> Basis:
    """Return what a judgement of a library as it was read is about.

    ``contents`` are those of toolchain, catalogue and manifest, by their names.
    """
    files = {name: content for name, content in contents.items() if name in _FILES}
    return Basis(
        judge=judges(),
        lean=lean,
        files={
            name: _digest(content)
            for name, content in {**files, sources.lakefile.file: sources.lakefile.content}.items()
        },
        entries=_entries(catalogue),
        pins=_pins(manifest),
        modules=_modules(sources.texts),
    )


def read_status(root: Path) -> StatusReport:
    """Return where the library at ``root`` stands: its last judgement, and what of it is out of date.

    Nothing is compiled, and no Lean is started.
    Raises: ProjectNotFound if there is no judgement, and the catalogue cannot be read either.
    """
    seal = user_seal()
    judgement = judged(root, seal)
    if judgement is None:
        return _not_judged(root, seal.note, _withdrawal(root, seal))
    status = judgement.status.replaced(age=max(time.time() - judgement.at, 0.0))
    return _as_of_now(status, judgement, changes(root, judgement.basis))


def judged(root: Path, seal: Seal) -> Judged | None:
    """Return how the library at ``root`` was judged last, if that is kept as this program writes it."""
    payload = seal.kept(record(root), of_judgement(root))
    try:
        return Judged.model_validate_json(payload.partition(b"\n")[0]) if payload is not None else None
    except ValidationError:  # of another version of this program
        return None


def _withdrawal(root: Path, seal: Seal) -> Withdrawal | None:
    payload = seal.kept(record(root), of_withdrawal(root))
    try:
        return Withdrawal.model_validate_json(payload) if payload is not None else None
    except ValidationError:
        return None


def _as_of_now(status: StatusReport, judgement: Judged, found: Changes) -> StatusReport:
    """Return the status of what was judged as far as nothing that it rests on has changed."""
    if not found.lines:
        return status
    rows = [_as_now(row, judgement, found) for row in status.rows]
    known = {row.name for row in rows}
    rows += [
        StatusRow(
            name=name, group="not judged yet", kind=None, state="open", reason=why, code=Code.NOTHING_CHECKED
        )
        for name, why in found.entries.items()
        if name not in known
    ]
    return status.replaced(
        verdict="no verdict",
        reason=f"it was {status.verdict}, but since then {listed(found.lines)}; run `lean-bridge verify`",
        code=Code.STALE,
        changed=found.lines,
        rows=tuple(rows),
    )


def _as_now(row: StatusRow, judgement: Judged, found: Changes) -> StatusRow:
    """Return a row as it was judged, or as stale if anything has changed that it rests on."""
    why = [*found.everything, *(found.graphs if row.kind == "graph" else ())]
    if row.name in found.entries:
        why.append(found.entries[row.name])
    below = judgement.rests_on(row.name) if found.modules else ()
    why += [said for module, said in found.modules.items() if module in below]
    if not why:
        return row
    return row.replaced(
        state="stale",
        reason=f"not judged again since {listed(why, 2)}",
        code=Code.STALE,
        links={name: link.replaced(outcome="stale") for name, link in row.links.items()},
    )


def _not_judged(root: Path, note: str | None, withdrawal: Withdrawal | None) -> StatusReport:
    declarations: tuple[CatalogueEntry, ...] = ()
    if os.path.lexists(root / CATALOGUE):
        declarations = parse_catalogue(root / CATALOGUE, read_below(root, root / CATALOGUE)).declarations
    why = withdrawal.reason if withdrawal is not None else "no judgement of this library is kept here"
    return StatusReport(
        verdict="no verdict",
        reason=f"{why}; run `lean-bridge verify`",
        code=withdrawal.code if withdrawal is not None else Code.NOTHING_CHECKED,
        rows=tuple(
            StatusRow(
                name=entry.name,
                group=entry.group,
                kind="graph" if entry.graph else entry.kind,
                state="open",
                reason="not judged yet" if withdrawal is None else "not judged by the last run",
                code=Code.NOTHING_CHECKED,
            )
            for entry in declarations
        ),
        notes=(note,) if note else (),
    )


def changes(root: Path, then: Basis) -> Changes:
    """Return what of a library is not as it was.

    What cannot be read or understood any more is a change that concerns everything.
    """
    everything: list[str] = []
    entries: dict[str, str] = {}
    modules: dict[str, str] = {}
    lines: list[str] = []
    others = dict(_other_judges(then.judge))
    graphs = [said for name, said in others.items() if name in OF_NUMBERS]
    everything += [said for name, said in others.items() if name not in OF_NUMBERS]
    try:
        files = dict(_files(root))
        everything += [
            _became(name, then.files.get(name), _digest_of(files.get(name)))
            for name in (LAKEFILE, PROGRAM, TOOLCHAIN)
            if then.files.get(name) != _digest_of(files.get(name))
        ]
        for name, before, parse in (
            (CATALOGUE, then.entries, _catalogue_digests),
            (MANIFEST, then.pins, _manifest_digests),
        ):
            if then.files.get(name) == _digest_of(files.get(name)):
                continue
            now = parse(root / name, files.get(name))
            verb = _became(name, then.files.get(name), _digest_of(files.get(name)))
            if now.get("") != before.get(""):
                everything.append(verb)
                continue
            lines.append(verb)
            differing = {each for each in now.keys() | before.keys() if now.get(each) != before.get(each)}
            entries |= {
                each: verb if each in before else f"{verb}, and has it now" for each in sorted(differing)
            }
        texts = read_sources(root, also=then.modules).texts
        now = _modules(texts)
        for module in sorted(now.keys() | then.modules.keys()):
            if now.get(module) != then.modules.get(module):
                place = texts[module].file if module in texts else module
                modules[module] = _became(place, then.modules.get(module), now.get(module))
        lean = find_toolchain(decoded(root / TOOLCHAIN, files[TOOLCHAIN]), install=False, asks=False)
        if lean.info.identity != then.lean:
            everything.append(f"Lean is another one, {lean.info.version} ({lean.info.provider})")
    except LeanBridgeError as error:
        everything.append(str(error))
    return Changes(
        everything=tuple(everything),
        graphs=tuple(graphs),
        entries=entries,
        modules=modules,
        lines=(*everything, *graphs, *modules.values(), *lines),
    )


def _other_judges(then: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what judges now and is not what judged then, and how it differs."""
    now = judges()
    for name in dict.fromkeys((*now, *then)):
        before, after = then.get(name, ""), now.get(name, "")
        if before == after:
            continue
        if name == SELF:
            yield name, "lean-bridge itself is another one"
        else:
            yield name, f"{name} is {after or 'not installed'}, and was {before or 'not installed'}"


def _became(what: str, before: str | None, now: str | None) -> str:
    verb = "is gone" if now is None else "is new" if before is None else "changed"
    return f"{what} {verb}"


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for name in _FILES:
        is_other = name in (LAKEFILE, PROGRAM) and name != lakefile_in(root)
        is_optional = is_other or name in (CATALOGUE, MANIFEST)
        if not is_optional or os.path.lexists(root / name):
            yield name, read_below(root, root / name)


def _catalogue_digests(path: Path, content: bytes | None) -> Digests:
    return _entries(parse_catalogue(path, content)) if content is not None else {}


def _manifest_digests(path: Path, content: bytes | None) -> Digests:
    return _pins(parse_manifest(path, content) if content is not None else None)


def _entries(catalogue: Catalogue | None) -> Digests:
    if catalogue is None:
        return {}
    found = {each.name: _digest(each.model_dump_json().encode()) for each in catalogue.declarations}
    return found | {"": _digest(catalogue.model_dump_json(exclude={"declarations"}).encode())}


def _pins(manifest: Manifest | None) -> Digests:
    if manifest is None:
        return {}
    found = {each.name: _digest(each.model_dump_json().encode()) for each in manifest.declarations}
    return found | {"": _digest(manifest.model_dump_json(exclude={"declarations"}).encode())}


def _modules(texts: Mapping[str, SourceText]) -> Digests:
    return {
        module: _digest(
            f"{text.file}\n{text.options}\n".encode("utf-8", "surrogateescape")
            + (text.content if text.refused is None else b"\xff" + str(text.refused).encode(errors="replace"))
        )
        for module, text in texts.items()
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(content: bytes | None) -> str | None:
    return _digest(content) if content is not None else None


def record(root: Path) -> Path:
    """Return where the last judgement of the library at ``root`` is kept, if there is one."""
    name = _digest(os.fsencode(root.resolve()))
    return user_directory("data") / "judgements" / f"{name}.sealed"


def of_judgement(root: Path) -> str:
    """Return what the record of a judgement is sealed as."""
    return f"judgement of {root.resolve()}"


def of_withdrawal(root: Path) -> str:
    """Return what the record of why there is no judgement is sealed as."""
    return f"why there is no judgement of {root.resolve()}"
