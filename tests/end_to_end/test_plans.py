"""Every graph of the library runs as planned as it does node by node, by any passes and in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lean_bridge.executor.backends import torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.passes.order import SWITCHES
from lean_bridge.project import open_project
from lean_bridge.toolchain.provider import Provider
from tests.backend_cases import Both
from tests.coverings import covering_subsets
from tests.plan_cases import Case

pytestmark = pytest.mark.lean

LENGTHS = (2, 3, 4, 2, 5)


def test_plans_agree_with_the_interpreter_on_every_graph(embedded: Provider) -> None:
    assert embedded.library.is_dir()
    project = open_project(Path(__file__).parents[2])
    names = [entry.name for entry in project.catalogue.graphs]
    assert len(names) >= 19
    for name in names:
        bound = project.graph(name)
        sizes = dict(zip(bound.model.dims, LENGTHS, strict=False))
        for exact in (True, False):
            case = Case(bound.bind(**sizes), np.random.default_rng(11), exact=exact)
            for subset in covering_subsets(SWITCHES)[:: 1 if exact else 4]:
                case.check(CompiledProgram(case.program).with_passes(subset))
        Both(bound.bind(**sizes), torch_reals(), np.float64, 1).check()
