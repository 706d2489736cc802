"""Reads what a ``lakefile.lean`` declares, as the tables of a ``lakefile.toml``; runs nothing.

``package``, ``lean_lib``, ``lean_exe`` and ``require`` are read with values that are written out. Whatever
else stands there is a program's, and is refused by its name and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from lean_bridge.build.lexical import PART, SPACES, comment_end
from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import PlaceInToml
from lean_bridge.names import canonical, quoted

Table: TypeAlias = dict[str, Any]

_TOKEN: Final = re.compile(
    rf"""
      (?P<space> [{SPACES}]+ | --[^\n]* )
    | (?P<comment> /- )
    | (?P<string> " (?: [^"\\] | \\. )* " )
    | (?P<name> ` {PART} (?: \. {PART} )* (?: \.[*+] )? )
    | (?P<word> \.? {PART} (?: \. {PART} )* )
    | (?P<number> [0-9]+ )
    | (?P<mark> := | \#\[ | @\[ | [^{SPACES}] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(
    r'\\(?:(?P<plain>["\\nt])|u(?P<unicode>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2}))'
)
_ESCAPED: Final = {"n": "\n", "t": "\t"}
_OPENED: Final = {"Lake", "DSL", "Lake.DSL", "Lean", "System"}
_TARGETS: Final = ("lean_lib", "lean_exe", "input_file", "input_dir")
_GLOBS: Final = {"one": "", "submodules": ".+", "andSubmodules": ".*"}
_VALUES: Final = {"ofBool", "ofNat", "ofString"}
"""What makes the value of an option of a truth, a number or a text."""
_DRIVERS: Final = {"test_driver": "testDriver", "test_runner": "testDriver", "lint_driver": "lintDriver"}
_CLOSES: Final = {"#[": "]", "[": "]", "⟨": "⟩", "(": ")"}
_LISTS: Final = ("roots", "globs")
"""Fields for which Lean takes one thing for a list of it."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def parse_program(path: Path, text: str) -> tuple[Table, Mapping[PlaceInToml, int]]:
    """Return what a ``lakefile.lean`` declares, as a ``lakefile.toml`` says it, with the line of each part.

    Raises: ProjectNotFound, naming the line and the construct, for anything else than such declarations.
    """
    return _Parser(path, _tokens(path, text)).parse()


def _tokens(path: Path, text: str) -> list[_Token]:
    found: list[_Token] = []
    at, line = 0, 1
    while match := _TOKEN.match(text, at):
        end = comment_end(text, at) if match.lastgroup == "comment" else match.end()
        if match.lastgroup == "comment" and comment_end(f"{text}-/", at) > len(text):
            raise ProjectNotFound(f"{path}:{line}: a comment begins here and does not end; close it with -/")
        if match.lastgroup not in ("space", "comment"):
            found.append(_Token(str(match.lastgroup), match[0], line))
        line += text.count("\n", at, end)
        at = end
    found.append(_Token("end", "the end of the file", line))
    return found


class _Parser:
    def __init__(self, path: Path, tokens: list[_Token]) -> None:
        self._path = path
        self._tokens = tokens
        self._at = 0
        self._table: Table = {}
        self._lines: dict[PlaceInToml, int] = {(): 1}

    def parse(self) -> tuple[Table, Mapping[PlaceInToml, int]]:
        while self._next.text == "import":
            self._take()
            if self._take().text != "Lake":
                self._refuse(self._tokens[self._at - 1], "another import than Lake's")
        while self._next.kind != "end":
            self._command()
        return self._table, self._lines

    def _command(self) -> None:
        if self._next.text == "open":
            self._take()
            while self._next.text in _OPENED:
                self._take()
            return
        attributes = self._attributes()
        command = self._take()
        if command.text == "package":
            if ("package",) in self._lines:
                self._refuse(command, "a second package")
            self._lines["package",] = command.line
            if self._next.text not in ("where", "{"):
                self._table["name"] = self._declared_name()
            self._table |= self._fields((), "where")
        elif command.text in _TARGETS:
            name = self._declared_name()
            self._record(command, {"name": name})
            place = (command.text, len(self._table[command.text]) - 1)
            self._table[command.text][-1] |= self._fields(place, "where")
            for attribute in attributes:
                if attribute.text == "default_target":
                    self._table.setdefault("defaultTargets", []).append(name)
                    self._lines.setdefault(("defaultTargets",), attribute.line)
                elif attribute.text in _DRIVERS:
                    self._table[_DRIVERS[attribute.text]] = name
                else:
                    self._refuse(attribute, f"the attribute {attribute.text}")
            return
        elif command.text == "require":
            self._record(command, self._requirement())
        else:
            self._refuse(command, command.text)
        if attributes:
            self._refuse(attributes[0], f"the attribute {attributes[0].text} of a {command.text}")

    def _record(self, command: _Token, table: Table) -> None:
        found = self._table.setdefault(command.text, [])
        self._lines.setdefault((command.text,), command.line)
        self._lines[command.text, len(found)] = command.line
        found.append(table)

    def _attributes(self) -> list[_Token]:
        if self._next.text != "@[":
            return []
        self._take()
        found = [self._take()]
        while self._next.text == ",":
            self._take()
            found.append(self._take())
        self._expect("]")
        return found

    def _declared_name(self) -> str:
        token = self._take()
        if token.kind == "string":
            text = self._string(token)
            return quoted(text) if "." in text else text
        if token.kind != "word" or token.text.startswith("."):
            self._refuse(token, f"{token.text} in the place of a name")
        return token.text if "." in token.text else token.text.strip("«»")

    def _fields(self, place: PlaceInToml, introduced: str) -> Table:
        """Return the fields behind ``where``, or in braces, if there are any."""
        if self._next.text not in (introduced, "{"):
            return {}
        is_braced = self._take().text == "{"
        found: Table = {}
        while self._next.kind == "word" and self._tokens[self._at + 1].text == ":=":
            field = self._take()
            self._take()
            if field.text in found:
                self._refuse(field, f"{field.text}, set twice,")
            self._lines[(*place, field.text)] = field.line
            value = self._value()
            is_one = field.text in _LISTS and isinstance(value, str)
            found[field.text] = [value] if is_one else value
            if self._next.text in (",", ";"):
                self._take()
        if is_braced:
            self._expect("}")
        return found

    def _requirement(self) -> Table:
        found: Table = {}
        if self._next.kind == "string" and self._tokens[self._at + 1].text == "/":
            found["scope"] = self._string(self._take())
            self._take()
        found["name"] = self._declared_name()
        if self._next.text == "@":
            self._take()
            is_git = self._next.text == "git"
            if is_git:
                self._take()
            version = self._atom()
            found["version"] = f"git#{version}" if is_git else version
        if self._next.text == "from":
            self._take()
            if self._next.text == "git":
                self._take()
                found["git"] = self._atom()
                for mark, key, read in (("@", "rev", self._atom), ("/", "subDir", self._value)):
                    if self._next.text == mark:
                        self._take()
                        found[key] = read()
            else:
                found["path"] = self._value()
        if self._next.text == "with":
            self._refuse(self._next, "with")
        return found

    def _value(self) -> Any:
        found = self._atom()
        while self._next.text == "/" and isinstance(found, str):
            self._take()
            found = f"{found}/{self._atom()}"
        return found

    def _atom(self) -> Any:
        token = self._take()
        if token.kind == "string":
            return self._string(token)
        if token.kind == "number":
            return int(token.text)
        if token.kind == "name":
            stem = token.text[1:].removesuffix(".+").removesuffix(".*")
            return (canonical(stem) or stem) + token.text[1 + len(stem) :]
        if token.text in _CLOSES:
            return self._several(token)
        if token.text == "{":
            self._at -= 1
            return self._fields((), "{")
        known: dict[str, Callable[[], Any]] = {
            "true": lambda: True,
            "false": lambda: False,
            "v!": lambda: self._string(self._take()),
            "__dir__": lambda: ".",
        }
        if token.text in known:
            return known[token.text]()
        space, _, last = token.text.rpartition(".")
        if token.kind == "word" and space in ("", "Glob", "Lake.Glob") and last in _GLOBS:
            return f"{self._atom()}{_GLOBS[last]}"
        if token.kind == "word" and space in ("", "LeanOptionValue") and last in _VALUES:
            return self._atom()
        if token.kind == "word" and token.text.startswith(".") and not space:
            return last
        return self._refuse(token, token.text)

    def _several(self, opening: _Token) -> Any:
        closing = _CLOSES[opening.text]
        found: list[Any] = []
        while self._next.text != closing:
            found.append(self._value())
            if self._next.text != closing:
                self._expect(",")
        self._take()
        if opening.text != "(":
            return found
        return found[0] if len(found) == 1 else self._refuse(opening, "a tuple")

    def _string(self, token: _Token) -> str:
        if token.kind != "string":
            self._refuse(token, f"{token.text} in the place of a text")
        body = token.text[1:-1]
        if "\\" in _ESCAPE.sub("", body):
            self._refuse(token, "a text with another escape than \\n, \\t, \\x and \\u")
        return _ESCAPE.sub(_unescaped, body)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        if token.kind == "end":
            self._refuse(token, token.text)
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.text != text:
            self._refuse(token, f"{token.text} where {text} is expected")

    def _refuse(self, token: _Token, what: str) -> NoReturn:
        raise ProjectNotFound(
            f"{self._path}:{token.line}: {what} is not read here, where no program is run; write out what it "
            "comes to, or run `lake translate-config toml` where there is a Lake"
        )


def _unescaped(match: re.Match[str]) -> str:
    if (plain := match["plain"]) is not None:
        return _ESCAPED.get(plain, plain)
    return chr(int(match["unicode"] or match["byte"], 16))
