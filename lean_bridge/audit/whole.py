"""Every declaration of modules, judged without anybody having named one: what a project without catalogue is.

What Lean made of one declaration (constructors, matchers, ``_proof_1``, parts of an instance) belongs to it:
it is shown under it and judged with it, and nothing that a module declares is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lean_bridge.audit.audit import foundation_fault
from lean_bridge.audit.axioms import Fault, Foundation
from lean_bridge.audit.reading import Reading
from lean_bridge.codes import Code
from lean_bridge.names import Parts, split_name, written
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import ConstantKind, Name
from lean_bridge.olean.module import DeclarationRange, Module
from pybind_models import DeclarationReport, ModuleSummary, Source

_PRIVATE: Final = "_private"
_COMPILED: Final = "._unsafe_rec"
"""What Lean adds to a definition by well-founded recursion, for compiled code alone."""
_PARTS: Final[frozenset[ConstantKind]] = frozenset({"constructor", "recursor"})
"""What no keyword of its own declares."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration of a source, with all that Lean made of it."""

    name: Name
    module: Name
    kind: ConstantKind
    auxiliaries: tuple[Name, ...]
    is_instance: bool
    is_public: bool
    is_placed: bool
    """Whether its compiled file says where it stands."""
    opaque: frozenset[Name]
    """Of its constants, those whose value no theorem can know."""
    compiled: frozenset[Name]
    """Of its constants, those that Lean adds for compiled code alone: they have its name, and no place."""

    @property
    def shown(self) -> Name:
        """Its name as its source has it: without what makes it private to its module."""
        return written(_parts(self.name))

    @property
    def constants(self) -> tuple[Name, ...]:
        """Itself, and what belongs to it."""
        return (self.name, *self.auxiliaries)


def declared_in(environment: Environment, module: Name) -> tuple[Declared, ...]:
    """Return what a module declares, as it stands in its source; each constant is in exactly one of them.

    Raises: OleanError if the module cannot be read.
    """
    compiled = environment.module(module)
    outlines = {name: environment.outline_in(module, name) for name in compiled.constant_names}
    parts = [name for name, each in outlines.items() if each.original_kind in _PARTS]
    owners = _owners(compiled, frozenset(parts))
    served: dict[Name, list[Name]] = {}
    for name in compiled.constant_names:
        owner = owners.get(name)
        served.setdefault(owner if owner is not None else name, [])
        if owner is not None:
            served[owner].append(name)
    ranges = compiled.declaration_ranges
    last = DeclarationRange(1 << 60, 0, 0, 0)

    def place(name: Name) -> tuple[int, int, Name]:
        found = ranges.get(name, last)
        return found.line, found.column, name

    return tuple(
        Declared(
            name=name,
            module=module,
            kind=outlines[name].original_kind,
            auxiliaries=tuple(sorted(served[name])),
            is_instance=name in compiled.instances,
            is_public=not name.startswith(f"{_PRIVATE}."),
            is_placed=name in ranges,
            opaque=frozenset(
                each for each in (name, *served[name]) if outlines[each].original_kind == "opaque"
            ),
            compiled=frozenset(
                each for each in served[name] if each.endswith(_COMPILED) and each not in ranges
            ),
        )
        for name in sorted(served, key=place)
    )


def gathered(declared: Iterable[Declared]) -> tuple[Declared, ...]:
    """Return what modules declare together, with what Lean made in one of what another declares.

    So it does with equation lemmas, in the module that first needs them.
    """
    found = list(declared)
    known = {
        _parts(name): number for number, each in enumerate(found) if each.is_placed for name in each.constants
    }
    served: dict[int, list[Declared]] = {}
    strays: set[int] = set()
    for number, each in enumerate(found):
        if each.is_placed:
            continue
        own = _parts(each.name)
        owners = (known.get(own[:length]) for length in range(len(own) - 1, 0, -1))
        if (owner := next((owner for owner in owners if owner is not None), None)) is not None:
            served.setdefault(owner, []).append(each)
            strays.add(number)
    return tuple(
        replace(
            each,
            auxiliaries=(
                *each.auxiliaries,
                *(name for stray in served.get(number, ()) for name in stray.constants),
            ),
            opaque=each.opaque.union(*(stray.opaque for stray in served.get(number, ()))),
        )
        for number, each in enumerate(found)
        if number not in strays
    )


def _owners(module: Module, parts: Collection[Name]) -> dict[Name, Name]:
    """Return of what is auxiliary which declaration it belongs to.

    That is the one within whose text it stands; of what has no place, the one whose name its own begins with.
    """
    owners = dict(_within(module, parts))
    known = {_parts(name): name for name in module.constant_names if name not in parts}
    placed = module.declaration_ranges
    for name in module.constant_names:
        if name in owners or (name in placed and name not in parts):
            continue
        own = _parts(name)
        for length in range(len(own) - 1, 0, -1):
            owner = known.get(own[:length])
            if owner is not None and owner != name:
                owners[name] = owner
                break
    roots = {name: _root(name, owners) for name in owners}
    return {name: root for name, root in roots.items() if root is not None}


