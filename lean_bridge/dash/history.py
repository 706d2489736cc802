"""How declarations were pinned before, as far as the commits of a repository have the manifest."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.names import canonical
from lean_bridge.ui.detail import PinnedAt
from pybind_models.manifest import PinnedDeclaration

_MOST: Final = 100
"""Commits of the manifest that are looked at, the newest ones."""
_PATIENCE: Final = 20.0
"""Seconds that git has."""
_QUIET: Final = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
"""Nothing is written, fetched or asked for."""
_BLOCK: Final = re.compile(r"^\[\[declaration\]\]\n(?P<body>(?:(?!\[).*\n|\n)*)", re.MULTILINE)


def head(root: Path) -> str | None:
    """Return the commit that is checked out around a library, if there is one, and git."""
    said = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    return said.decode("ascii", "replace").strip() if said is not None else None


def pin_history(root: Path) -> dict[str, Sequence[PinnedAt]]:
    """Return how each declaration was pinned, the last first: from which commit on it was so.

    Of a manifest that is not as ``lean-bridge pin`` writes it nothing is told.
    """
    told: dict[str, list[PinnedAt]] = {}
    before: dict[str, str] = {}
    for commit, at, text in _manifests(root):
        now = dict(_blocks(text))
        for name in now.keys() | before.keys():
            if now.get(name) == before.get(name):
                continue
            history = told.setdefault(name, [])
            pin = _pinned(now[name]) if name in now else None
            if pin is None and name in now:
                continue  # what cannot be read is neither a pin nor the end of one
            if not history or _key(pin) != _key(history[0].pinned):
                history.insert(0, PinnedAt(commit, at, pin))
        before = now
    return dict(told)


def _key(pin: PinnedDeclaration | None) -> object:
    """Return what of a pin is other when it pins something else, however it is written."""
    return (pin.hash, pin.kind, pin.statement, pin.axioms) if pin is not None else None


def _manifests(root: Path) -> Iterator[tuple[str, float, str]]:
    """Yield the commits that changed the manifest, when that was, and what it was then, the oldest first."""
    words = ("rev-list", "--timestamp", f"--max-count={_MOST}", "HEAD", "--", f"./{MANIFEST}")
    lines = (_git(root, *words) or b"").decode("ascii", "replace").splitlines()
    commits = [line.split() for line in reversed(lines)]
    asked = "".join(f"{commit}:./{MANIFEST}\n" for _, commit in commits)
    rest = (_git(root, "cat-file", "--batch", given=asked.encode()) if commits else None) or b""
    for at, commit in commits:
        line, _, rest = rest.partition(b"\n")
        found = re.fullmatch(rb"[0-9a-f]+ blob (\d+)", line)
        size = int(found[1]) if found else 0  # it was taken away
        yield commit, float(at), rest[:size].decode("utf-8", "replace")
        rest = rest[size + 1 :] if found else rest


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of what a manifest pins, and how it pins them, as it is written."""
    for block in _BLOCK.finditer(text):
        name = re.match(r'name = "([^"\\]*)"\n', block["body"])
        if name is not None:
            yield canonical(name[1]) or name[1], block["body"].strip()


def _pinned(block: str) -> PinnedDeclaration | None:
    try:
        return PinnedDeclaration.model_validate(tomllib.loads(block), strict=False)
    except (ValidationError, tomllib.TOMLDecodeError):
        return None


def _git(root: Path, *words: str, given: bytes = b"") -> bytes | None:
    """Return what git says, or ``None`` where it is not there, has no answer or takes too long."""
    env: Mapping[str, str] = {**os.environ, **_QUIET}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=root,
            input=given,
            capture_output=True,
            check=True,
            env=env,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
