"""Finds the declarations in a Lean source by its text alone, without asking the Lean that elaborates it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from lean_bridge.build.grammar import LEAN_S, Grammar
from lean_bridge.build.header import parse_header
from lean_bridge.build.lexical import PART, SPACES, comment_end
from lean_bridge.build.tokens import Tokens, unescaped
from lean_bridge.names import split_name

_CLAIM = r"(?: theorem | lemma | axiom | example ) (?! [\w'!?.] )"
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DIGITS = "[0-9]+ (?: _+[0-9]+ )*"
_TOKEN: Final = re.compile(
    rf"""
      (?P<space> [{SPACES}]+ | --[^\n]* )
    | (?P<comment> /- )
    | (?P<raw> r(?P<hashes>\#*)" )
    | (?P<interpolated> [smf]!" )
    | (?P<string> {_STRING.pattern} )
    | (?P<character> '(?: \\[^'\n]+ | \\' | [^\\'] )' )
    | (?P<quoted_name> `+ {PART} (?: \. {PART} )* )
    | (?P<quotation> `\( )
    | (?P<number> 0[bB][01_]+ | 0[oO][0-7_]+ | 0[xX][0-9a-fA-F_]+
        | {_DIGITS} (?: \. (?: {_DIGITS} )? )? (?: [eE] [+-]? {_DIGITS} )? )
    | (?P<command> \# (?: where | version )? (?= {_CLAIM} ) )
    | (?P<word> \#? {PART} (?: \. {PART} )* )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LIKE_A_BEGINNING: Final = re.compile(r"--|/-|\"|`\(|«")
"""What reads as a comment, a string, a quotation or a name where it is part of a token that a source adds."""
_IS_ONE_WORD: Final = re.compile(
    r"(?!in$) (?!.*(?:theorem|lemma|def|abbrev|axiom|opaque|inductive|structure|class|example|instance"
    r"|namespace|section|mutual|end|exit|msgs|failure|macro_rules)$) [^\W\d][\w.]*",
    re.VERBOSE,
)
"""What stays one word, and no reserved one, when a token ends before it."""
_BEFORE_A_CHARACTER: Final = frozenset("([{⟨,:=|+;")

NAMED: Final = frozenset(
    {"theorem", "def", "abbrev", "axiom", "opaque", "inductive", "coinductive", "structure", "class", "lemma"}
)
"""Keywords after which the name of what they declare stands."""
_QUOTABLE: Final = NAMED | {"instance", "example"}
_NOT_INTERPOLATED: Final = re.compile(rf"--|/-|[\"'«`]|{'|'.join(sorted(_QUOTABLE))}")
_GUARDS: Final = frozenset({"#guard_msgs", "#check_failure"})
"""Commands that expect the one after them to fail."""
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}

Components = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration that stands in a source."""

    keyword: str
    name: Components
    """Its full name as far as the text tells; without components for what Lean names itself."""
    suffix: Components
    """The part of the name that is written where it is declared."""
    line: int
    """1-based."""
    column: int
    """0-based, in code points, as Lean counts."""
    is_expected_to_fail: bool = False
    """Whether it stands under a command such as ``#guard_msgs``."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the text of a source declares."""

    declared: tuple[Declared, ...]
    unclosed_quotation: tuple[int, Declared] | None
    """The line of a quotation that ends nowhere, and the first declaration that it hides."""
    unclear: tuple[int, str] | None = None
    """The first line where text alone cannot tell where a string or a token ends, and what is there."""


@dataclass(frozen=True, slots=True)
class Example:
    """An ``example`` of a source: it is checked, and no compiled file keeps it."""

    line: int
    """1-based; where the word ``example`` stands."""
    column: int
    """0-based."""
    text: str
    """From there up to the next command, as far as the text tells."""
    words: tuple[str, ...]
    """What Lean reads of that, without comments, strings and quotations."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int


def scan_declarations(text: str, grammar: Grammar = LEAN_S) -> Scan:
    """Return every declaration of a source, in order.

    ``theorem``, ``def`` and the like are reserved words of Lean's, so they open a declaration wherever they
    stand outside comments, strings and quotations: at the start of a line, behind attributes and modifiers,
    behind ``in``, or in the middle of a line. Declarations within a quotation are a macro's, and made where
    it is used. What macros and elaborators declare is not seen. ``grammar`` is what the library's own modules
    add to Lean's: where a token of theirs, or what may be one in a string of the text, would have Lean read
    another word than stands in the text, the text is unclear; so is the end of a quotation that has a
    declaration, where a rule may leave a bracket open.
    """
    return _Scanner(text, grammar).scan()


def scan_examples(text: str) -> tuple[Example, ...]:
    """Return every ``example`` of a source, in order; those of macros and elaborators are not seen."""
    return tuple(_Scanner(text, LEAN_S).examples()) if "example" in text else ()


def words_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield the words that Lean reads in a source, outside comments and strings, with their lines."""
    for token in _tokens(text, [], Tokens(LEAN_S.tokens, interpolates='s!"')):
        yield token.text, text.count("\n", 0, token.at) + 1


def name_components(text: str) -> Components:
    """Return the components of a name as it is written in a source."""
    return tuple(str(part) for part in split_name(text) or ())


class _Scanner:
    def __init__(self, text: str, grammar: Grammar) -> None:
        self._text = text
        self._unclear: list[tuple[int, str]] = []
        self._own = Tokens(grammar.tokens, interpolates="" if parse_header(text).is_prelude else 's!"')
        self._tokens = [*_tokens(text, self._unclear, self._own), _Token("", len(text))]
        self._halves = (*grammar.halves, *self._own.halves(grammar.symbols))
        """The rules and tokens by which Lean may read one bracket of a pair."""
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._scopes: list[str | None] = []
        """Open namespaces, by component; ``None`` for a section or a ``mutual`` block."""
        self._brackets: list[tuple[str, int]] = []
        """What closes each bracket that is open in a quotation, and where that quotation begins."""
        self._hidden: Declared | None = None
        self._guarded = False

    def scan(self) -> Scan:
        declared = [found for at in range(len(self._tokens) - 1) if (found := self._read(at)) is not None]
        unclosed = None
        if self._brackets and self._hidden is not None:
            unclosed = self._line(self._brackets[0][1]), self._hidden
        unclear = (self._line(self._unclear[0][0]), self._unclear[0][1]) if self._unclear else None
        return Scan(tuple(declared), unclosed, unclear)

    def examples(self) -> Iterator[Example]:
        found = [(self._read(at), bool(self._brackets)) for at in range(len(self._tokens) - 1)]
        for first, (declared, _) in enumerate(found):
            if declared is None or declared.keyword != "example":
                continue
            end = first + 1
            while end < len(found) and found[end][0] is None and not self._begins_a_command(end, first):
                end += 1
            words = tuple(self._tokens[at].text for at in range(first, end) if not found[at][1])
            text = self._text[self._tokens[first].at : self._tokens[end].at]
            yield Example(declared.line, declared.column, text.rstrip(), words)

    def _begins_a_command(self, at: int, example: int) -> bool:
        """Return whether a word opens a command, and begins a line no further in than an example's."""
        word, here = self._tokens[at].text, self._tokens[at].at
        line, margin = self._line_to(here), self._line_to(self._tokens[example].at)
        indent = len(margin) - len(margin.lstrip())
        return (word in _OPENING or word[0] in "#@") and not line.strip() and len(line) <= indent

    def _line_to(self, offset: int) -> str:
        return self._text[self._lines[self._line(offset) - 1] : offset]

    def _read(self, at: int) -> Declared | None:
        word = self._tokens[at].text
        if self._is_quoted(word, at):
            if word in _QUOTABLE:
                self._hides(word, at)
            return None
        if word in _GUARDS:
            self._guarded = True
        elif word == "namespace":
            self._scopes += name_components(self._tokens[at + 1].text)
        elif word == "mutual":
            self._scopes.append(None)
        elif word == "section":
            self._scopes += [None] * max(1, len(self._scope_name(at)))
        elif word == "end":
            count = max(1, len(self._scope_name(at)))
            del self._scopes[max(0, len(self._scopes) - count) :]
        else:
            return self._declaration(word, at)
        return None

    def _declaration(self, word: str, at: int) -> Declared | None:
        before, after = self._tokens[at - 1].text if at else "", self._tokens[at + 1].text
        if word == "example":
            return self._declared(word, at, ())
        if word == "instance":
            if (
                before in ("deriving", "(")
                or self._tokens[at - 2].text == "deriving"
                or after in ("]", ",", ":=")
                or after.isdigit()
            ):
                return None
            while self._tokens[at + 1].text == "(":  # a priority
                at = next(i for i in range(at, len(self._tokens)) if self._tokens[i].text in (")", ""))
            named = name_components(self._tokens[at + 1].text) if self._is_name(at + 1) else ()
            return self._declared(word, at, named)
        if word not in NAMED or after in ("]", ","):
            return None
        if before == "." and not self._is_name(at + 1):
            return None  # a field; behind a token that ends in a dot there is a name
        if word == "class" and after in NAMED:
            return None
        if word == "lemma" and not (self._is_name(at + 1) and self._opens_a_command(at)):
            return None  # not a word of Lean's own: a theorem may have the name, and be applied
        return self._declared(word, at, name_components(after) if self._is_name(at + 1) else ())

    def _opens_a_command(self, at: int) -> bool:
        """Return whether a word stands where a command does: at the margin, or behind what precedes one."""
        here = self._tokens[at].at
        return here == self._lines[self._line(here) - 1] or self._tokens[at - 1].text in _BEFORE_A_COMMAND

    def _declared(self, keyword: str, at: int, named: Components) -> Declared:
        offset = self._tokens[at].at
        line = self._line(offset)
        guarded, self._guarded = self._guarded, False
        if named[:1] == ("_root_",):
            suffix = full = named[1:]
        else:
            suffix = named
            full = (*(scope for scope in self._scopes if scope is not None), *named) if named else ()
        column = offset - self._lines[line - 1]
        return Declared(keyword, full, suffix, line, column, guarded)

    def _is_quoted(self, word: str, at: int) -> bool:
        """Keep account of the quotations, and say whether this token lies in one."""
        if word == "`(":
            start = self._brackets[0][1] if self._brackets else self._tokens[at].at
            self._brackets.append((")", start))
            return True
        if not self._brackets:
            return False
        if word in _CLOSERS:
            self._brackets.append((_CLOSERS[word], self._brackets[0][1]))
        elif word == self._brackets[-1][0]:
            self._brackets.pop()
            if not self._brackets:
                self._hidden = None
        return True

    def _hides(self, word: str, at: int) -> None:
        """Keep account of a declaration in a quotation, and of what may have that end before it."""
        if self._halves:
            half = f"{self._halves[0]} may open or close a bracket alone"
            what = f"{word} stands in a quotation, whose end is not known where {half}"
            self._unclear.append((self._tokens[at].at, what))
        if self._hidden is None:
            self._hidden = self._declared(word, at, ())

    def _is_name(self, at: int) -> bool:
        text = self._tokens[at].text
        return bool(text) and (text[0] in "«_" or text[0].isalpha())

    def _scope_name(self, at: int) -> Components:
        """Return the name behind ``section`` or ``end``, which has to be on its line."""
        here, following = self._tokens[at], self._tokens[at + 1]
        is_beside = self._line(here.at) == self._line(following.at)
        if is_beside and self._is_name(at + 1) and following.text not in _OPENING:
            return name_components(following.text)
        return ()

    def _line(self, offset: int) -> int:
        low, high = 0, len(self._lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._lines[middle] <= offset else (low, middle)
        return low + 1


_BEFORE_A_COMMAND: Final = frozenset(
    {"]", "in", "private", "protected", "public", "noncomputable", "unsafe", "partial", "meta", "nonrec"}
)

_OPENING: Final = NAMED | frozenset(
    {
        *("instance", "example", "namespace", "section", "end", "mutual", "open", "variable", "universe"),
        *("set_option", "attribute", "private", "protected", "public", "noncomputable", "unsafe", "partial"),
        *("scoped", "local", "deriving", "export", "meta", "macro", "syntax", "elab", "notation"),
        *("run_cmd", "initialize"),
    }
)
"""Words that open a command, and so are no name of a section."""


def _tokens(
    text: str, unclear: list[tuple[int, str]], own: Tokens, offset: int = 0, *, in_hole: bool = False
) -> Iterator[_Token]:
    """Yield what Lean would read; in the hole of a string, up to and with the brace that closes it.

    Where that cannot be told, the offset and what is there is added to ``unclear``. To the tokens of its
    ``own`` what its strings say is added.
    """
    depth = 0
    while (token := _TOKEN.match(text, offset)) is not None:
        end = token.end()
        _look_at_own_tokens(text, token, own, unclear)
        if token["comment"] is not None:
            end = comment_end(text, offset)
        elif token["raw"] is not None:
            close = text.find(f'"{token["hashes"]}', end)
            end = len(text) if close < 0 else close + 1 + len(token["hashes"])
            _look_at_string(text[offset:end], offset, unclear, own, in_term=in_hole)
        elif token["interpolated"] is not None:
            end = yield from _interpolated(text, end, unclear, own)
            if token[0] != own.interpolates:
                _look_at_interpolated(text[offset + 2 : end], offset, unclear)
        elif token["space"] is None:
            if token["string"] is not None:
                _look_at_string(token[0], offset, unclear, own, in_term=in_hole)
            elif token["character"] is not None:
                before = text[offset - 1] if offset else " "
                if not (before in SPACES or before in _BEFORE_A_CHARACTER) and token[0][1] in '"`«-/':
                    unclear.append((offset, f"{token[0]} stands against what is before it"))
            yield _Token(token[0], offset)
            depth += (token[0] == "{") - (token[0] == "}")
            if in_hole and depth < 0:
                return
        offset = end


def _look_at_own_tokens(
    text: str, lexeme: re.Match[str], own: Tokens, unclear: list[tuple[int, str]]
) -> None:
    """Find where a token of the library's own would end within what the text reads as something else.

    As long as there is no such place, both read the same words: a token ends where a word of the text does.
    """
    kind, start, end = lexeme.lastgroup, lexeme.start(), lexeme.end()
    if kind == "mark" or lexeme[0].startswith("#"):
        own.begin(text, start)
    elif kind in ("word", "quotation", "interpolated"):
        own.begin(text, start, beyond=end)  # Lean takes what is longer
    for at in own.ends_within(start, end):
        rest = text[at:end]
        is_one_word = kind in ("word", "quoted_name", "number") and _IS_ONE_WORD.fullmatch(rest)
        if not is_one_word or (text[end : end + 1] in ('"', "#") and rest[-1] in "rsmf!"):
            what = f"{rest[:40].strip()} stands against what may be a token that ends before it"
            unclear.append((at, what))


def _interpolated(
    text: str, offset: int, unclear: list[tuple[int, str]], own: Tokens
) -> Generator[_Token, None, int]:
    """Yield the tokens in the holes of a string that begins before ``offset``, and return where it ends."""
    while offset < len(text) and text[offset] != '"':
        if text[offset] == "{":
            last = offset
            for token in _tokens(text, unclear, own, offset + 1, in_hole=True):
                yield token
                last = token.at
            offset = last if text[last] == "}" else len(text)
        offset += 2 if offset < len(text) and text[offset] == "\\" else 1
    return min(offset + 1, len(text))


def _look_at_interpolated(string: str, offset: int, unclear: list[tuple[int, str]]) -> None:
    """Find what would be read otherwise in a string that may not be interpolated, for all the text tells."""
    if _NOT_INTERPOLATED.search(_STRING.sub(" ", string)):
        what = f"{string[:40]} reads otherwise where the letters before it do not make it interpolated"
        unclear.append((offset, what))


def _look_at_string(
    string: str, offset: int, unclear: list[tuple[int, str]], own: Tokens, *, in_term: bool
) -> None:
    """Find what makes a string end elsewhere if it is interpolated, or a token that reads otherwise.

    What is part of a term makes no token.
    """
    opening = string.index('"') + 1
    content = string[opening : len(string) - max(1, opening - 1)]
    open_at = -1
    for found in re.finditer(r"\\.|[{}]", content, re.DOTALL):
        if found[0] == "{" and open_at < 0:
            open_at = found.start()
        elif found[0] == "}" and open_at >= 0:
            if re.search(r"--|/-|['«{]", content[open_at + 1 : found.start()]):
                break
            open_at = -1
    if open_at >= 0 and not string.startswith("r"):
        unclear.append((offset, f"{string[:40]} opens a brace that it does not close; write \\x7b"))
    if in_term:
        return
    as_token = (content if string.startswith("r") else unescaped(content)).strip(SPACES)
    own.find(as_token)
    if not re.search(f"[{SPACES}]", as_token) and _LIKE_A_BEGINNING.search(as_token):
        what = f"{string[:40]} may be a token that reads as the beginning of something else"
        unclear.append((offset, what))
