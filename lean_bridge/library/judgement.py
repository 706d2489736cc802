"""The last judgement of a library: written down by ``verify``, looked at by ``status`` without any Lean.

It is kept with the user's data under the user's seal, for the root of the library, with digests of all that
it was given about. It holds for nothing else: whatever has changed since makes stale what rests on it.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import ValidationError

from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.build.lakefile import LAKEFILE, PROGRAM, lakefile_in
from lean_bridge.build.modules import Sources, read_sources, with_imports
from lean_bridge.build.packages import SourceText
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.errors import LeanBridgeError, NotCatalogued, as_told
from lean_bridge.files import decoded, read_below, user_directory
from lean_bridge.library.discovery import TOOLCHAIN
from lean_bridge.names import did_you_mean, last_component, listed, suggestion
from lean_bridge.program import OF_NUMBERS, SELF, judges
from lean_bridge.sealed import Seal, user_seal
from lean_bridge.toolchain.find import find_toolchain
from lean_bridge.verdict.chain import status_of
from pybind_models import Model, VerifyReport
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.manifest import Manifest
from pybind_models.status import StatusReport, StatusRow

_MOST_KEPT: Final = 64
"""Libraries whose last judgement is kept; that of the one judged longest ago is forgotten first."""

_FILES: Final = (LAKEFILE, PROGRAM, TOOLCHAIN, CATALOGUE, MANIFEST)

Digests: TypeAlias = dict[str, str]
Notes: TypeAlias = Callable[[VerifyReport], Iterable[str]]


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


class Judgement(Model):
    """A report on a whole library, what it is about, and what of that each row rests on."""

    at: float
    """When it was given, in seconds since 1970."""
    basis: Basis
    imports: dict[str, tuple[str, ...]]
    """The modules of the library that each of them imports."""
    places: dict[str, tuple[str, ...]]
    """The modules that each row rests on, with what they import; on all, if it is not here."""
    report: VerifyReport

    def rests_on(self, name: str) -> Collection[str]:
        """Return the modules that a row rests on."""
        if name not in self.places:
            return self.basis.modules
        return with_imports(self.places[name], lambda module: self.imports.get(module, ()))


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


@contextmanager
def unless_judged(root: Path, *, is_whole: bool) -> Iterator[None]:
    """Take the last judgement of a library back where judging the whole of it anew comes to no end."""
    try:
        yield
    except Exception as error:
        if is_whole:
            code, said = told_of(error, root)
            withdraw(root, code, f"the last run failed before it judged: {said}")
        raise


def told_of(error: Exception, root: Path) -> tuple[Code, str]:
    """Return an error's code and what it says, with the files of a library as they are called in it."""
    if (told := as_told(error)) is not None:
        return told.code, str(told).replace(f"{root}/", "")
    fault = Code.OUR_FAULT
    return fault, f"{EXPLANATIONS[fault].title}: {type(error).__name__}: {error}"


def write_down(root: Path, judgement: Judgement, *, is_whole: bool) -> str | None:
    """Keep a judgement of the whole; one of a part takes back that of the whole which it contradicts.

    Returns why an earlier one, which is none any more, could not be removed.
    """
    if is_whole:
        return keep(root, judgement)
    report = judgement.report
    earlier = recall(root) if report.verdict != "accepted" else None
    if earlier is None or earlier.basis != judgement.basis:
        return None
    said = f"a later run of a part did not accept what the last one had judged: {report.reason}"
    return withdraw(root, report.code or Code.NOTHING_CHECKED, said)


