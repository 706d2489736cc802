"""What was answered earlier about the same compiled files, and what is answered now, to be remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lean_bridge.crosscheck.judgement import judge
from lean_bridge.kernel.replay import project_declarations, project_modules
from lean_bridge.olean.environment import Environment
from lean_bridge.verdict.remembered import (
    GraphAnswers,
    KernelAnswers,
    ModuleAnswers,
    Recalled,
    WitnessAnswers,
)
from lean_bridge.verdict.rows import GraphEvidence
from lean_bridge.verdict.second_opinion import SecondOpinion, acceptance, no_second_kernel
from lean_bridge.witness.witness import Witnesses
from pybind_models import (
    DeclarationReport,
    KernelVerdict,
    Witness,
)
from pybind_models.catalogue import Catalogue
from pybind_models.report import Source


def recalled_evidence(said: GraphAnswers) -> GraphEvidence:
    """Return what is known of a graph by what was answered about it."""
    return GraphEvidence(
        graph=said.graph,
        certification=said.certification,
        finite_field=said.finite_field,
        checks=said.checks,
        seconds=said.seconds,
    )


def unsettled_modules(environment: Environment, recalled: Recalled) -> list[str]:
    """Return the modules whose declarations a second kernel is to be asked about, if there is one."""
    if no_second_kernel() is not None:
        return []
    accepted = {name for name, said in recalled.modules.items() if said.kernel is not None}
    return [
        module
        for module in project_modules(environment)
        if module not in accepted and project_declarations(environment, [module])
    ]


def accepted_earlier(recalled: Recalled) -> SecondOpinion:
    """Return what the second kernel accepted in earlier runs."""
    verdicts: dict[str, KernelVerdict] = {}
    equations: dict[str, KernelVerdict] = {}
    kernels = [
        *(each.kernel for each in recalled.modules.values()),
        *(each.kernel for each in recalled.graphs.values()),
        *(each.kernel for each in recalled.witnesses.values()),
    ]
    for kernel in kernels:
        if kernel is not None:
            opinion = acceptance(kernel.label, kernel.declarations, kernel.equations)
            verdicts |= opinion.verdicts
            equations |= opinion.equations
    return SecondOpinion("second kernel", verdicts, equations)


def about_graph(name: str, evidence: GraphEvidence, opinion: SecondOpinion) -> GraphAnswers | None:
    """Return what was answered of a graph, if all of it was acceptance; an absent kernel answers nothing."""
    link, field_ = evidence.certification, evidence.finite_field
    if evidence.fault or not evidence.graph or not link or link.outcome != "certified" or not link.theorem:
        return None
    if not field_ or field_.outcome != "certified" or judge(evidence.checks)[0] != "agrees":
        return None
    theorems = (link.theorem, *(theorem for point in field_.points for theorem in point.theorems))
    said = (*map(opinion.of, theorems), opinion.of_equation(link.theorem))
    if opinion.is_asked and any(each.outcome != "accepted" for each in said):
        return None
    kernel = KernelAnswers(label=opinion.label, declarations=theorems, equations=(link.theorem,))
    return GraphAnswers(
        name=name,
        graph=evidence.graph,
        certification=link,
        finite_field=field_,
        checks=evidence.checks,
        seconds=evidence.seconds,
        kernel=kernel if opinion.is_asked else None,
    )


def standing_witnesses(catalogue: Catalogue, recalled: Recalled) -> dict[str, Witness]:
    """Return the witnesses of earlier runs that were found as the catalogue asks for them now."""
    return {
        entry.name: said.witness
        for entry in catalogue.declarations
        if (said := recalled.witnesses.get(entry.name)) is not None
        and (said.model, said.open) == ((*entry.model, *catalogue.model), entry.open)
        and (said.kernel is not None or said.witness.theorem is None or no_second_kernel() is not None)
    }


def about_witnesses(
    catalogue: Catalogue, witnesses: Witnesses, opinion: SecondOpinion
) -> Iterator[WitnessAnswers]:
    """Yield what is new of witnesses that are there; an absent kernel answers nothing."""
    for entry in catalogue.declarations:
        witness = witnesses.found.get(entry.name)
        if witness is None or witness.detail is not None:
            continue
        kernel = None
        if witness.theorem is not None and opinion.is_asked:
            if opinion.of(witness.theorem).outcome != "accepted":
                continue
            kernel = KernelAnswers(label=opinion.label, declarations=(witness.theorem,), equations=())
        yield WitnessAnswers(
            name=entry.name,
            model=(*entry.model, *catalogue.model),
            open=entry.open,
            witness=witness,
            kernel=kernel,
        )


def about_modules(
    environment: Environment,
    declarations: Sequence[DeclarationReport],
    opinion: SecondOpinion,
    recalled: Recalled,
) -> Iterator[ModuleAnswers]:
    """Yield what is new of modules: that the second kernel accepted one, and where declarations stand."""
    stands: dict[str, dict[str, Source]] = {}
    for each in declarations:
        module = environment.module_of(each.name)
        if module is not None and each.source is not None:
            stands.setdefault(module, {})[each.name] = each.source
    for module in project_modules(environment):
        earlier = recalled.modules.get(module) or ModuleAnswers(name=module, kernel=None, sources={})
        answer = earlier.replaced(
            kernel=earlier.kernel or _acceptance(module, environment, opinion),
            sources=earlier.sources | stands.get(module, {}),
        )
        if answer != earlier:
            yield answer


def _acceptance(module: str, environment: Environment, opinion: SecondOpinion) -> KernelAnswers | None:
    """Return that the second kernel accepted every declaration of a module, if there are any and it did."""
    names = project_declarations(environment, [module]) if opinion.is_asked else ()
    if not names or any(opinion.of(name).outcome != "accepted" for name in names):
        return None
    return KernelAnswers(label=opinion.of(names[0]).kernel, declarations=names, equations=())
