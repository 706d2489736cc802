"""Damaged streams through the second kernel's process: it may end as it likes, its parent may not."""

from __future__ import annotations

import argparse
import io
import random
import tempfile
from pathlib import Path

from lean_bridge.errors import ToolchainError, ToolchainTimeout
from lean_bridge.kernel.order import units_below
from lean_bridge.kernel.replay import project_declarations
from lean_bridge.kernel.session import SecondKernel, converse, find_second_kernel
from lean_bridge.kernel.stream import Stream
from lean_bridge.olean.environment import Environment
from tests.fuzz.mutations import mutate_lines, run_for

DATA = Path(__file__).parents[1] / "data" / "olean"
SECONDS, BYTES = 5.0, 1 << 28


def whole_stream(environment: Environment) -> list[bytes]:
    """Return the lines that ask for every declaration of an environment."""
    file = io.BytesIO()
    stream = Stream(file)
    for unit in units_below(environment, project_declarations(environment)):
        if unit.fault is None:
            stream.add(unit)
    return file.getvalue().splitlines(keepends=True)


class Case:
    """One damaged stream after another."""

    def __init__(self, kernel: SecondKernel, lines: list[bytes], seed: int) -> None:
        self._kernel = kernel
        self._lines = lines
        self._rng = random.Random(seed)
        self._changed: list[bytes] = []

    def __call__(self) -> str:
        """Send a damaged stream, and return how the conversation went."""
        self._changed = mutate_lines(self._lines, self._rng)
        answers = 0
        with tempfile.TemporaryFile() as requests:
            requests.writelines(self._changed)
            try:
                _, replies = converse(self._kernel.library, requests, time_limit=SECONDS, memory_limit=BYTES)
                for reply in replies:
                    assert reply["outcome"] in ("accepted", "assumed", "refused", "gave up"), reply
                    answers += 1
            except ToolchainTimeout:
                return "stopped at the time limit"
            except ToolchainError as error:
                assert answers <= len(self._changed)
                words = str(error)
                return "ended by a signal" if "status -" in words else "ended by its own check"
        # an empty line is no request
        assert answers <= len(self._changed)
        return "answered"

    def keep(self, faults: Path) -> None:
        """Write the present case to the faults."""
        with tempfile.NamedTemporaryFile(dir=faults, suffix=".jsonl", delete=False) as file:
            file.writelines(self._changed)


def main() -> None:
    """Run, print the counts, and fail if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"))
    options = parser.parse_args()
    environment = Environment([DATA])
    environment.load("Native")
    case = Case(find_second_kernel(), whole_stream(environment), options.seed)
    tally = run_for(options.minutes, case, case.keep, options.faults)
    print(tally)  # noqa: T201 - this is a command
    raise SystemExit(any(outcome.startswith("FAULT") for outcome in tally.outcomes))


if __name__ == "__main__":
    main()