def keep(root: Path, judgement: Judgement) -> str | None:
    """Write a judgement down in place of the one before, and return why that one cannot go, if so.

    Where none can be kept, there is none.
    """
    if (why := forget(root)) is not None:
        return why
    seal, path = user_seal(), record(root)
    seal.keep(path, _context(root), judgement.model_dump_json().encode())
    with suppress(OSError):
        kept = sorted(path.parent.glob("*.sealed"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[_MOST_KEPT:]:
            old.unlink()
    return None


def withdraw(root: Path, code: str, reason: str) -> str | None:
    """Write down in place of the last judgement why there is none, and return why it cannot go, if so."""
    if (why := forget(root)) is None:
        payload = Withdrawal(code=code, reason=reason).model_dump_json().encode()
        user_seal().keep(record(root), _withdrawn(root), payload)
    return why


def forget(root: Path) -> str | None:
    """Make the judgement of a library void, and return why that cannot be, if so."""
    path = record(root)
    try:
        if path.is_absolute():  # else there is no home, and nothing was kept
            path.unlink(missing_ok=True)
    except NotADirectoryError:
        return None
    except OSError as error:
        return (
            f"the last judgement stays as it was: {error.filename}: {error.strerror}; "
            "`lean-bridge status` shows an older one"
        )
    return None


def recall(root: Path, seal: Seal | None = None) -> Judgement | None:
    """Return the last judgement of the library at ``root``, if there is one that this program wrote."""
    payload = (seal or user_seal()).kept(record(root), _context(root))
    try:
        return Judgement.model_validate_json(payload) if payload is not None else None
    except ValidationError:  # as another version of this program wrote it
        return None


def _withdrawal(root: Path, seal: Seal) -> Withdrawal | None:
    payload = seal.kept(record(root), _withdrawn(root))
    try:
        return Withdrawal.model_validate_json(payload) if payload is not None else None
    except ValidationError:
        return None


def read_status(root: Path, notes: Notes = lambda report: report.notes) -> StatusReport:
    """Return where the library at ``root`` stands: its last judgement, and what of it is out of date.

    Nothing is compiled, and no Lean is started. ``notes`` says what a reader must know beside a report.
    Raises: ProjectNotFound if there is no judgement, and the catalogue cannot be read either.
    """
    seal = user_seal()
    judgement = recall(root, seal)
    if judgement is None:
        return _not_judged(root, seal.note, _withdrawal(root, seal))
    age = max(time.time() - judgement.at, 0.0)
    status = status_of(judgement.report, notes=notes(judgement.report)).replaced(age=age)
    return _as_of_now(status, judgement, changes(root, judgement.basis))


def _as_of_now(status: StatusReport, judgement: Judgement, found: Changes) -> StatusReport:
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


def _as_now(row: StatusRow, judgement: Judgement, found: Changes) -> StatusRow:
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


def _context(root: Path) -> str:
    return f"judgement of {root.resolve()}"


def _withdrawn(root: Path) -> str:
    return f"why there is no judgement of {root.resolve()}"


def check_chosen(rows: Collection[StatusRow], names: Collection[str], *, group: str | None) -> None:
    """Refuse names and a group, where there are rows, that none of these has: see :func:`chosen_rows`.

    Raises: NotCatalogued.
    """
    if not rows:  # nothing is known of the library, and that is told
        return
    groups = [row.group for row in rows]
    if group is not None and not chosen_rows(rows, (), group=group, leave_out=()):
        near = did_you_mean(group, _words(groups)) or f"; {suggestion(group, groups)}"
        raise NotCatalogued(f"no group has {group!r} in its name{near}")
    for name in names:
        if not chosen_rows(rows, (name,), group=None, leave_out=()):
            near = like(rows, name) or "; `lean-bridge list` has them all"
            raise NotCatalogued(f"no row has {name!r} in its name or group{near}")
    if not chosen_rows(rows, names, group=group, leave_out=()):
        raise NotCatalogued(
            f"no row of a group with {group!r} has {' or '.join(map(repr, names))} in its name"
        )


def like(rows: Iterable[StatusRow], name: str) -> str:
    """Return the end of a message about a name that no row has: what may be meant, if anything is near."""
    named = {last_component(row.name): row.group for row in rows}
    return did_you_mean(name, [*named, *_words(named.values())])


def _words(groups: Iterable[str]) -> Iterator[str]:
    for group in dict.fromkeys(groups):
        yield from (group, *re.findall(r"\w+", group), *re.findall(r"[A-Z][a-z]+", group))


def chosen_rows(
    rows: Iterable[StatusRow], names: Collection[str], *, group: str | None, leave_out: Collection[str]
) -> list[StatusRow]:
    """Return the rows with one of ``names`` in their name or group, in a group, and not in some states."""
    wanted = [name.casefold() for name in names]
    return [
        row
        for row in rows
        if row.state not in leave_out
        and (group is None or group.casefold() in row.group.casefold())
        and (not wanted or any(name in f"{row.name} {row.group}".casefold() for name in wanted))
    ]
