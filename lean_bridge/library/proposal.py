"""What compiled modules have that a catalogue could name: graphs, and what is proved of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from lean_bridge.audit.catalogue import CATALOGUE, write_catalogue
from lean_bridge.audit.stumbles import Unread
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.build.modules import read_sources
from lean_bridge.errors import LeanBridgeError, NotCatalogued, ProjectNotFound
from lean_bridge.extract.symbolic import DGRAPH, GRAPH
from lean_bridge.files import decoded, read_below
from lean_bridge.library.compilation import choose, compile_chosen
from lean_bridge.library.discovery import FOLDER, TOOLCHAIN
from lean_bridge.library.unread import unread_sources
from lean_bridge.names import last_component, listed, private_name, split_name
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Const, Expr, Name, Pi, bare, head_of
from lean_bridge.olean.mentions import constants_in
from lean_bridge.toolchain.find import find_toolchain
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.lake import translator
from lean_bridge.verdict.judge import extract
from pybind_models.catalogue import Catalogue, CatalogueEntry


class Proposal(NamedTuple):
    """A catalogue that was written, and what it leaves out."""

    path: Path
    catalogue: Catalogue
    private: tuple[Name, ...]
    """The theorems that are private to their modules, which no catalogue can name."""
    unread: Unread
    """The sources that nothing compiles."""


def propose_catalogue(
    directory: Path,
    *,
    overwrites: bool = False,
    observe: Callable[[object], None] = lambda _: None,
    progress: Progress | None = None,
) -> Proposal:
    """Build the project in a directory or in its ``lean``, and write a catalogue for it.

    Raises: ProjectNotFound where there is no project, or a catalogue that is not to be overwritten; as
    :func:`propose`; BuildFailed, UnsupportedSource, ToolchainError where it is not built.
    """
    root = _project_in(directory.resolve())
    if not overwrites and os.path.lexists(root / CATALOGUE):
        raise ProjectNotFound(f"{root / CATALOGUE}: is there already; --overwrite writes it anew")
    required = decoded(root / TOOLCHAIN, read_below(root, root / TOOLCHAIN))
    provider = find_toolchain(required, install=True, root=root, progress=progress)
    sources = read_sources(root, translate=translator(provider))
    compiled = compile_chosen(choose(provider, sources), observe=observe)
    compiled.check()
    environment = compiled.environment()

    def is_extracted(name: Name) -> bool:
        try:
            extract(environment, name)
        except LeanBridgeError:
            return False
        return True

    catalogue = propose(environment, sorted(sources.own), is_extracted)
    private = private_theorems(environment, sorted(sources.own))
    path = write_catalogue(root, catalogue, overwrites=overwrites)
    read = {each.file for each in sources.texts.values()}
    return Proposal(path, catalogue, private, unread_sources(root, sources.lakefile, read))


def _project_in(directory: Path) -> Path:
    for root in (directory, directory / FOLDER):
        if any((root / name).exists() for name in (LAKEFILE, PROGRAM)):
            return root
    raise ProjectNotFound(
        f"{directory}: expected a {LAKEFILE} here or in {FOLDER}/, found none; "
        "`lean-bridge new` makes a package"
    )


def propose(
    environment: Environment, modules: Sequence[Name], is_extracted: Callable[[Name], bool]
) -> Catalogue:
    """Return the catalogue of all graphs of some modules and of the theorems about them, sorted.

    A graph is a definition whose type ends in one, and that no other one's body has for its part. A theorem
    is about the graphs that its statement mentions; where there is no graph all theorems are proposed. What
    is private, or was not written by anyone, is left out. ``is_extracted`` says whether a graph can be run.
    Raises: NotCatalogued where there is neither a graph nor a theorem.
    """
    graphs: dict[Name, Expr | None] = {}
    theorems: dict[Name, Expr] = {}
    for module in modules:
        read = environment.module(module)
        for name in sorted(read.declaration_ranges):
            if name not in read or not _is_written(name):
                continue
            constant = read.constant(name)
            if constant.kind == "theorem":
                theorems[name] = constant.type
            elif constant.kind == "definition" and _result(constant.type) in (GRAPH, DGRAPH):
                graphs[name] = constant.value
    parts = constants_in(value for value in graphs.values() if value is not None)
    whole = [name for name in sorted(graphs) if name not in parts]
    entries = [
        CatalogueEntry(name=name, kind="definition", group=last_component(name), graph=is_extracted(name))
        for name in whole
    ]
    for name, statement in sorted(theorems.items()):
        about = sorted(constants_in([statement]) & {*whole})
        if about or not whole:
            group = last_component(about[0]) if about else environment.module_of(name) or name
            entries.append(CatalogueEntry(name=name, kind="theorem", group=group))
    if not entries:
        private = private_theorems(environment, modules)
        said = f"; private to their modules: {listed(private, 4)}" if private else ""
        raise NotCatalogued(f"its modules declare neither a graph nor a theorem that is public{said}")
    groups = list(dict.fromkeys(entry.group for entry in entries))
    return Catalogue(declaration=tuple(sorted(entries, key=lambda entry: groups.index(entry.group))))


def private_theorems(environment: Environment, modules: Iterable[Name]) -> tuple[Name, ...]:
    """Return the names that authors gave to theorems which are private to their modules, sorted."""
    found = []
    for module in modules:
        read = environment.module(module)
        for name in read.declaration_ranges:
            own = name.removeprefix(private_name(module, ""))
            if own != name and name in read and _is_written(own) and read.original_kind(name) == "theorem":
                found.append(own)
    return tuple(sorted(found))


def _is_written(name: Name) -> bool:
    """Whether somebody may have written a name, for others to use."""
    parts = split_name(name) or ()
    return bool(parts) and not any(isinstance(part, int) or part.startswith("_") for part in parts)


def _result(type_: Expr) -> Name | None:
    """Return the head of what a declaration gives once it has its arguments, if it is a constant."""
    while isinstance(type_ := bare(type_), Pi):
        type_ = type_.body
    head = head_of(type_)
    return head.name if isinstance(head, Const) else None
