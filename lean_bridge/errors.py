"""Everything that can go wrong, as one tree.

::

    LeanBridgeError
      Rejected                      a verdict: what was asked for does not hold             exit 1
        BuildFailed                 Lean refused a source file
          SourceOutside             a source lies outside the project's root
        DeclarationError            not the declaration that was asked for
          DeclarationNotFound
        GraphError                  the graph is ill-formed
          ShapeError
        CrossCheckFailed            numbers disagree
        Inconsistent                compiled modules that make no library together
        NoStanding                  the graph's declaration is not accepted
      NoVerdict                     nothing was decided                                     exit 2
        ToolchainError              Lean could not be run
          ToolchainNotFound
          ToolchainDownloadFailed
          ToolchainCrashed
          ToolchainTimeout
        ProjectNotFound             no Lean sources here
        PolicyError                 a gate's policy cannot be read
        NotCatalogued               a name that the catalogue does not have
        NotPinned                   a graph of a library that has no manifest
        OleanError                  a compiled file cannot be read          (.path, .offset)
        Declined                    understood, but not supported
          NotCaptured               a function that is no graph of certified ops     (.problems)
          UnsupportedOp
          UnsupportedSource         Lean sources that the Lean in use cannot compile
          UnsupportedTerm
          OutOfFuel
        BindingError                dimensions or parameters do not fit the graph
        ArrayError                  an input array does not fit its entry   (.entry)
        NumericsError               what was computed is no real number     (.entry)

Catch :class:`LeanBridgeError` for all of them. Messages are one line: what, where, expected, found, the mend.
Each has a code, which ``lean-bridge explain`` takes: its class's, unless it was raised with one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from lean_bridge.codes import Code
from lean_bridge.letters import shown


class LeanBridgeError(Exception):
    """The base of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 2
    code: Code = Code.OUR_FAULT

    def __init__(self, message: str, *, code: Code | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, in another process too: the message and what is known besides."""
        return _again, (type(self), str(self), vars(self))


def _again(kind: type[LeanBridgeError], message: str, known: dict[str, Any]) -> LeanBridgeError:
    error = kind.__new__(kind, message)
    vars(error).update(known)
    return error


class Rejected(LeanBridgeError):
    """A verdict was reached, and it is no."""

    exit_code = 1


class BuildFailed(Rejected):
    """Lean refused at least one source file."""

    code = Code.BUILD_FAILED


class SourceOutside(BuildFailed):
    """A source lies outside the project's root, or is reached through a link."""

    code = Code.SOURCE_OUTSIDE


class DeclarationError(Rejected):
    """A declaration is not what was asked for."""

    code = Code.MISSING

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class DeclarationNotFound(DeclarationError):
    """No compiled module defines the declaration."""


class GraphError(Rejected):
    """A graph is ill-formed: an operand out of range, a name used twice, a wrong arity."""

    code = Code.ILL_FORMED_GRAPH


class ShapeError(GraphError):
    """An op's shape rule disagrees with the certified shape."""


class CrossCheckFailed(Rejected):
    """The executor's numbers disagree with an independent source."""

    code = Code.NUMBERS_DISAGREE


class NoStanding(Rejected):
    """A graph is not to be run as a certified one: its declaration is not accepted."""

    code = Code.NO_STANDING


class Inconsistent(Rejected):
    """Compiled modules make no library together: no file could import them all, or they take Lean's names."""

    code = Code.DEFINED_TWICE


class NoVerdict(LeanBridgeError):
    """Nothing was decided; never to be read as acceptance or rejection."""

    code = Code.NOTHING_CHECKED


class ToolchainError(NoVerdict):
    """Lean could not be run."""

    code = Code.NO_ANSWER


class ToolchainNotFound(ToolchainError):
    """No usable Lean on this machine, and none may be installed."""

    code = Code.NO_TOOLCHAIN


class ToolchainDownloadFailed(ToolchainError):
    """The embedded Lean could not be fetched, or is not the pinned package."""

    code = Code.NO_TOOLCHAIN


class ToolchainCrashed(ToolchainError):
    """A Lean worker died twice on the same file."""


class ToolchainTimeout(ToolchainError):
    """A Lean worker passed its time limit on a file."""


class NotPinned(NoVerdict):
    """A graph is not to be run as a certified one: nothing says what its declaration should be."""


class ProjectNotFound(NoVerdict):
    """There is no Lean library where one was expected."""

    code = Code.NO_PROJECT


class PolicyError(NoVerdict):
    """A gate's policy cannot be read, or contradicts itself."""

    code = Code.NO_POLICY

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path
        """The file at fault, if one is."""


class NotCatalogued(NoVerdict):
    """A name is the end of no catalogue entry, or of several."""

    code = Code.NOT_CATALOGUED


class OleanError(NoVerdict):
    """A compiled file cannot be read.

    ``path`` names the file and ``offset`` the byte at which it stopped making sense.
    """

    code = Code.UNREADABLE

    def __init__(self, path: str, offset: int, message: str, *, code: Code | None = None) -> None:
        super().__init__(f"{path}: byte {offset:#x}: {message}", code=code)
        self.path = path
        self.offset = offset


class Declined(NoVerdict):
    """The input is understood, but this version does not support it."""

    code = Code.UNSUPPORTED


class NotCaptured(Declined):
    """A function is no graph of certified ops.

    ``problems`` has all that stands in the way, each with its file and line.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)


class UnsupportedOp(Declined):
    """A graph uses an op that the primitive table does not have."""

    def __init__(self, op: str, message: str) -> None:
        super().__init__(message)
        self.op = op


class UnsupportedSource(Declined):
    """The sources ask for what the Lean in use cannot do."""

    code = Code.LEAN_CANNOT


class UnsupportedTerm(Declined):
    """A declaration does not evaluate to a graph in normal form."""


class OutOfFuel(Declined):
    """Evaluation passed its step limit."""


class BindingError(NoVerdict):
    """Dimensions or parameters are missing, unknown or out of range."""

    code = Code.BINDING


class ArrayError(NoVerdict):
    """An input array does not fit its entry.

    ``entry`` names the context entry.
    """

    code = Code.ARRAY

    def __init__(self, entry: str, message: str) -> None:
        super().__init__(message)
        self.entry = entry


class NumericsError(NoVerdict):
    """A number is infinite or NaN, or was asked for where the theorems say nothing.

    ``entry`` names the first context entry or node at which it is so.
    """

    code = Code.NUMERICS

    def __init__(self, entry: str, message: str) -> None:
        super().__init__(message)
        self.entry = entry


def of_the_machine(error: BaseException) -> NoVerdict | None:
    """Return what to say of a refusal by the machine: no room, file, memory, process or thread to be had.

    ``None`` for what is no such refusal, and where a reader went away: that is for whoever writes to it.
    """
    if isinstance(error, MemoryError):
        return NoVerdict(f"there is not enough memory: {_line(error) or 'for what was asked'}")
    if isinstance(error, FileNotFoundError) and not _is_anywhere():
        return NoVerdict("the working directory is gone; change to another one")
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        why = error.strerror or _line(error)
        where = "" if error.filename is None else f"{shown(_text(error.filename))}: "
        return NoVerdict(f"{where}{shown(why)}")
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return NoVerdict("there is no thread to be had; see the limits on processes and memory")
    return None


def as_told(error: BaseException) -> LeanBridgeError | None:
    """Return the error that is told of one: of the package's own itself, of the machine's what it means."""
    return error if isinstance(error, LeanBridgeError) else of_the_machine(error)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _text(name: object) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else str(name)


def _is_anywhere() -> bool:
    """Whether the working directory is still there."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True
