"""The attack table at the end of a run in which attacks were tried."""

from __future__ import annotations

import pytest

from tests.adversarial.corpus import Trial, render_table

TRIALS = pytest.StashKey[list[Trial]]()


@pytest.fixture(name="trials")
def _trials(request: pytest.FixtureRequest) -> list[Trial]:
    """What was tried so far."""
    return request.config.stash.setdefault(TRIALS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the table: with ``-v`` in full, else only its counts."""
    trials = config.stash.get(TRIALS, [])
    if trials:
        counts, _, table = render_table(trials).partition("\n\n")
        terminalreporter.section("attacks")
        terminalreporter.write_line(counts)
        if config.get_verbosity() > 0:
            terminalreporter.write_line(table)
