"""What more than one folder of tests needs: the real Lean, its graphs, and the table of attacks."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from lean_bridge.executor.plans.checker import SWITCH
from lean_bridge.project import open_project
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider
from lean_bridge.verdict.judge import extract
from pybind_models import DGraph
from tests.adversarial.corpus import Trial, render_table

TRIALS: Final = pytest.StashKey[list[Trial]]()
AS_JSON: Final = TypeAdapter(list[Trial])


@pytest.fixture(scope="session")
def embedded() -> Provider:
    """The embedded Lean of the user's cache, installed there first if need be."""
    return find_embedded(install=True)


@pytest.fixture(scope="session")
def library_graphs(embedded: Provider) -> dict[str, DGraph]:
    """Every graph of the library's catalogue as extracted, by the end of its name."""
    assert embedded.library.is_dir()
    project = open_project(Path(__file__).parents[1])
    environment = project.environment()
    names = [entry.name for entry in project.catalogue.graphs]
    return {name.rpartition(".")[2]: extract(environment, name) for name in names}


os.environ[SWITCH] = "1"  # for commands that tests start, too


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the long tier of the tests, which takes an hour."""
    parser.addoption("--full", action="store_true", help="run the long tier too: what is marked full")


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the long tier is asked for."""
    asked: bool = pytestconfig.getoption("full")
    return asked


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> list[Trial]:
    """The attacks that were tried so far."""
    return request.config.stash.setdefault(TRIALS, [])


ATTACKS_AT_A_TIME: Final = 12
"""Attacks that one process tries one after another."""


@pytest.hookimpl(tryfirst=True)  # before xdist itself looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tier out, and have processes share the work file by file, and the attacks by tens."""
    if not config.getoption("full"):
        long = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
    if not hasattr(config, "workerinput"):  # one process has all of it
        return
    tried: Counter[str] = Counter()
    for item in items:
        group = item.nodeid.partition("::")[0]
        if "trials" in getattr(item, "fixturenames", ()):
            tried[group] += 1
            group = f"{group} {tried[group] // ATTACKS_AT_A_TIME}"
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was tried in one of several processes to the one that reports."""
    handed: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed["trials"] = AS_JSON.dump_json(session.config.stash.get(TRIALS, [])).decode()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what was tried in a process that ends."""
    tried = AS_JSON.validate_json(node.workeroutput["trials"]) if hasattr(node, "workeroutput") else []
    node.config.stash.setdefault(TRIALS, []).extend(tried)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the table: with ``-v`` in full, else only its counts."""
    tried: list[Trial] = config.stash.get(TRIALS, [])
    if tried:
        ordered = sorted(tried, key=lambda trial: trial.attack.name)
        counts, _, table = render_table(ordered).partition("\n\n")
        terminalreporter.section("attacks")
        terminalreporter.write_line(counts)
        if config.get_verbosity() > 0:
            terminalreporter.write_line(table)
