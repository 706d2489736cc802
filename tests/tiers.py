"""Which of many like cases every run tries, and which the long tier alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def one_in(every: int, cases: Iterable[Any]) -> list[ParameterSet]:
    """Return parameters for cases alike; all but each ``every``-th, from the first on, are long.

    A case for several parameters is a tuple.
    """
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=[pytest.mark.full] if at % every else []
        )
        for at, case in enumerate(cases)
    ]
