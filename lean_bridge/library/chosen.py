"""Which rows of a status are shown, and what is said where words choose none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from lean_bridge.errors import NotCatalogued
from lean_bridge.names import did_you_mean, last_component, suggestion
from pybind_models.status import StatusRow


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
    """Yield groups, and the words in their names but those so short that anything is like them."""
    for group in dict.fromkeys(groups):
        yield from (group, *re.findall(r"\w{4,}", group), *re.findall(r"[A-Z][a-z]{3,}", group))


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
