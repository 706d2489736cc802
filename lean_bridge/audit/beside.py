"""What stands beside the catalogue and rests on what no proof may rest on: not judged, and so named."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lean_bridge.audit.axioms import FAULTY_AXIOMS, AxiomCollector, Fault
from lean_bridge.codes import Code
from lean_bridge.letters import plain
from lean_bridge.names import listed
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name


def notes_beside(
    environment: Environment, collector: AxiomCollector, catalogued: Collection[Name]
) -> tuple[str, ...]:
    """Return a line for each reason why declarations of a library that are not catalogued would be rejected.

    Named are those that are at fault themselves (an axiom, a ``sorry``, compiled code that something else
    stands in for), not what rests on them. ``collector`` is of the environment.
    """
    found: dict[Fault, list[Name]] = {}
    for name in _suspects(environment, collector):
        fault = collector.own_fault(name)
        if name not in catalogued and fault is not None and fault.code != Code.UNSAFE:
            found.setdefault(fault, []).append(name)
    return tuple(
        f"{fault.code}: not catalogued and not judged: {listed(map(plain, found[fault]), 5)}: {fault.reason}"
        for fault in sorted(found, key=lambda each: (each.code, each.reason))
    )


def _suspects(environment: Environment, collector: AxiomCollector) -> Iterator[Name]:
    """Yield what of the library's own may be at fault, without reading what cannot be."""
    for name in environment.modules:
        if environment.is_library(name):
            continue
        module = environment.module(name)
        if any(module.may_mention(axiom) for axiom in FAULTY_AXIOMS):
            yield from module.constant_names
        else:
            yield from module.axioms
            yield from collector.substitutions(name)
