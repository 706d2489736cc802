"""The Python that a person's file is run in: its graph and its function's values out, nothing else.

Started by :mod:`lean_bridge.certify.target` with the directory to be in, the file and the function. What the
file does to this process is done to no other: a judgement has nothing of it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from lean_bridge.certify.target import load_captured
from lean_bridge.crosscheck.abroad import answer
from lean_bridge.errors import LeanBridgeError


def main(directory: str, target: str) -> None:
    """Say what graph a function is, then return its values at every request on standard input."""
    os.chdir(directory)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the file prints must not pass for an answer

    def say(told: object) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    try:
        captured = load_captured(target)
        model, outputs = captured.model, captured.outputs
    except LeanBridgeError as error:
        say({"refused": str(error)})
        return
    function = captured.function
    say(
        {
            "model": model.model_dump_json(),
            "outputs": outputs,
            "constants": dict(captured.constants),
            "made": captured.made,
            "file": Path(captured.file).name,
            "name": function.__name__,
            "qualified": function.__qualname__,
        }
    )

    def made(**sizes: float) -> tuple[Any, ...]:
        return tuple(captured.data(**{name: int(size) for name, size in sizes.items()}).values())

    for line in sys.stdin:
        request = json.loads(line)
        say(answer(function, request["at"]) if "at" in request else answer(made, request["made"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
