"""Random damage to bytes and to the lines of a stream, and how long and how far a run of it went."""

from __future__ import annotations

import json
import random
import resource
import signal
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any


def mutate(data: bytearray, rng: random.Random) -> None:
    """Change one to four places: bits, bytes, words, copied or dropped stretches, a cut end."""
    for _ in range(rng.randint(1, 4)):
        if len(data) < 0x60 + 64:
            return
        # the header holds few of the bytes and most of the decisions
        at = rng.randrange(0x60) if rng.random() < 0.1 else rng.randrange(len(data) - 8)
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xF6, 0xF9, 0xFA, 0xFF))
            case 2:
                struct.pack_into(
                    "<I", data, at & ~3, rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFE, rng.getrandbits(32)))
                )
            case 3:
                source = rng.randrange(len(data) - 8) & ~3
                data[at & ~3 : (at & ~3) + 4] = data[source : source + 4]
            case 4:
                source, size = rng.randrange(len(data) - 64) & ~7, 8 * rng.randint(1, 6)
                data[at & ~7 : (at & ~7) + size] = data[source : source + size]
            case 5 if rng.random() < 0.9:
                del data[at : at + rng.randint(1, 16)]
            case _:
                del data[at:]


def mutate_lines(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """Return the lines of a stream with a few changed: records, requests, order, or bare bytes."""
    changed = list(lines)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(changed))
        match rng.randrange(12):
            case 0:
                del changed[at]
            case 1:
                other = rng.randrange(len(changed))
                changed[at], changed[other] = changed[other], changed[at]
            case 2:
                text = bytearray(changed[at])
                for _ in range(rng.randint(1, 3)):
                    text[rng.randrange(len(text))] = rng.choice(b'0123456789[]{},"-\xff')
                changed[at] = bytes(text.replace(b"\n", b" ")) + b"\n"
            case _:
                try:
                    line = json.loads(changed[at])
                except ValueError:
                    continue
                _mutate_value(line, rng)
                changed[at] = json.dumps(line).encode() + b"\n"
        if not changed:
            return list(lines)
    return changed


def _mutate_value(value: Any, rng: random.Random) -> None:
    """Change one leaf somewhere inside, or drop an element of a list."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(value[key], dict | list) and rng.random() < 0.95:
            value = value[key]
            continue
        if isinstance(value, list) and rng.random() < 0.1:
            del value[key]
        elif isinstance(value[key], bool):
            value[key] = not value[key]
        elif isinstance(value[key], int):
            # mostly places that exist, so that the damage gets as far as the kernel
            near = (value[key] + 1, max(0, value[key] - 1), rng.randrange(8), rng.randrange(64))
            value[key] = rng.choice(near if rng.random() < 0.9 else (-1, 1 << 40, 1 << 70))
        else:
            value[key] = rng.choice(("", "x", "axiom", "theorem", "inductive", "quot", [], 0))
        return


class HungError(Exception):
    """One case passed its time."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise HungError in the block once this process has computed for so long; for the main thread.

    What it waits for, of others or of a busy machine, is not counted; a process that it asks has limits of
    its own.
    """

    def give_up(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        raise HungError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass
class Tally:
    """What a run has seen."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.most_common())
        return (
            f"{self.outcomes.total():,} cases in {self.seconds:.0f} s: {counts}; "
            f"slowest {self.slowest:.2f} s; peak {rss:.0f} MB here, {children:.0f} MB in a child"
        )


def run_for(minutes: float, case: Callable[[], str], keep: Callable[[Path], None], faults: Path) -> Tally:
    """Run cases until the time is up; what a case raises is a fault, and ``keep`` puts its input there."""
    tally = Tally()
    started = time.monotonic()
    while (now := time.monotonic()) - started < 60 * minutes:
        try:
            with time_limit(60):
                outcome = case()
        except Exception as error:  # noqa: BLE001 - any exception is what is looked for
            outcome = f"FAULT {type(error).__name__}: {error}"
            faults.mkdir(parents=True, exist_ok=True)
            keep(faults)
        tally.outcomes[outcome] += 1
        tally.slowest = max(tally.slowest, time.monotonic() - now)
        tally.seconds = time.monotonic() - started
    return tally
