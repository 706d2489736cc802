"""Tells what the embedded Lean cannot do from what is wrong: of the former nothing follows for a proof.

All that is known of its messages is here; ``docs/limits.md`` says the same in words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pybind_models import Diagnostic, Toolchain

_OF_LEAN: Final = r"(?:Init|Std|Lean|Lake)\b"
_MADE: Final = r"(?:_redArg|_lam_\d+|_at_|_closed_\d+|_boxed|_rarg|spec_\d+|_elam_\d+)"
"""Parts of names that the compiler makes."""
_LACKED: Final = rf"(_private\.{_OF_LEAN}[^`]*?|[^`]*?\.{_MADE}[^`]*?)"
_NO_CODE: Final = re.compile(
    rf"Unknown constant `{_LACKED}`|depends on declaration '{_LACKED}', which has no executable code"
)
_NOT_RUN: Final = re.compile(r"\(interpreter\) unknown declaration '([^']*)'")
_NO_SYSTEM: Final = re.compile(r"\(error code: \d+, function not implemented\)")
"""What is said where a tactic or a command asks the system for a file, a program or the time."""
_FOLLOWS: Final = re.compile(
    r"which has no executable code"
    r"|^(?:elaboration function for|Tactic) `[^`]*` has not been implemented"
    r"|^[Cc]annot evaluate (?:code|expression)"
)
"""What is said of something whose code was not made, further up in the same file."""
_DECIDED: Final = re.compile(r"^Tactic `decide` proved that the proposition\b.*\bis false", re.DOTALL)
"""An error that no missing code or body can cause: the kernel has evaluated the proposition to false."""
_OF_THE_TEXT: Final = re.compile(
    r"unknown tactic$"
    r"|unexpected (?:token|end of input|identifier|character)\b[^\n]*$"
    r"|expected (?:command|term|identifier|token)$"
    r"|unterminated (?:comment|string literal|identifier escape)"
    r"|missing end of character literal$"
)
"""What Lean's parser says: nothing was elaborated, so no missing code or body can be why."""
_OF_TIME_OR_ROOM: Final = re.compile(
    r"time.?out|deep recursion|recursion depth|stack overflow|memory|heartbeats|interrupt|cancel",
    re.IGNORECASE,
)
"""What may be otherwise on another day, or with more time or room."""
_PRINT_AXIOMS: Final = "cannot use `#print axioms` in a `module`"

_NOT_META: Final = re.compile(r"not marked `meta`|must be marked as `meta`|is not accessible.*\bmeta\b")

_COMMANDS: Final = re.compile(
    r"\s*(?:@\[[^\]]*\]\s*)?(?:(?:public|private|local|scoped|meta|builtin_\w+)\s+)*"
    r"(?:elab(?:_rules)?|macro(?:_rules)?|run_\w+|#eval!?|simproc\w*|initialize|syntax|command\w*_elab)\b"
)


def limit_met(
    file: str,
    text: str,
    diagnostics: Sequence[Diagnostic],
    *,
    toolchain: Toolchain,
    is_module: bool = True,
    ordinary: Sequence[str] = (),
) -> str | None:
    """Return what of a refused file this Lean cannot do, where and with its mend, or ``None``.

    ``None`` means that at least one of Lean's errors is none of this Lean's limits: the file is rejected.
    ``text`` is its source, ``is_module`` says whether it begins with ``module``, and ``ordinary`` names the
    files of its library below it that do not. With an installed Lean every error is one.
    """
    errors = [each for each in diagnostics if each.severity == "error"]
    if toolchain.provider != "embedded" or any(_DECIDED.search(each.text) for each in errors):
        return None
    own = [(each, said) for each in errors if (said := _own_limit(each, text, is_module=is_module))]
    at_fault = [*([file] if not is_module else []), *ordinary]
    if at_fault and errors:
        if own:
            return _told(file, *own[0])
        if (needs := next((each for each in errors if _NOT_META.search(each.text)), None)) is not None:
            return _told(
                file,
                needs,
                "a macro, elaborator or command runs a definition of this library, which it may in no module "
                f"unless that is `meta`, and {at_fault[0]} has no `module`; begin it with `module`, and call "
                "it `meta`",
            )
        if any(_OF_THE_TEXT.match(each.text) for each in errors):
            return None
        return _told(
            file,
            errors[0],
            f"{at_fault[0]} has no `module`, and is elaborated as one here, which sees no bodies that Lean's "
            f"library hides; Lean says: {_first_line(errors[0].text)}; mend that, or begin the file with "
            "`module`, `public import` and `public section`",
        )
    known = {id(each) for each, _ in own}
    first = min((each.line for each, _ in own), default=0)
    if own and all(id(each) in known or _follows(each, first) for each in errors):
        return _told(file, *own[0])
    return None


def is_of_time_or_room(diagnostic: Diagnostic) -> bool:
    """Whether an error may speak of a limit of time or room, and not of the source alone."""
    return diagnostic.severity == "error" and _OF_TIME_OR_ROOM.search(diagnostic.text) is not None


def not_loaded(error: Diagnostic) -> str | None:
    """Return which syntax of another file an error is about, if it is about that, with the mend."""
    if (found := _NOT_RUN.search(error.text)) is None:
        return None
    return (
        "notation, syntax or a macro of another file is used, whose code this Lean does not load "
        f"({found[1]}); declare it as `local`"
    )


def refuses_to_print_axioms(diagnostic: Diagnostic) -> bool:
    """Whether an error says no more than that ``#print axioms`` is for files without ``module``."""
    return diagnostic.severity == "error" and diagnostic.text.startswith(_PRINT_AXIOMS)


def _own_limit(error: Diagnostic, text: str, *, is_module: bool) -> str | None:
    if found := _NO_CODE.search(error.text):
        return _without_code(found[1] or found[2], error, text)
    if (said := not_loaded(error)) is not None:
        return f"{said} in this file, or write out what it stands for"
    if _NO_SYSTEM.search(error.text):
        return (
            "a tactic or command asks the system for a file or another program, and this Lean is given none; "
            "do without it"
        )
    if refuses_to_print_axioms(error) and not is_module:
        return (
            "`#print axioms` is refused, as this Lean compiles every file as a module; remove it, and ask "
            "`lean-bridge lean` instead"
        )
    return None


def _without_code(name: str, error: Diagnostic, text: str) -> str:
    lines = text.splitlines()
    line = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
    if re.search(r"\bderiving\b", line):
        return (
            f"an instance is derived with code of Lean's library that this Lean lacks ({name}); write the "
            "instance out, or declare it in a `noncomputable section`"
        )
    if _COMMANDS.match(line):
        return (
            f"an elaborator, macro or command runs code of Lean's library that this Lean lacks ({name}); do "
            "without it"
        )
    return (
        f"a definition is compiled with code of Lean's library that this Lean lacks ({name}); mark it "
        "`noncomputable`"
    )


def _follows(error: Diagnostic, first: int) -> bool:
    return error.line >= first and _FOLLOWS.search(error.text) is not None


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip(":")


def _told(file: str, error: Diagnostic, what: str) -> str:
    return f"{file}:{error.line}:{error.column + 1}: {what}"
