"""Symbolic axis lengths: polynomials over ℕ in a declaration's dimension arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import total_ordering
from typing import Any, NoReturn, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Monomial: TypeAlias = tuple[tuple[str, int], ...]
"""Powers of distinct dimension names, sorted by name, exponents positive; ``()`` is 1."""

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[^\W\d][\w'!?₀-₉]*)|(?P<mark>[+*()]))")

_SUM, _PRODUCT, _ATOM = range(3)


@total_ordering
class Dim:
    """A polynomial with natural-number coefficients, which remembers how it was written.

    Bound to a Lean term of type ``Nat`` built from literals, dimension arguments, ``+`` and ``*``. Its text,
    which is its JSON, is that term, such as ``"numHeads*headDim + 2*(n + 1)"``: Lean tells products from one
    another by the order of their factors. Equal polynomials compare equal however they are written.
    """

    __slots__ = ("_form", "_terms", "_text")

    def __init__(self, terms: Mapping[Monomial, int], text: str, form: int) -> None:
        kept = ((monomial, count) for monomial, count in terms.items() if count)
        self._terms = tuple(sorted(kept, key=lambda t: (-sum(p for _, p in t[0]), t[0])))
        self._text = text
        self._form = form

    @classmethod
    def constant(cls, value: int) -> Dim:
        """Return the polynomial with one value at every point. Raises: ValueError if it is negative."""
        if value < 0:
            raise ValueError(f"expected a dimension ≥ 0, found {value}")
        return cls({(): value}, str(value), _ATOM)

    @classmethod
    def variable(cls, name: str) -> Dim:
        """Return the dimension argument itself."""
        return cls({((name, 1),): 1}, name, _ATOM)

    @classmethod
    def parse(cls, text: str) -> Dim:
        """Return the polynomial written as in Lean.

        Raises: ValueError if the text is not made of naturals, names, ``+``, ``*`` and parentheses.
        """
        try:
            return _Parser(text).parse()
        except RecursionError:
            raise ValueError("expected a polynomial with fewer parentheses in one another") from None

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
        return Dim(total, f"{self._text} + {other._within(_PRODUCT)}", _SUM)

    def __mul__(self, other: Dim) -> Dim:
        total: dict[Monomial, int] = {}
        for left, a in self._terms:
            for right, b in other._terms:
                powers = dict(left)
                for name, power in right:
                    powers[name] = powers.get(name, 0) + power
                monomial = tuple(sorted(powers.items()))
                total[monomial] = total.get(monomial, 0) + a * b
        return Dim(total, f"{self._within(_PRODUCT)}*{other._within(_ATOM)}", _PRODUCT)

    def _within(self, form: int) -> str:
        """Return the text, in parentheses if it binds less than ``form``; both operations go left first."""
        return self._text if self._form >= form else f"({self._text})"

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
        return self._text

    def __repr__(self) -> str:
        return f"Dim({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, in every protocol of pickle: the first two know no slots."""
        return Dim, (dict(self._terms), self._text, self._form)

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
    """Return a shape as people write it, ``n×(numHeads*headDim)``; a scalar is ``scalar``."""
    texts = map(str, shape)
    return "×".join(f"({text})" if {"*", "+"} & set(text) else text for text in texts) or "scalar"


class _Parser:
    """One text, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._advance()

    def parse(self) -> Dim:
        total = self._sum()
        if self._token is not None or self._text[self._at :].strip():
            self._refuse()
        return total

    def _sum(self) -> Dim:
        total = self._product()
        while self._take("+"):
            total += self._product()
        return total

    def _product(self) -> Dim:
        product = self._factor()
        while self._take("*"):
            product *= self._factor()
        return product

    def _factor(self) -> Dim:
        token = self._token
        if token is None:
            self._refuse()
        if self._take("("):
            inner = self._sum()
            return inner if self._take(")") else self._refuse()
        self._advance()
        if token["number"]:
            return Dim.constant(int(token["number"]))
        return Dim.variable(token["name"]) if token["name"] else self._refuse()

    def _take(self, mark: str) -> bool:
        found = self._token is not None and self._token["mark"] == mark
        if found:
            self._advance()
        return found

    def _advance(self) -> None:
        self._token = _TOKEN.match(self._text, self._at)
        if self._token is not None:
            self._at = self._token.end()

    def _refuse(self) -> NoReturn:
        raise ValueError(f"expected a polynomial such as '2*n*n + H*(D + 1)', found {self._text!r}")
