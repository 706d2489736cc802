"""What an independent kernel says of a library and of the theorems that were generated about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lean_bridge.errors import ToolchainNotFound
from lean_bridge.kernel.replay import project_declarations, replay, verdicts
from lean_bridge.kernel.session import find_second_kernel
from lean_bridge.olean.environment import Environment
from pybind_models import KernelVerdict


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The verdicts of one independent kernel; where there is none, that it was not asked."""

    label: str
    verdicts: Mapping[str, KernelVerdict] = field(default_factory=dict)
    """Of every declaration outside Lean's own library."""
    equations: Mapping[str, KernelVerdict] = field(default_factory=dict)
    """Whether both sides of a theorem's equation are equal by definition, by the theorem's name."""
    why_not: str | None = None
    """Why the kernel was not asked, or did not get to the end."""

    @property
    def refused(self) -> tuple[str, ...]:
        """The declarations that the kernel refuses."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict.outcome == "refused")

    def of(self, name: str) -> KernelVerdict:
        """Return what the kernel says of a declaration."""
        return self.verdicts.get(name) or self._silent()

    def of_all(self, names: Iterable[str]) -> KernelVerdict:
        """Return one verdict on several declarations: accepted if all of them are, refused if one is."""
        found = [self.of(name) for name in names]
        for outcome in ("refused", "not confirmed"):
            for verdict in found:
                if verdict.outcome == outcome:
                    return verdict
        return found[0] if found else self._silent()

    def of_equation(self, theorem: str) -> KernelVerdict:
        """Return whether both sides of a theorem's equation are equal by definition."""
        return self.equations.get(theorem) or self._silent()

    def _silent(self) -> KernelVerdict:
        return KernelVerdict(kernel=self.label, outcome="not confirmed", detail=self.why_not)


def ask_second_kernel(
    environment: Environment, equations: Sequence[str], *, observe: Callable[[object], None]
) -> SecondOpinion:
    """Replay everything outside Lean's own library, and ask whether the ``equations``' sides are equal.

    ``equations`` are names of theorems ``∀ …, left = right``. Without a second kernel, or one that fails,
    nothing is confirmed. Raises: OleanError if a compiled module cannot be read.
    """
    try:
        kernel = find_second_kernel()
    except ToolchainNotFound as error:
        return SecondOpinion("second kernel", why_not=str(error))
    replayed = replay(
        environment,
        project_declarations(environment),
        kernel=kernel,
        equations=equations,
        observe=observe,
    )
    equal = {
        theorem: KernelVerdict(
            kernel=f"{kernel.label}, asked whether both sides are equal",
            outcome="not confirmed" if outcome.state == "not reached" else outcome.state,
            detail=outcome.detail,
        )
        for theorem, outcome in replayed.equations.items()
    }
    return SecondOpinion(kernel.label, verdicts(replayed), equal, replayed.fault)
