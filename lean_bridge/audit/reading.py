"""What is read of one environment for its audit and for its pins: each hash, text and foundation once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from lean_bridge.ahead import read_ahead
from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.signature import Signatures
from lean_bridge.audit.statement import CUT, definition_text, statement_text
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Constant, Name
from pybind_models import Words

_TOLD: Final = 16
"""Digits of a hash by which a text that is cut differs from others that begin alike."""

_MANY: Final = 100
"""Declarations that are not read sooner than a copy of the process is made."""


class Reading:
    """Reads declarations that are there. Raises: OleanError if a compiled module cannot be read."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.hashes = StructuralHashes(environment)
        self.collector = AxiomCollector(environment)
        self.vocabulary = Vocabulary(self.hashes)
        self._signatures = Signatures(environment)
        self._statements: dict[Name, str] = {}
        self._definitions: dict[Name, str | None] = {}
        self._ahead: Callable[[], dict[Name, str | None]] | None = None
        self._words: dict[Name, Words] = {}

    def statement(self, name: Name) -> str:
        """Return the type of a declaration; what is too long is cut, and ends in a hash of all of it."""
        if name not in self._statements:
            text = statement_text(self._constant(name), self.environment, signatures=self._signatures)
            self._statements[name] = self._whole(text, name)
        return self._statements[name]

    @contextmanager
    def read_ahead(self, names: Iterable[Name]) -> Iterator[None]:
        """Read what declarations say, of those that are there; in the context :meth:`word` is quick."""
        wanted = [name for name in names if name in self.environment]
        if len(wanted) < _MANY:
            yield
            return
        with read_ahead(lambda: {name: self._word(name) for name in wanted}) as self._ahead:
            try:
                yield
            finally:
                self._ahead = None

    def word(self, name: Name) -> str | None:
        """Return what a declaration says itself; a theorem is no word, and says its statement alone."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            self._definitions |= ahead()
        if name not in self._definitions:
            self._definitions[name] = self._word(name)
        return self._definitions[name]

    def _word(self, name: Name) -> str | None:
        if self._is_theorem(name):
            return None
        text = definition_text(self._constant(name), self.environment, signatures=self._signatures)
        return self._whole(text, name)

    def _whole(self, text: str, name: Name) -> str:
        return f"{text} ({self.hashes.own_hash(name)[:_TOLD]})" if CUT in text else text

    def words(self, name: Name) -> Words:
        """Return whose words a declaration is made of."""
        if name not in self._words:
            self._words[name] = self.vocabulary.words(name, is_theorem=self._is_theorem(name))
        return self._words[name]

    def own(self, name: Name) -> tuple[Name, ...] | None:
        """Return the words of the library's own that a declaration is made of, if there are some."""
        words = self.words(name)
        return (*words.changed, *words.own) or None

    def _is_theorem(self, name: Name) -> bool:
        return self.environment.original_kind(name) == "theorem"

    def _constant(self, name: Name) -> Constant:
        constant = self.environment.constant(name)
        assert constant is not None
        return constant
