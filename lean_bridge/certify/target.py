"""From what a person names, ``FILE.py:NAME``, to the captured function."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from lean_bridge.capture.captured import CapturedGraph
from lean_bridge.errors import LeanBridgeError, NotCaptured
from lean_bridge.names import did_you_mean, listed


def load_target(target: str) -> CapturedGraph:
    """Return the captured function that a target names. The file is run, as ``import`` does.

    Raises: NotCaptured where there is no such file or function, or the file cannot be run.
    """
    file, _, name = target.rpartition(":")
    if not file or not name:
        raise NotCaptured(
            f"{target}: expected FILE.py:NAME, a file and a function with @lean_bridge.graph in it"
        )
    module = _run(Path(file))
    found = getattr(module, name, None)
    if isinstance(found, CapturedGraph):
        return found
    known = [each for each, value in vars(module).items() if isinstance(value, CapturedGraph)]
    if found is not None:
        raise NotCaptured(
            f"{target}: expected a function with @lean_bridge.graph, found {type(found).__name__}"
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
