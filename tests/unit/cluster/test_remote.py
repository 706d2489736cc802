"""A worker on a host elsewhere, all but the way between: what is sent, what comes back, what does not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.cluster import host as hosts
from lean_bridge.cluster.host import Host
from lean_bridge.cluster.messages import Order, Reply, Terms
from lean_bridge.cluster.remote import elsewhere
from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainTimeout
from lean_bridge.program import program_digest
from lean_bridge.toolchain.pool import open_pool
from lean_bridge.toolchain.provider import Job
from lean_bridge.toolchain.worker import Answer, WorkerDiedError, WorkerHungError
from pybind_models import Toolchain
from tests.hosts import Direct, Here
from tests.unit.toolchain.scripted import ACCEPTED, Stage

LEAN = Toolchain(provider="embedded", version="4.28.0-pre", identity="one", location="here")
TERMS = Terms(
    program=program_digest(), provider="embedded", location="here", identity="one", isolation=LEAN.isolation
)


@dataclass
class Reader:
    """A worker that compiles a file to what it and its imports say."""

    spent: bool = False
    seen: list[dict[str, bytes]] = field(default_factory=list)

    def run(self, job: Job, time_limit: float) -> Answer:
        assert time_limit > 0
        found = {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for directory in job.search_path
            for path in sorted(directory.rglob("*.olean"))
        }
        self.seen.append(found)
        if job.olean is not None:
            job.olean.write_bytes(job.source.read_bytes() + b"".join(found.values()))
        return replace(ACCEPTED, parts=(("elaborate", 100.0, 100.25),))

    def kill(self) -> None: ...

    close = kill


@dataclass
class Lean:
    """A Lean as a host finds it."""

    make: Any
    info: Toolchain = LEAN
    library: Path = Path("lib")

    def worker(self) -> Any:
        return self.make()

    def pool(self, workers: int, *, time_limit: float) -> Any:
        return open_pool(self.worker, workers, time_limit)


@pytest.fixture(name="reader")
def _reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()
    use(monkeypatch, Lean(lambda: reader))
    return reader


def use(monkeypatch: pytest.MonkeyPatch, lean: Lean) -> None:
    monkeypatch.setattr(hosts, "_find_lean", lambda _terms: lean)


class Tree:
    """A directory of compiled modules, and jobs that import them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.compiled = root / "tree"
        self.compiled.mkdir()

    def put(self, name: str, content: bytes) -> None:
        (self.compiled / name).write_bytes(content)

    def job(self, name: str, **more: Any) -> Job:
        (self.root / "source").mkdir(exist_ok=True)
        source = self.root / "source" / f"{name}.lean"
        source.write_text(f"{name};")
        digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.compiled.iterdir()
        }
        return Job(
            source=source,
            root=self.root / "source",
            search_path=(self.compiled,),
            digests=digests,
            olean=self.root / f"{name}.olean",
            **more,
        )


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture(name="pool")
def _pool() -> Iterator[tuple[Here, Any]]:
    cluster = Here()
    with elsewhere(Lean(None), cluster).pool(1, time_limit=5) as pool:
        yield cluster, pool


def sent(order: Order) -> dict[str, bool]:
    """Return which names an order changes, and whether to something."""
    return {change.name: change.digest is not None for change in order.changes}


def test_imports_are_sent_once_and_what_is_gone_is_gone_there(
    reader: Reader, tree: Tree, pool: tuple[Here, Any]
) -> None:
    cluster, leans = pool
    tree.put("A.olean", b"a")
    tree.put("A.ilean", b"never read")
    first = leans.elaborate(tree.job("B"))
    assert first.ok
    assert first.artifacts == (tree.root / "B.olean",)
    assert (tree.root / "B.olean").read_bytes() == b"B;a"
    tree.put("B.olean", b"b")
    assert leans.elaborate(tree.job("C")).ok
    (tree.compiled / "A.olean").unlink()
    tree.put("B.olean", b"new")
    assert leans.elaborate(tree.job("D")).ok
    (channel,) = cluster.channels
    assert [sent(order) for order in channel.orders] == [
        {"A.olean": True},
        {"B.olean": True},
        {"A.olean": False, "B.olean": True},
    ]
    assert reader.seen == [{"A.olean": b"a"}, {"A.olean": b"a", "B.olean": b"b"}, {"B.olean": b"new"}]


def test_of_two_clocks_the_one_here_is_told(reader: Reader, tree: Tree, pool: tuple[Here, Any]) -> None:
    assert not reader.seen
    whole, travel, part, write = pool[1].elaborate(tree.job("B")).spent
    assert [each.name for each in (travel, part, write)] == ["travel", "elaborate", "write"]
    assert whole.began <= travel.began <= travel.ended
    assert part.ended <= write.began <= write.ended <= whole.ended


def test_a_file_that_is_not_what_was_compiled_is_not_sent(
    reader: Reader, tree: Tree, pool: tuple[Here, Any]
) -> None:
    tree.put("A.olean", b"a")
    job = tree.job("B")
    tree.put("A.olean", b"another")
    with pytest.raises(ToolchainError, match=r"A\.olean: what lies in the cache is not what was compiled"):
        pool[1].elaborate(job)
    assert reader.seen == []


