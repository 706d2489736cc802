"""Lean at work on what it will be asked about graphs, while it is asked about something else.

Nothing of it is believed: what is compiled lies in the store, where whoever asks for it finds it, and what is
not, they have compiled. Each module has a Lean of its own, as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from lean_bridge.build.build import TIME_LIMIT, build_generated
from lean_bridge.crosscheck.certify import certificate_groups, render_certificates
from lean_bridge.crosscheck.certify_numbers import module_of_cases, numbers_of, point_groups
from lean_bridge.errors import LeanBridgeError
from lean_bridge.events import Spent
from lean_bridge.extract.render import Certificate, render_module
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import DGraph


@contextmanager
def certified_ahead(
    graphs: Sequence[DGraph],
    environment: Environment,
    library: Path,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[object], None] = lambda _: None,
) -> Iterator[None]:
    """Have Lean compile what ``certify_graphs`` and ``certify_numbers`` ask, in a further thread.

    The processes of Lean are those of ``provider``, whose pool has to be one that is kept.
    """
    if not graphs:
        yield
        return
    certificates, _ = render_certificates(graphs, environment)
    groups = certificate_groups(certificates)
    sources = {name: render_module(group, environment)[0] for name, group in groups.items()}
    with (
        keep_warm(provider, workers, time_limit=TIME_LIMIT) as warm,
        ThreadPoolExecutor(1, "ahead") as executor,
    ):
        executor.submit(partial(_compile, groups, sources, library, warm, workers, observe))
        yield


def _compile(
    groups: Mapping[Name, Sequence[Certificate]],
    sources: Mapping[Name, str],
    library: Path,
    provider: Provider,
    workers: int,
    observe: Callable[[object], None],
) -> None:
    def spent(event: object) -> None:
        if isinstance(event, Spent):
            observe(event)

    with suppress(LeanBridgeError):  # whoever asks for it is told
        report, directory = build_generated(sources, [library], provider, workers=workers, observe=spent)
        compiled = {each.module for each in report.modules if each.state in ("built", "cached")}
        cases = [
            case
            for name in compiled
            for certificate in groups[name]
            for case in numbers_of(certificate.graph, name)
        ]
        points = {
            name: module_of_cases(name, group)[0] for name, group in point_groups(cases).items() if group
        }
        if points:
            build_generated(points, [library, directory], provider, workers=workers, observe=spent)
