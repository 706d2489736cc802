"""Names, levels and expressions out of one region, each object once.

Nothing here recurses: terms are decoded with an explicit stack and memoised by address, so what is shared
in the file is one Python object, and a constant costs what has not been decoded before.
"""

from __future__ import annotations

import struct
from typing import NoReturn

from lean_bridge.names import ANONYMOUS, quoted
from lean_bridge.olean.address_space import Region, header_word
from lean_bridge.olean.expr import (
    App,
    BinderInfo,
    BVar,
    Const,
    Expr,
    Lam,
    Let,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    MData,
    Name,
    Pi,
    Proj,
    Sort,
)
from lean_bridge.olean.objects import Objects

_LONGEST_NUMBER = 1 << 10
"""Bits, of a numeric component."""
_BINDER_INFOS: tuple[BinderInfo, ...] = ("default", "implicit", "strictImplicit", "instImplicit")


class Decoder:
    """Decodes the objects of one region. Raises: OleanError with file and byte offset."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.objects = Objects(region)
        self.names: dict[int, Name] = {1: ANONYMOUS}
        """What has been decoded, by address."""
        self.levels: dict[int, Level] = {1: LZero()}
        self.expressions: dict[int, Expr] = {}
        self._level_lists: dict[int, tuple[Level, ...]] = {1: ()}
        word = region.word
        self._three_words = struct.Struct("<QII" if word == 4 else "<QQQ")
        self._name_str = header_word(1, 2, 8, word)
        self._name_num = header_word(2, 2, 8, word)

    def name(self, word: int, holder: int) -> Name:
        """Return a name."""
        names = self.names
        found = names.get(word)
        if found is not None and (word < holder or word == 1):
            return found
        objects = self.objects
        chain: list[tuple[int, int, int]] = []
        while word not in names:
            at = objects.offset(word, holder)
            header, prefix, last = self._read_three(at)
            if header != self._name_str and header != self._name_num:
                raise objects.error(word, "expected a name")
            chain.append((word, header, last))
            holder, word = word, prefix
        if word >= holder and word != 1:
            raise objects.error(holder, f"expected a pointer to an earlier object, found {word:#x}")
        found = names[word]
        for at, header, last in reversed(chain):
            if header == self._name_str:
                component = quoted(objects.string(last, at))
            else:
                component = self._number(last, at)
            found = component if found is ANONYMOUS else f"{found}.{component}"
            # a chain of prefixes is written out once per link
            objects.claim(at, len(found))
            names[at] = found
        return found

    def _number(self, word: int, holder: int) -> str:
        number = self.objects.integer(word, holder)
        if number < 0 or number.bit_length() > _LONGEST_NUMBER:
            raise self.objects.error(holder, "numeric name component is negative or too large")
        return str(number)

    def name_list(self, word: int, holder: int) -> tuple[Name, ...]:
        """Return a ``List Name``."""
        return tuple([self.name(element, holder) for element in self.objects.list(word, holder)])

    def level(self, word: int, holder: int) -> Level:
        """Return a universe level."""
        objects, levels = self.objects, self.levels
        stack = [(word, holder)]
        while stack:
            at, above = stack[-1]
            if at in levels and (at < above or at == 1):
                stack.pop()
                continue
            tag = objects.header(at, above) >> 56
            if tag == 4:
                (name,) = objects.constructor(at, above, 4, 1, 8)
                levels[at] = LParam(self.name(name, at))
                continue
            if tag not in (1, 2, 3):
                raise objects.error(at, f"expected a universe level, found tag {tag}")
            fields = objects.constructor(at, above, tag, 1 if tag == 1 else 2, 8)
            missing = [(field, at) for field in fields if field not in levels or at <= field]
            if missing:
                stack.extend(missing)
            elif tag == 1:
                levels[at] = LSucc(levels[fields[0]])
            else:
                levels[at] = (LMax if tag == 2 else LIMax)(levels[fields[0]], levels[fields[1]])
        return levels[word]

    def level_list(self, word: int, holder: int) -> tuple[Level, ...]:
        """Return a ``List Level``."""
        found = self._level_lists.get(word)
        if found is None or (word >= holder and word != 1):
            found = tuple([self.level(element, holder) for element in self.objects.list(word, holder)])
            self._level_lists[word] = found
        return found

    def expression(self, word: int, holder: int) -> Expr:
        """Return an expression."""
        if word < holder:
            known = self.expressions.get(word)
            if known is not None:
                return known
        try:
            return self._expression(word, holder)
        except struct.error as error:
            raise self.objects.error(self.region.end, "file ends inside an expression") from error

    # One loop comparing whole header words, not a method per constructor: a library has millions of nodes.
    def _expression(self, word: int, holder: int) -> Expr:
        region, objects = self.region, self.objects
        data, base, low, mask = region.data, region.base, region.low, region.word - 1
        size = region.word
        read = self._three_words.unpack_from
        app, const, bvar = (header_word(tag, n, 8, size) for tag, n in ((5, 2), (4, 2), (0, 1)))
        lam, pi, let = (header_word(tag, n, 9, size) for tag, n in ((6, 3), (7, 3), (8, 4)))
        sort, lit, mdata, proj = (
            header_word(tag, n, 8, size) for tag, n in ((3, 1), (9, 1), (10, 2), (11, 3))
        )
        done, names, level_lists = self.expressions, self.names, self._level_lists
        get = done.get

        if word >= holder:
            self._bad_pointer(holder, word)
        stack = [word]
        push, pop = stack.append, stack.pop
        while stack:
            at = stack[-1]
            if at in done:
                pop()
                continue
            if at & mask or at < low:
                self._bad_pointer(at, at)
            header, p, q = read(data, at - base)
            if header == app:
                if p >= at or q >= at:
                    self._bad_pointer(at, max(p, q))
                fn, arg = get(p), get(q)
                if fn is not None and arg is not None:
                    done[at] = App(fn, arg)
                    pop()
                    continue
                if fn is None:
                    push(p)
                if arg is None:
                    push(q)
            elif header == const:
                name, levels = names.get(p), level_lists.get(q)
                if name is None or p >= at:
                    name = self.name(p, at)
                if levels is None or q >= at:
                    levels = self.level_list(q, at)
                done[at] = Const(name, levels)
                pop()
            elif header == bvar:
                done[at] = BVar(objects.small(p, at))
                pop()
            elif header in (lam, pi):
                _, r, _ = read(data, at - base + 2 * size)
                if q >= at or r >= at:
                    self._bad_pointer(at, max(q, r))
                domain, body = get(q), get(r)
                if domain is not None and body is not None:
                    info = _BINDER_INFOS[objects.scalar(at, 3, 8, 4)]
                    done[at] = (Lam if header == lam else Pi)(self.name(p, at), domain, body, info)
                    pop()
                    continue
                if domain is None:
                    push(q)
                if body is None:
                    push(r)
            elif header == sort:
                done[at] = Sort(self.level(p, at))
            elif header == lit:
                done[at] = Lit(self._literal(p, at))
            elif header == let:
                p, q, r, s = objects.words(at - base + 8, 4)
                parts = self._decoded((q, r, s), at, stack)
                if parts is not None:
                    flag = bool(objects.scalar(at, 4, 8))
                    done[at] = Let(self.name(p, at), parts[0], parts[1], parts[2], flag)
            elif header == mdata:
                parts = self._decoded((q,), at, stack)
                if parts is not None:
                    done[at] = MData(parts[0])
            elif header == proj:
                p, q, r = objects.words(at - base + 8, 3)
                parts = self._decoded((r,), at, stack)
                if parts is not None:
                    done[at] = Proj(self.name(p, at), objects.small(q, at), parts[0])
            else:
                raise objects.error(at, f"expected an expression, found header {header:#018x}")
        return done[word]

    def _decoded(self, words: tuple[int, ...], holder: int, stack: list[int]) -> list[Expr] | None:
        """Return the expressions at these words, or ask for those that are missing."""
        found: list[Expr] = []
        for word in words:
            if word >= holder:
                self._bad_pointer(holder, word)
            known = self.expressions.get(word)
            if known is None:
                stack.append(word)
            else:
                found.append(known)
        return found if len(found) == len(words) else None

    def _literal(self, word: int, holder: int) -> int | str:
        objects = self.objects
        tag = objects.header(word, holder) >> 56
        (value,) = objects.constructor(word, holder, 1 if tag == 1 else 0, 1)
        if tag == 1:
            return objects.string(value, word)
        number = objects.integer(value, word)
        if number < 0:
            raise objects.error(word, "negative natural-number literal")
        return number

    def _read_three(self, at: int) -> tuple[int, int, int]:
        try:
            found: tuple[int, int, int] = self._three_words.unpack_from(self.region.data, at)
        except struct.error as error:
            raise self.objects.error(self.region.base + at, "object passes the end of the file") from error
        return found

    def _bad_pointer(self, holder: int, word: int) -> NoReturn:
        raise self.objects.error(holder, f"expected a pointer to an earlier object, found {word:#x}")