def test_what_does_not_arrive_as_it_was_sent_is_not_used(
    reader: Reader, tree: Tree, monkeypatch: pytest.MonkeyPatch, pool: tuple[Here, Any]
) -> None:
    tree.put("A.olean", b"a")
    own = Host.run
    monkeypatch.setattr(
        Host, "run", lambda host, order, *contents: own(host, order, *[b"?" for _ in contents])
    )
    with pytest.raises(ToolchainError, match=r"A\.olean: did not arrive as it was sent"):
        pool[1].elaborate(tree.job("B"))
    assert reader.seen == []


def test_what_does_not_come_back_as_it_was_compiled_is_not_written(
    reader: Reader, tree: Tree, monkeypatch: pytest.MonkeyPatch, pool: tuple[Here, Any]
) -> None:
    own = Direct.ask

    def spoilt(channel: Direct, order: Order, contents: Any) -> Reply:
        reply = own(channel, order, contents)
        return replace(reply, files={name: (digest, b"?") for name, (digest, _) in reply.files.items()})

    monkeypatch.setattr(Direct, "ask", spoilt)
    with pytest.raises(ToolchainError, match="what it compiled did not arrive as it was sent"):
        pool[1].elaborate(tree.job("B"))
    assert reader.seen
    assert not (tree.root / "B.olean").exists()


def test_the_file_of_a_lost_host_goes_to_a_new_one_with_all_its_imports(reader: Reader, tree: Tree) -> None:
    lost: list[Order] = []

    def loses(order: Order) -> bool:
        is_first = order.place == "C.lean" and not lost
        lost.extend([order] * is_first)
        return is_first

    cluster = Here(loses=loses)
    tree.put("A.olean", b"a")
    with elsewhere(Lean(None), cluster).pool(1, time_limit=5) as pool:
        assert pool.elaborate(tree.job("B")).ok
        assert pool.elaborate(tree.job("C")).ok
    assert len(lost) == 1
    assert [[sent(order) for order in channel.orders] for channel in cluster.channels] == [
        [{"A.olean": True}],
        [{"A.olean": True}],
    ]
    assert reader.seen == [{"A.olean": b"a"}] * 2


def test_how_a_lean_ended_there_is_told_as_of_one_here(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, pool: tuple[Here, Any]
) -> None:
    died, leans = WorkerDiedError("exit status 70"), pool[1]
    stage = Stage([died, ACCEPTED, died, died, WorkerHungError(), ACCEPTED])
    use(monkeypatch, Lean(stage.start))
    job = tree.job("B")
    assert leans.elaborate(job).ok
    with pytest.raises(ToolchainCrashed, match=r"^B\.lean: Lean died twice on this file: exit status 70"):
        leans.elaborate(job)
    with pytest.raises(ToolchainTimeout, match=r"^B\.lean: Lean was stopped after 5 s"):
        leans.elaborate(job)
    assert leans.elaborate(job).ok
    assert all(worker.closed for worker in stage.workers[:-1])


def test_a_process_that_has_had_its_share_is_replaced_where_it_is(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, pool: tuple[Here, Any]
) -> None:
    stage = Stage([ACCEPTED] * 4)
    use(monkeypatch, Lean(stage.start))
    for _ in range(4):
        assert pool[1].elaborate(tree.job("B")).ok
    assert [worker.jobs for worker in stage.workers] == [3, 1]
    assert len(pool[0].channels) == 1


def test_a_host_leaves_nothing_behind(
    reader: Reader, tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("hosts")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    (killed := place / "lean-bridge-host-999999999-x").mkdir()
    (other := place / f"lean-bridge-host-{os.getppid()}-x").mkdir()
    with elsewhere(Lean(None), Here()).pool(1, time_limit=5) as pool:
        assert pool.elaborate(tree.job("B")).ok
        assert len(list(place.iterdir())) == 2
        assert not killed.exists()
    assert list(place.iterdir()) == [other]
    assert reader.seen


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (replace(TERMS, program="another"), "its lean-bridge is not the one of this run"),
        (replace(TERMS, identity="two"), "its Lean is not the one of this run"),
        (replace(TERMS, isolation="bwrap"), "Lean is confined by none there, and here by bwrap"),
    ],
)
def test_a_machine_that_would_answer_otherwise_is_refused(reader: Reader, terms: Terms, said: str) -> None:
    host = Host(terms)
    assert said in str(host.join())
    host.leave()
    host = Host(TERMS)
    assert host.join() is None
    host.leave()
    assert not reader.seen


def test_a_machine_without_lean_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(terms: Terms) -> Any:
        raise ToolchainError(f"no Lean {terms.identity}")

    monkeypatch.setattr(hosts, "_find_lean", find)
    host = Host(TERMS)
    assert host.join() == "no Lean one"
    host.leave()


def test_what_lake_builds_is_built_where_it_lies() -> None:
    with pytest.raises(ToolchainError, match="Lake builds a project where it lies"):
        elsewhere(Lean(None, info=LEAN.replaced(through_lake=True)), Here())
