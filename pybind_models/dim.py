"""Symbolic axis lengths: polynomials over ℕ in a declaration's dimension arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import total_ordering
from typing import Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Monomial: TypeAlias = tuple[tuple[str, int], ...]
"""Powers of distinct dimension names, sorted by name, exponents positive; ``()`` is 1."""

_FACTOR = re.compile(r"(?:(?P<number>\d+)|(?P<name>[^\W\d][\w'!?₀-₉]*)(?:\^(?P<power>[1-9]\d*))?)\Z")


@total_ordering
class Dim:
    """A polynomial with natural-number coefficients, in normal form.

    Bound to a Lean term of type ``Nat`` built from literals, dimension arguments, ``+`` and ``*``. Equal
    polynomials compare equal and have one text, such as ``"2*n^2 + dModel*n + 3"``, which is their JSON.
    """

    __slots__ = ("_terms",)

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        if any(count < 0 for count in terms.values()):
            raise ValueError(f"a dimension has no negative coefficients, found {dict(terms)}")
        kept = ((monomial, count) for monomial, count in terms.items() if count)
        self._terms = tuple(sorted(kept, key=lambda t: (-sum(p for _, p in t[0]), t[0])))

    @classmethod
    def constant(cls, value: int) -> Dim:
        """Return the polynomial with one value at every point."""
        return cls({(): value})

    @classmethod
    def variable(cls, name: str) -> Dim:
        """Return the dimension argument itself."""
        return cls({((name, 1),): 1})

    @classmethod
    def parse(cls, text: str) -> Dim:
        """Return the polynomial written as ``str`` writes it.

        Raises: ValueError if the text is not a sum of products of naturals, names and powers.
        """
        total = cls({})
        for term in text.split("+"):
            product = cls.constant(1)
            for factor in term.split("*"):
                match = _FACTOR.match(factor.strip())
                if match is None:
                    raise ValueError(f"expected a polynomial such as '2*n^2 + H*D', found {text!r}")
                if match["number"]:
                    product = product * cls.constant(int(match["number"]))
                else:
                    product = product * cls({((match["name"], int(match["power"] or 1)),): 1})
            total = total + product
        return total

    @property
    def terms(self) -> tuple[tuple[Monomial, int], ...]:
        """The monomials with their coefficients, highest degree first."""
        return self._terms

    @property
    def names(self) -> frozenset[str]:
        """The dimension arguments that occur."""
        return frozenset(name for monomial, _ in self._terms for name, _ in monomial)

    def __add__(self, other: Dim) -> Dim:
        total = dict(self._terms)
        for monomial, count in other._terms:
            total[monomial] = total.get(monomial, 0) + count
        return Dim(total)

    def __mul__(self, other: Dim) -> Dim:
        total: dict[Monomial, int] = {}
        for left, a in self._terms:
            for right, b in other._terms:
                powers = dict(left)
                for name, power in right:
                    powers[name] = powers.get(name, 0) + power
                monomial = tuple(sorted(powers.items()))
                total[monomial] = total.get(monomial, 0) + a * b
        return Dim(total)

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Return the axis length at the given dimension arguments.

        Raises: KeyError with the name of a dimension that ``sizes`` lacks.
        """
        total = 0
        for monomial, count in self._terms:
            for name, power in monomial:
                count *= sizes[name] ** power
            total += count
        return total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self._terms == other._terms

    def __lt__(self, other: Dim) -> bool:
        return self._terms < other._terms

    def __hash__(self) -> int:
        return hash(self._terms)

    def __str__(self) -> str:
        written = []
        for monomial, count in self._terms:
            factors = [name if power == 1 else f"{name}^{power}" for name, power in monomial]
            if count != 1 or not factors:
                factors.insert(0, str(count))
            written.append("*".join(factors))
        return " + ".join(written) or "0"

    def __repr__(self) -> str:
        return f"Dim({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from_text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )


Shape: TypeAlias = tuple[Dim, ...]
"""Axis lengths, outermost first; ``()`` is a scalar. Bound to ``Spec.Shape``."""


def shape_text(shape: Shape) -> str:
    """Return a shape as people write it, ``n×(headDim*numHeads)``; a scalar is ``scalar``."""
    texts = map(str, shape)
    return "×".join(f"({text})" if {"*", "+"} & set(text) else text for text in texts) or "scalar"
