"""What earlier runs answered about a library: looked up before it is compiled, recalled when it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from lean_bridge.build.modules import Sources
from lean_bridge.build.needed import modules_declaring
from lean_bridge.build.store import module_keys
from lean_bridge.crosscheck.generated import LIBRARY_MODULE
from lean_bridge.extract.symbolic import names_declaration
from lean_bridge.kernel.replay import project_modules
from lean_bridge.olean.environment import Environment
from lean_bridge.sealed import Seal
from lean_bridge.toolchain.provider import Provider
from lean_bridge.verdict.remembered import (
    GraphAnswers,
    Memory,
    ModuleAnswers,
    Recalled,
    WitnessAnswers,
)
from lean_bridge.witness.render import REALS_MODULE
from pybind_models.catalogue import Catalogue, CatalogueEntry

Answered: TypeAlias = GraphAnswers | ModuleAnswers | WitnessAnswers


def read_memory(
    seal: Seal,
    sources: Sources,
    provider: Provider,
    catalogue: Catalogue | None,
    *,
    reads: bool,
) -> Memory:
    """Read what was answered about modules, graphs and theorems whose sources are as they were.

    See :class:`Memory`. Without a catalogue it is read of modules alone.
    """
    whole = sources.library(provider.library, sources.texts)
    everything = {module.name for module in whole.modules}
    memory = Memory(seal, module_keys(whole, provider.info), reads=reads)
    for module in whole.modules:
        memory.look_up(ModuleAnswers, module.name, whole.names_below([module.name]))
    if catalogue is None:
        return memory
    names = [names_declaration(entry.name) for entry in catalogue.graphs]
    hints = modules_declaring(sources, [*names, *needed_by(catalogue)], closely=False)

    def below(declared: Iterable[str], *beside: str) -> set[str]:
        """Return what declarations rest on, with modules beside; all, if no text declares one of them."""
        found = [hints[name] for name in declared]
        if not all(found):
            return everything
        return whole.names_below({*beside, *(module for each in found for module in each)} & everything)

    for entry in catalogue.graphs:
        beside = (*hints[names_declaration(entry.name)], LIBRARY_MODULE)
        memory.look_up(GraphAnswers, entry.name, below([entry.name], *beside))
    for entry in (entry for entry in catalogue.declarations if entry.kind == "theorem"):
        named = (entry.name, *entry.model, *catalogue.model)
        memory.look_up(WitnessAnswers, entry.name, below(named), below(named, REALS_MODULE))
    return memory


def needed_by(catalogue: Catalogue) -> list[str]:
    """Return the declarations that have to be compiled for a catalogue to be judged."""
    models = (*catalogue.model, *(name for entry in catalogue.declarations for name in entry.model))
    return [*dict.fromkeys((*(entry.name for entry in catalogue.declarations), *models))]


def recalled_modules(memory: Memory, environment: Environment) -> dict[str, ModuleAnswers]:
    """Return what holds of earlier answers about modules, now that the library is compiled."""
    modules = {name: memory.recall(ModuleAnswers, name) for name in project_modules(environment)}
    return {name: said for name, said in modules.items() if said is not None}


def recalled(memory: Memory, environment: Environment, catalogue: Catalogue) -> Recalled:
    """Return what holds of earlier answers, now that the library is compiled."""
    graphs = {
        entry.name: memory.recall(GraphAnswers, entry.name, places(environment, entry.name))
        for entry in catalogue.graphs
    }
    witnesses = {
        entry.name: memory.recall(WitnessAnswers, entry.name, places(environment, entry.name))
        for entry in catalogue.declarations
        if entry.kind == "theorem"
    }
    return Recalled(
        {name: said for name, said in graphs.items() if said is not None},
        recalled_modules(memory, environment),
        {name: said for name, said in witnesses.items() if said is not None},
    )


def remember(
    memory: Memory, environment: Environment, answered: Iterable[Answered], ran: Iterable[str]
) -> None:
    """Keep what was answered in this run, for later ones; ``ran`` are all modules whose code could run."""
    ran = tuple(ran)
    for answer in answered:
        is_module = isinstance(answer, ModuleAnswers)
        declared = [answer.name] if is_module else places(environment, answer.name)
        is_confirmed = is_module or answer.kernel is not None
        memory.remember(answer, declared, beside=() if is_confirmed else ran)


def places(environment: Environment, graph: str) -> list[str]:
    """Return the modules that declare a graph and the names of its entries."""
    found = map(environment.module_of, (graph, names_declaration(graph)))
    return [module for module in found if module is not None]


def lacking(
    environment: Environment, sources: Sources, catalogue: Catalogue, refused: Collection[str]
) -> dict[str, str]:
    """Return which graphs are compiled, and the names of their entries not; and where these are declared.

    ``refused`` are the modules that were to be compiled and were not. Such a graph is not to be read: it
    would be another one.
    """
    if not refused:
        return {}
    graphs = [entry.name for entry in catalogue.graphs if entry.name in environment]
    unnamed = {
        names_declaration(graph): graph for graph in graphs if names_declaration(graph) not in environment
    }
    hints = modules_declaring(sources, unnamed)
    found = {graph: sorted(set(hints[name]).intersection(refused)) for name, graph in unnamed.items()}
    return {graph: modules[0] for graph, modules in found.items() if modules}


def rests_on(environment: Environment, catalogue: Catalogue, entry: CatalogueEntry) -> tuple[str, ...] | None:
    """Return the modules that the verdict on an entry rests on, with what they import; ``None`` for all."""
    models = (*entry.model, *catalogue.model) if entry.kind == "theorem" else ()
    found = [environment.module_of(name) for name in (entry.name, *models)]
    known = [module for module in found if module is not None]
    if len(known) < len(found):
        return None
    beside = [LIBRARY_MODULE] if entry.graph else [REALS_MODULE] if entry.kind == "theorem" else []
    return tuple(dict.fromkeys([*known, *places(environment, entry.name), *beside]))
