"""From what a person names, ``FILE.py:NAME``, to the captured function, in a Python of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from lean_bridge.capture.source import Captured
from lean_bridge.crosscheck.abroad import Raised, asked, results
from lean_bridge.crosscheck.function import no_data
from lean_bridge.errors import LeanBridgeError, NotCaptured
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.names import did_you_mean, listed
from lean_bridge.toolchain.process import end, ended, start
from pybind_models import DGraph

_NO_SENSE: Final = (ValueError, KeyError, TypeError, AttributeError)
"""What comes of reading an answer that is none."""

_PATIENCE: Final = 5.0
"""Seconds in which a process that closed its output is to end."""


@dataclass(frozen=True, slots=True)
class Target:
    """A captured function, wherever it runs."""

    model: DGraph
    outputs: Sequence[str]
    """The entries that it returns."""
    file: str
    """The name of its file."""
    name: str
    qualified: str
    """Its name, within what it is written in."""
    function: Callable[..., Any]
    """What returns its values at NumPy's arrays."""
    constants: Mapping[str, float] = field(default_factory=dict)
    """The values of scalar parameters that are numbers in the function, which does not take them."""
    data: Callable[..., Mapping[str, Array]] = no_data
    """What returns the masks and whole numbers that the function makes itself, at sizes."""


@contextmanager
def open_target(target: str, meanwhile: Callable[[], object] = lambda: None) -> Iterator[Target]:
    """Give the captured function that a target names; its file is run by a Python of its own, until the end.

    What is done ``meanwhile`` is done here, while that captures it.
    Raises: NotCaptured where there is no such file or function, or the file cannot be run.
    """
    command = [sys.executable, "-m", "lean_bridge.certify.child", str(Path.cwd()), target]
    process = start(command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stderr=2)
    try:

        def answered(request: Mapping[str, Any]) -> tuple[Array, ...]:
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                return results(_told(process))
            except (OSError, *_NO_SENSE):
                raise Raised(_how(process)) from None

        def call(**arguments: Any) -> Any:
            return answered({"at": asked(arguments)})

        def data(**sizes: int) -> Mapping[str, Array]:
            return dict(zip(made, answered({"made": sizes}), strict=True)) if made else {}

        try:
            meanwhile()
            told = _told(process)
            if "refused" in told:
                raise NotCaptured(told["refused"])
            found = Target(
                model=DGraph.model_validate_json(told["model"]),
                outputs=tuple(told["outputs"]),
                file=told["file"],
                name=told["name"],
                qualified=told["qualified"],
                function=call,
                constants=told["constants"],
                data=data,
            )
            made = tuple(told["made"])
        except _NO_SENSE:
            raise NotCaptured(f"{target}: no graph came of its file, but {_how(process)}") from None
        yield found
    finally:
        end(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # what was asked of it, and not taken
                    stream.close()


def _told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return what a process says next. Raises: ValueError where that makes no sense, or is nothing."""
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def _how(process: subprocess.Popen[bytes]) -> str:
    """Return what a process did in place of an answer; it is over then."""
    try:
        return f"the end of its Python: {ended(process.wait(_PATIENCE))}"
    except subprocess.TimeoutExpired:
        end(process)
        return "an answer that makes no sense"


def load_captured(target: str) -> Captured:
    """Return the captured function that a target names. The file is run here, as ``import`` does.

    Raises: NotCaptured where there is no such file or function, or the file cannot be run.
    """
    file, _, name = target.rpartition(":")
    if not file or not name:
        said = target or "an empty text"
        raise NotCaptured(
            f"{said}: expected FILE.py:NAME, a file and a function with @lean_bridge.graph in it"
        )
    module = _run(Path(file))
    found = getattr(module, name, None)
    if isinstance(found, Captured):
        return found
    known = [each for each, value in vars(module).items() if isinstance(value, Captured)]
    if found is not None:
        raise NotCaptured(
            f"{target}: expected a function with @lean_bridge.graph, or what from_torch or from_jax "
            f"returns, found {type(found).__name__}"
        )
    near = did_you_mean(name, known) or f"; it has {listed(known, 8) or 'none with @lean_bridge.graph'}"
    raise NotCaptured(f"{file}: has no {name}{near}")


def _run(path: Path) -> ModuleType:
    if path.suffix != ".py" or not path.is_file():
        raise NotCaptured(f"{path}: expected a file of Python here, with .py at its end, found none")
    spec = importlib.util.spec_from_file_location(path.stem, path.absolute())
    if spec is None or spec.loader is None:
        raise NotCaptured(f"{path}: expected a file of Python that can be run")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.absolute().parent))  # for what lies beside it
    try:
        spec.loader.exec_module(module)
    except LeanBridgeError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the file's own, and no status of ours
        said = " ".join(str(error).split())
        raise NotCaptured(f"{path}: raises {type(error).__name__} while it is run: {said}") from None
    finally:
        sys.path.pop(0)
    return module
