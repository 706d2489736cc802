"""Writes the judgement of a library down, for ``status`` to look at without any Lean, and takes it back.

It is kept with the user's data under the user's seal, for the root of the library: in its first line what
``status`` shows, in its second the whole report.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.doubts import doubts
from lean_bridge.errors import as_told
from lean_bridge.library.status import (
    Grounds,
    Judged,
    Withdrawal,
    judged,
    of_judgement,
    of_withdrawal,
    record,
)
from lean_bridge.sealed import user_seal
from lean_bridge.verdict.chain import status_of
from pybind_models import VerifyReport

_MOST_KEPT: Final = 64
"""Libraries whose last judgement is kept; that of the one judged longest ago is forgotten first."""


class Judgement(Grounds):
    """A report on a whole library, what it is about, and what of that each row rests on."""

    report: VerifyReport


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
    earlier = judged(root, user_seal()) if report.verdict != "accepted" else None
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
    report, path = judgement.report, record(root)
    shown = Judged(
        at=judgement.at,
        basis=judgement.basis,
        imports=judgement.imports,
        places=judgement.places,
        status=status_of(report, notes=doubts(report)),
    )
    lines = f"{shown.model_dump_json()}\n{report.model_dump_json()}"
    user_seal().keep(path, of_judgement(root), lines.encode())
    with suppress(OSError):
        kept = sorted(path.parent.glob("*.sealed"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[_MOST_KEPT:]:
            old.unlink()
    return None


def withdraw(root: Path, code: str, reason: str) -> str | None:
    """Write down in place of the last judgement why there is none, and return why it cannot go, if so."""
    if (why := forget(root)) is None:
        payload = Withdrawal(code=code, reason=reason).model_dump_json().encode()
        user_seal().keep(record(root), of_withdrawal(root), payload)
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


def recall(root: Path) -> Judgement | None:
    """Return the last judgement of the library at ``root``, if there is one that this program wrote."""
    payload = user_seal().kept(record(root), of_judgement(root))
    if payload is None:
        return None
    first, _, second = payload.partition(b"\n")
    try:
        shown = Judged.model_validate_json(first)
        report = VerifyReport.model_validate_json(second)
    except ValidationError:  # as another version of this program wrote it
        return None
    return Judgement(
        at=shown.at, basis=shown.basis, imports=shown.imports, places=shown.places, report=report
    )
