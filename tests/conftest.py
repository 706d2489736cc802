"""What more than one folder of tests needs: the real Lean, its graphs, and the table of attacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from pydantic import TypeAdapter

from lean_bridge.executor.plans.checker import SWITCH
from lean_bridge.project import open_project
from lean_bridge.toolchain import resident
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider, WorkerPool
from lean_bridge.verdict.judge import extract
from pybind_models import DGraph
from tests.adversarial.corpus import Trial, render_table
from tests.running_lean import LONGEST, WORKERS, kept_running

TRIALS: Final = pytest.StashKey[list[Trial]]()
AS_JSON: Final = TypeAdapter(list[Trial])


@pytest.fixture(scope="session")
def embedded() -> Provider:
    """The embedded Lean of the user's cache, installed there first if need be."""
    return find_embedded(install=True)


@pytest.fixture(scope="session")
def running(embedded: Provider) -> Iterator[WorkerPool]:
    """A pool of the embedded Lean that ends with the tests."""
    with embedded.pool(WORKERS, time_limit=LONGEST) as pool:
        yield pool


@pytest.fixture(scope="module", autouse=True)
def _upon_one_lean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the tests of a file that needs Lean the one that runs, but those that ask for their own."""
    if not request.node.get_closest_marker("lean") or request.node.get_closest_marker("own_lean"):
        yield
        return
    embedded, running = request.getfixturevalue("embedded"), request.getfixturevalue("running")
    with kept_running(running, embedded.library):
        yield


@pytest.fixture(scope="session")
def library_graphs(embedded: Provider) -> dict[str, DGraph]:
    """Every graph of the library's catalogue as extracted, by the end of its name."""
    assert embedded.library.is_dir()
    project = open_project(Path(__file__).parents[1])
    environment = project.environment()
    names = [entry.name for entry in project.catalogue.graphs]
    return {name.rpartition(".")[2]: extract(environment, name) for name in names}


os.environ[SWITCH] = "1"  # for commands that tests start, too
os.environ[resident.SWITCH] = "no"

# how long an example takes is the machine's affair
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


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


TURNS: Final = (
    "tests/end_to_end/test_library.py",  # it compiles what others need; the next ones do without
    "tests/unit/",
    "tests/property/",
    "tests/style/",
    "tests/end_to_end/",
    "tests/adversarial/",
)
"""Whose turn is when, where several processes share the work; what is cut in small pieces comes last."""


def _turn(test: str) -> int:
    return next((turn for turn, place in enumerate(TURNS) if test.startswith(place)), len(TURNS))


def _share(test: str) -> str:
    """Return which tests are done with one by the same process: those of a file, or attacks of one letter."""
    file, _, name = test.partition("::")
    _, is_attack, attack = name.partition("apart[" if "apart[" in name else "accepted[")
    return f"{file} {attack[0]}" if is_attack else file


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tier out; where processes share the work, it has an order."""
    if not config.getoption("full"):
        long = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Have processes share the work file by file, in our order, whatever way of sharing is asked for.

    Else what a file makes once is made in every process: groups that xdist marks are lost with pytest 9.2.
    By their numbers, the few tests that take long would come last.
    """
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _share
    return scheduler


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