def _root(name: Name, owners: Mapping[Name, Name]) -> Name | None:
    """Return what a declaration belongs to in the end; nothing, where made-up places lead in a circle."""
    seen = set[Name]()
    while name in owners:
        if name in seen:
            return None
        seen.add(name)
        name = owners[name]
    return name


def _within(module: Module, parts: Collection[Name]) -> Iterator[tuple[Name, Name]]:
    """Yield what stands within the text of another declaration, with that one."""
    placed = [
        ((each.line, each.column), (each.end_line, each.end_column), name)
        for name, each in module.declaration_ranges.items()
        if name in module
    ]
    placed.sort(key=lambda each: (each[0], (-each[1][0], -each[1][1]), each[2] in parts, len(each[2])))
    around: list[tuple[tuple[int, int], tuple[int, int], Name]] = []
    for start, end, name in placed:
        while around and around[-1][1] <= start:
            around.pop()
        if around and around[-1][1] >= end:
            first, last, outer = around[-1]
            if (first, last) != (start, end) or _parts(name)[: len(_parts(outer))] == _parts(outer):
                yield name, outer
                continue
        around.append((start, end, name))


def _parts(name: Name) -> Parts:
    """Return the parts of a name, without what makes it private to a module."""
    found = split_name(name) or (name,)
    if found[0] == _PRIVATE and 0 in found:
        return found[found.index(0) + 1 :] or found
    return found


def audit_whole(
    declared: Iterable[Declared], reading: Reading, stands: Mapping[tuple[Name, Name], Source]
) -> tuple[DeclarationReport, ...]:
    """Return one report for each declaration: first what is at fault itself, then what rests on that.

    ``stands`` says where each stands, by module and name. Raises: OleanError.
    """
    order = {True: 0, False: 1, None: 2}
    judged = [(_judge(each, reading, stands.get((each.module, each.name))), each) for each in declared]
    ranked = [(report, _is_root(report, each, reading)) for report, each in judged]
    return tuple(report for report, _ in sorted(ranked, key=lambda pair: order[pair[1]]))


def _is_root(report: DeclarationReport, declared: Declared, reading: Reading) -> bool | None:
    """Whether what is not accepted is at fault itself; ``None`` of what is accepted."""
    if report.is_accepted:
        return None
    return bool(declared.opaque) or any(
        reading.collector.own_fault(name) is not None for name in declared.constants
    )


def _judge(declared: Declared, reading: Reading, source: Source | None) -> DeclarationReport:
    found = {name: reading.collector.collect(name) for name in declared.constants}
    fault, foundation = _fault(declared, found)
    return DeclarationReport(
        name=declared.name,
        group=declared.module,
        upstream=None,
        kind=declared.kind,
        status="rejected" if fault else "proved" if declared.kind == "theorem" else "defined",
        reason=fault.reason if fault else None,
        code=fault.code if fault else None,
        statement=reading.statement(declared.name) if fault else None,
        axioms=tuple(sorted({axiom for each in found.values() for axiom in each.axioms})),
        axiom_path=foundation.path,
        library_theorems=len({name for each in found.values() for name in each.library_theorems}),
        declarations=found[declared.name].declarations,
        source=source,
    )


def _fault(declared: Declared, found: Mapping[Name, Foundation]) -> tuple[Fault | None, Foundation]:
    """Return why a declaration is not accepted, or what belongs to it is not, and what that rests on."""
    for name, foundation in found.items():
        fault = foundation_fault(foundation)
        if fault is None and name in declared.opaque:
            fault = Fault(Code.UNSAFE, "it is opaque: no theorem can say what its value is")
        proper = found.get(name.removesuffix(_COMPILED)) if name in declared.compiled else None
        is_code = proper is not None and set(foundation.axioms) <= set(proper.axioms)
        if fault is not None and not (is_code and fault.code == Code.UNSAFE):
            reason = fault.reason if name == declared.name else f"{name}, which belongs to it: {fault.reason}"
            return Fault(fault.code, reason), foundation
    return None, found[declared.name]


def summaries(
    modules: Sequence[Name], declared: Sequence[Declared], judged: Iterable[DeclarationReport]
) -> tuple[ModuleSummary, ...]:
    """Return how many declarations of each kind each module has, and how many are not accepted.

    ``declared`` is all that the modules declare, and ``judged`` what of it was to be judged; and what no
    compiled file has, as examples.
    """
    kinds = {
        (each.module, each.name): (
            "instances"
            if each.is_instance
            else {"theorem": "theorems", "definition": "definitions", "inductive": "types"}.get(
                each.kind, "others"
            ),
            len(each.auxiliaries),
        )
        for each in declared
    }
    counts = {module: dict.fromkeys(ModuleSummary.COUNTS, 0) for module in modules}
    for each in declared:
        counts[each.module]["left_out"] += 1
    for report in judged:
        count = counts[report.group]
        kind, auxiliaries = kinds.get((report.group, report.name), ("others", 0))
        count["left_out"] -= (report.group, report.name) in kinds
        count[kind] += 1
        count["auxiliaries"] += auxiliaries
        count["not_accepted"] += not report.is_accepted
    return tuple(ModuleSummary(module=module, **count) for module, count in counts.items())
