"""What compiled modules add to Lean's grammar: tokens, and rules that may leave a bracket open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lean_bridge.build.lexical import BRACKET, is_balanced
from lean_bridge.olean.expr import Const, Expr, Lit, bare, spine
from lean_bridge.olean.mentions import mentioned_constants
from lean_bridge.olean.module import Module

_RULE: Final = "Lean.ParserDescr"
_RULES: Final = frozenset({_RULE, "Lean.TrailingParserDescr"})
"""The types of rules that are data."""
_PARSERS: Final = frozenset({"Lean.Parser.Parser", "Lean.Parser.TrailingParser"})
"""The types of rules that are programs."""
_INNER: Final = {"node": 2, "nodeWithAntiquot": 2, "trailingNode": 3}
"""Which argument of a rule that gives a kind to another is that other."""
_HIDES: Final = re.compile(r"['\"«»]|--|/-|-/")
"""What reads as a character, a string, a name or a comment, in which no bracket counts."""
_ALIASES: Final = frozenset(
    {
        *("andthen", "orelse", "optional", "many", "many1", "manyIndent", "many1Indent"),
        *("sepByIndentSemicolon", "sepBy1IndentSemicolon", "atomic", "lookahead", "notFollowedBy"),
        *("recover", "group", "withPosition", "withoutPosition", "withForbidden", "withoutForbidden"),
        *("patternIgnore", "interpolatedStr", "withoutVersoSyntax", "ws", "noWs", "linebreak"),
        *("colGt", "colGe", "colEq", "lineEq", "ident", "rawIdent", "num", "hexnum", "scientific"),
        *("str", "char", "name", "hole", "syntheticHole", "hygieneInfo", "bracketedBinder"),
        *("tacticSeq", "tacticSeqIndentGt", "matchRhsTacticSeq", "matchDiscr", "doSeq"),
        *("termBeforeDo", "letDecl", "letConfig", "letRecDecls", "docComment", "plainDocComment"),
        *("declModifiers", "nestedDeclModifiers", "declId", "declSig", "optDeclSig", "declVal"),
        *("visibility", "attrKind", "openDecl", "optionValue", "optSemicolon", "structInstFields"),
        *("sufficesDecl", "ppSpace", "ppHardSpace", "ppLine", "ppHardLineUnlessUngrouped", "ppGroup"),
        *("ppRealGroup", "ppRealFill", "ppIndent", "ppDedent", "ppDedentIfGrouped"),
        *("ppAllowUngrouped"),
    }
)
"""Lean's own short names of parsers; what a library registers under another is not known."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What is added to Lean's grammar."""

    tokens: frozenset[str] = frozenset()
    symbols: tuple[str, ...] = ()
    """What its rules have between what they refer to, each as often as they have it."""
    halves: tuple[str, ...] = ()
    """The rules that are not known to close the brackets that they open, and no other."""

    def upon(self, imported: Grammar) -> Grammar:
        """Return this grammar with what is imported: tokens, and the rules that may leave brackets open."""
        return Grammar(self.tokens | imported.tokens, self.symbols, self.halves + imported.halves)


LEAN_S: Final = Grammar()
"""Lean's own grammar, to which nothing is added."""


def read_grammar(module: Module) -> Grammar:
    """Return what a module adds to Lean's grammar, local rules included.

    Rules that are data are read; what a program makes is not known to close its brackets.
    """
    symbols: list[str] = []
    halves: list[str] = []
    for name in module.constant_names if module.may_mention(_RULE) or module.tokens else ():
        type_ = bare(module.type_of(name))
        of = type_.name if isinstance(type_, Const) else ""
        if of in _RULES:
            value = module.constant(name).value
            if value is None or not _is_balanced(value, symbols):
                halves.append(name)
        elif of in _PARSERS or any(
            each == _RULE or each.startswith(f"{_RULE}.")
            for each in mentioned_constants(module.constant(name))
        ):
            halves.append(name)
    return Grammar(module.tokens, tuple(symbols), tuple(halves))


class _NotReadError(Exception):
    """A rule, or a part of one, that is not known to close its brackets."""


def _is_balanced(rule: Expr, symbols: list[str]) -> bool:
    """Return whether a rule closes the brackets that it opens; its symbols are added to ``symbols``."""
    try:
        return is_balanced(_brackets(rule, symbols))
    except _NotReadError:
        return False


def _brackets(rule: Expr, symbols: list[str]) -> str:
    """Return the symbols of a rule that have brackets, in order; its parts may follow each other.

    Raises: _NotReadError for whatever is not sure to be read so, or may be left out or repeated in halves.
    """
    head, arguments = spine(rule)
    kind = head.name.removeprefix(f"{_RULE}.") if isinstance(head, Const) else ""
    if isinstance(head, Const) and not arguments:
        return ""  # another rule, read where it is declared
    if kind in _INNER:
        return _brackets(arguments[_INNER[kind]], symbols)
    if kind in ("symbol", "nonReservedSymbol"):
        return _symbol(arguments[0], symbols)
    if kind == "binary" and _alias(arguments[0]) == "andthen":
        return _brackets(arguments[1], symbols) + _brackets(arguments[2], symbols)
    inner: list[str] = []
    if kind == "unicodeSymbol":
        inner = [_symbol(each, symbols) for each in arguments[:2]]
    elif kind in ("sepBy", "sepBy1"):
        inner = [_brackets(each, symbols) for each in (arguments[0], arguments[2])]
    elif kind in ("const", "unary", "binary") and _alias(arguments[0]) in _ALIASES:
        inner = [_brackets(each, symbols) for each in arguments[1:]]
    elif kind not in ("cat", "parser"):
        raise _NotReadError
    if not all(map(is_balanced, inner)):
        raise _NotReadError
    return ""


def _symbol(text: Expr, symbols: list[str]) -> str:
    """Return a symbol, if it has brackets. Raises: _NotReadError if they may be read as part of a string."""
    if not isinstance(text := bare(text), Lit) or not isinstance(text.value, str):
        raise _NotReadError
    symbols.append(text.value)
    if not BRACKET.search(text.value):
        return ""
    if _HIDES.search(text.value):
        raise _NotReadError
    return text.value


def _alias(name: Expr) -> str | None:
    """Return a name of one part, as a rule has it."""
    head, arguments = spine(name)
    text = bare(arguments[-1]) if arguments else None
    if not (isinstance(head, Const) and head.name == "Lean.Name.mkStr1" and isinstance(text, Lit)):
        return None
    return text.value if isinstance(text.value, str) else None
