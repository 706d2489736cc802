"""A library's catalogue, the declarations to be judged: read, and looked up by the ends of their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lean_bridge.errors import NotCatalogued, ProjectNotFound
from lean_bridge.files import check_below, put_at_once, read_below
from lean_bridge.names import canonical, did_you_mean, ending, ends_with, last_component, listed, suggestion

if TYPE_CHECKING:
    from pybind_models.catalogue import Catalogue, CatalogueEntry

CATALOGUE = "catalogue.toml"

_HEAD = """\
# The declarations that `lean-bridge verify` judges, in the order of its report.

"""


def read_catalogue(root: Path) -> Catalogue:
    """Return the catalogue of the library at ``root``.

    Raises: ProjectNotFound if there is none, or if it is not one; the message names every fault.
    """
    return parse_catalogue(root / CATALOGUE, read_below(root, root / CATALOGUE))


def parse_catalogue(path: Path, content: bytes) -> Catalogue:
    """Return the catalogue at ``path``, whose content was read. Raises: as :func:`read_catalogue`."""
    from lean_bridge.audit.tables import parse_table
    from pybind_models.catalogue import Catalogue

    return parse_table(path, content, Catalogue, rewrite=_with_names_as_written)


def write_catalogue(root: Path, catalogue: Catalogue, *, overwrites: bool = False) -> Path:
    """Write the catalogue of the library at ``root``, and return where.

    Raises: ProjectNotFound if one is there and it is not to be overwritten, or it cannot be written.
    """
    import tomli_w

    path = root / CATALOGUE
    check_below(root, path)
    if not overwrites and os.path.lexists(path):
        raise ProjectNotFound(f"{path}: is there already; --overwrite writes it anew")
    text = tomli_w.dumps(catalogue.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    try:
        with put_at_once(path) as whole:
            whole.write_text(_HEAD + text, encoding="utf-8")
    except OSError as error:
        raise ProjectNotFound(f"{path}: cannot be written: {error.strerror}") from error
    return path


def find_graph(catalogue: Catalogue, name: str) -> CatalogueEntry:
    """Return the graph whose name ends so. Raises: NotCatalogued if none is, or if several are it."""
    graphs = {entry.name: entry for entry in catalogue.graphs}
    return graphs[_find(catalogue, name, list(graphs))]


def with_names(catalogue: Catalogue, names: Sequence[str]) -> Catalogue:
    """Return the entries with these names, or ends of names; all of them where none is given.

    Raises: NotCatalogued if a name is the end of no entry, or of several.
    """
    if isinstance(names, str):
        raise NotCatalogued(f"expected a list of names, found {names!r}; give [{names!r}]")
    if not names:
        return catalogue
    known = [entry.name for entry in catalogue.declarations]
    wanted = {_find(catalogue, name, known) for name in names}
    kept = tuple(entry for entry in catalogue.declarations if entry.name in wanted)
    return catalogue.replaced(declarations=kept)


def _find(catalogue: Catalogue, name: str, known: Sequence[str]) -> str:
    if not isinstance(name, str) or not name:
        found = "an empty text; is a variable not set?" if name == "" else repr(name)
        raise NotCatalogued(f"expected a name of {CATALOGUE}, found {found}")
    if len(meant := _meant(name, known)) == 1:
        return meant[0]
    if meant:
        raise NotCatalogued(f"{name} is ambiguous: {listed(meant)}")
    kinds = {entry.name: entry.kind for entry in catalogue.declarations}
    if other := _meant(name, list(kinds)):
        graphs = f"the graphs are {listed(known)}" if known else "this catalogue has no graphs"
        raise NotCatalogued(f"{other[0]} is a {kinds[other[0]]}; {graphs}")
    if not known:
        raise NotCatalogued(f"{name} is not in {CATALOGUE}, which has no {'graphs' if kinds else 'entries'}")
    last = [*map(last_component, known)]
    if near := did_you_mean(name, [*(ending(each, name) for each in known), *last, *known]):
        raise NotCatalogued(f"{name} is not in {CATALOGUE}{near}")
    raise NotCatalogued(
        f"{name} is not in {CATALOGUE}; {suggestion(name, last)}; `lean-bridge list` has them all"
    )


def _meant(name: str, known: Sequence[str]) -> list[str]:
    """Return the full names that a name may stand for: the one that it is, or those that end in it."""
    found = [full for full in known if ends_with(full, name)]
    exact = [full for full in found if canonical(full) == canonical(name)]
    return exact if len(exact) == 1 else found


def _with_names_as_written(table: dict[str, Any]) -> None:
    """Write the names of a catalogue as Lean does. Raises: ValueError for what is no name."""
    entries = table.get("declaration")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str) and name:
            entry["name"] = canonical(name)
            if entry["name"] is None:
                raise ValueError(f"expected the full name of a declaration, found {name!r}")
