"""The process that the kernel's library is loaded into: requests on its input, answers on its output.

Started by :mod:`lean_bridge.kernel.session` with the library's path, the most bytes and seconds that the
requests may take, and the process that it is not to outlive. Whatever goes wrong here ends the process, which
its parent takes for no answer.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from pathlib import Path

from lean_bridge.kernel.checker import Checker
from lean_bridge.kernel.native import Lean
from lean_bridge.kernel.terms import Terms
from lean_bridge.toolchain.confine import stay_with


def _limit(kind: int, most: int) -> None:
    """Set a limit, unless this process was started with a lower one, which it may not raise."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main(library: str, memory_limit: str, time_limit: str, parent: str) -> None:
    """Answer every request on standard input."""
    if sys.platform == "linux":
        stay_with(int(parent))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # elsewhere, should the parent be gone by then
    _limit(resource.RLIMIT_CPU, math.ceil(float(time_limit)))
    # what Lean prints of its own accord must not pass for an answer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    lean = Lean(Path(library))
    # the library reserves gigabytes of addresses for its threads and its allocator, and uses few of them
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _limit(resource.RLIMIT_AS, taken + int(memory_limit))
    terms = Terms(lean)
    checker = Checker(lean, terms)
    say(kernel=lean.version)
    count = 0
    for line in sys.stdin.buffer:
        request = json.loads(line)
        terms.read_names(request.get("names", ()))
        terms.read_levels(request.get("levels", ()))
        terms.read_exprs(request.get("exprs", ()))
        reply = checker.add(request["add"]) if "add" in request else checker.equal(*request["equal"])
        say(**{key: said for key, said in reply._asdict().items() if said is not None})
        count += 1
    say(end=count)


if __name__ == "__main__":
    main(*sys.argv[1:])
