"""Declarations written to be read: binders grouped, implicit arguments left out, notations, short names.

What is left out is what a reader would put there: an instance behind a notation that is not Lean's own is
spelled out in ``⟨⟩``, a numeral of another type than ``Nat`` has its type, a name that could be taken for
another one is written in full, and letters that one cannot tell apart are escapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from lean_bridge.audit.naming import Scope, full_name, names_of
from lean_bridge.audit.notation import ARROW, ATOM, INFIX, POSTFIX, PREFIX
from lean_bridge.audit.signature import Signatures
from lean_bridge.letters import plain, plain_literal
from lean_bridge.names import last_component
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    App,
    BinderInfo,
    BVar,
    Const,
    Constant,
    Expr,
    FVar,
    Lam,
    Let,
    Level,
    Lit,
    LParam,
    LSucc,
    LZero,
    MData,
    Name,
    Pi,
    Proj,
    Sort,
    bare,
    head_of,
    spine,
)
from lean_bridge.olean.instantiate import instantiated
from lean_bridge.olean.mentions import constants_in

_MOST_DEPTH = 80
_BRACKETS: dict[BinderInfo, tuple[str, str]] = {
    "default": ("(", ")"),
    "implicit": ("{", "}"),
    "strictImplicit": ("⦃", "⦄"),
    "instImplicit": ("[", "]"),
}
_ARITHMETIC = frozenset(
    {"HAdd.hAdd", "HSub.hSub", "HMul.hMul", "HDiv.hDiv", "HMod.hMod", "HAppend.hAppend", "Neg.neg", "Inv.inv"}
)
CUT: Final = "…"
"""Stands for what is too long, too deep or too large to write."""
_SAME_TYPE = _ARITHMETIC | {"Eq", "Ne", "LE.le", "LT.lt", "GE.ge", "GT.gt", "Dvd.dvd"}
"""Notations whose two sides one expects to be of one type."""
_JOINING = 6
"""What `+` and the like take: three types, an instance, and two sides."""
_NUMERALS = frozenset({"OfNat.ofNat", "Nat.cast", "IntCast.intCast", "OfScientific.ofScientific"})
_NUMBERS = _NUMERALS | _ARITHMETIC


def statement_text(
    constant: Constant, environment: Environment, *, signatures: Signatures | None = None, limit: int = 2000
) -> str:
    """Return a declaration's type as a signature: its binders, a colon, and what follows them.

    The text is for people: universes, implicit arguments and most namespaces are left out. Whatever the
    size of the type, at most ``limit`` characters are written, and ``…`` stands for what was cut.
    ``signatures`` are the environment's, if something was asked of them before.
    """
    printer = _Printer(environment, signatures or Signatures(environment), (constant.type,), limit)
    return _cut(printer.signature(constant.type), limit)


def definition_text(
    constant: Constant, environment: Environment, *, signatures: Signatures | None = None, limit: int = 2000
) -> str:
    """Return what a declaration says itself: its signature, and its body or constructors.

    A theorem says its statement alone. At most ``limit`` characters are written; ``…`` stands for the rest.
    ``signatures`` are as for :func:`statement_text`.
    """
    is_theorem = environment.original_kind(constant.name) == "theorem"
    value = None if is_theorem else constant.value
    made = [each for name in constant.constructors if (each := environment.constant(name)) is not None]
    terms = [constant.type, *([value] if value is not None else []), *(each.type for each in made)]
    printer = _Printer(environment, signatures or Signatures(environment), terms, limit)
    if value is not None:
        return _cut(printer.definition(constant.type, value), limit)
    text = printer.signature(constant.type)
    for each in made:
        text += f" | {plain(last_component(each.name))} {printer.signature(each.type)}"
    return _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + CUT


class _Printer:
    """Writes the expressions of one declaration."""

    def __init__(
        self, environment: Environment, signatures: Signatures, terms: Sequence[Expr], limit: int
    ) -> None:
        self._environment = environment
        self._signatures = signatures
        self._instances = signatures.instances
        self._variables = signatures.variables
        mentioned = constants_in(terms)
        concluded = map(signatures.concludes, mentioned)
        everything = sorted(mentioned.union(*concluded))
        self._names = names_of(everything, environment, signatures.endings)
        self._nodes = 4 * limit  # every node writes something, or holds one that does
        self._scope = Scope(environment, {name.partition(".")[0] for name in self._names.values()})

    def signature(self, type_: Expr) -> str:
        """Return binders, a colon and what follows them."""
        groups, rest = self._binders(type_, 0, every=True)
        conclusion = self._write(rest, 0, 0)
        self._scope.pop(0)
        return f"{' '.join(groups)} : {conclusion}" if groups else conclusion

    def definition(self, type_: Expr, value: Expr) -> str:
        """Return a signature and, behind ``:=``, what it is the signature of."""
        count, body = 0, bare(value)
        while isinstance(body, Lam):
            count, body = count + 1, bare(body.body)
        groups, rest = self._binders(type_, 0, every=True, most=count)
        written = f"{' '.join(groups)} : {self._write(rest, 0, 0)}" if groups else self._write(rest, 0, 0)
        body = bare(value)
        for _ in range(len(self._scope)):
            assert isinstance(body, Lam)
            body = bare(body.body)
        text = self._write(body, 0, 0, typed=False)
        self._scope.pop(0)
        return f"{written} := {text}"

    def _binders(
        self, expr: Expr, depth: int, *, every: bool, most: int | None = None
    ) -> tuple[list[str], Expr]:
        """Write the binders that an expression begins with, ``most`` at most, and leave them in scope.

        ``every``: also those on which nothing depends, else stop at the first that an arrow says better.
        """
        length = len(self._scope)
        groups: list[tuple[BinderInfo, list[str], str]] = []
        while isinstance(expr := bare(expr), Pi) and self._spend():
            if not (every or expr.info != "default" or self._variables.uses(expr.body)):
                break
            if most is not None and len(self._scope) - length >= most:
                break
            type_ = self._write(expr.type, 0, depth + 1)
            is_plain = expr.info == "instImplicit" and self._instances.is_plain_hypothesis(
                expr.type, self._scope.types
            )
            name = self._scope.push(expr.name, expr.type)
            anonymous = is_plain and name.startswith("inst")
            named = bool(groups) and bool(groups[-1][1]) and not anonymous
            if named and groups[-1][0] == expr.info and groups[-1][2] == type_:
                groups[-1][1].append(name)
            else:
                groups.append((expr.info, [] if anonymous else [name], type_))
            expr = expr.body
        written = []
        for info, names, type_ in groups:
            left, right = _BRACKETS[info]
            written.append(f"{left}{' '.join(names)} : {type_}{right}" if names else f"{left}{type_}{right}")
        return written, expr

    def _write(self, expr: Expr, precedence: int, depth: int, *, typed: bool = True) -> str:
        """Return an expression's text, in parentheses if it binds less than ``precedence``.

        ``typed``: what does not say its type itself shows it, unless that is ``Nat``; else a variable that
        stands beside it does.
        """
        expr = bare(expr)
        if depth > _MOST_DEPTH or not self._spend():
            return CUT
        match expr:
            case BVar(index):
                return self._scope.text(index)
            case FVar(name):
                return plain(name)
            case Sort(level):
                return _parenthesised(*_sort(level), precedence)
            case Const() | App():
                return self._application(expr, precedence, depth, typed=typed)
            case Lit(value):
                return _string(value) if isinstance(value, str) else _numeral(value)
            case Proj(_, index, inner):
                return f"{self._write(inner, ATOM, depth + 1)}.{index + 1}"
            case Pi():
                return self._pi(expr, precedence, depth)
            case Lam():
                return self._lambda(expr, precedence, depth)
            case Let(name, type_, value, body):
                bound, length = self._write(value, 0, depth + 1, typed=False), len(self._scope)
                shown = "" if self._is_nat(type_) else f" : {self._write(type_, 0, depth + 1)}"
                fresh = self._scope.push(name, expr)
                rest = self._write(body, 0, depth + 1)
                self._scope.pop(length)
                return _parenthesised(f"let {fresh}{shown} := {bound}; {rest}", 0, precedence)
            case MData(inner):
                return self._write(inner, precedence, depth)

    def _pi(self, expr: Pi, precedence: int, depth: int) -> str:
        length = len(self._scope)
        if expr.info == "default" and not self._variables.uses(expr.body):
            left = self._write(expr.type, ARROW + 1, depth + 1)
            self._scope.push(expr.name, expr.type, silent=True)
            right = self._write(expr.body, ARROW, depth + 1)
            self._scope.pop(length)
            return _parenthesised(f"{left} → {right}", ARROW, precedence)
        groups, rest = self._binders(expr, depth, every=False)
        body = self._write(rest, 0, depth + 1)
        self._scope.pop(length)
        if self._is_proposition(rest):
            return _parenthesised(f"∀ {' '.join(groups)}, {body}", 0, precedence)
        return _parenthesised(" → ".join([*groups, body]), 0, precedence)

    def _lambda(self, expr: Expr, precedence: int, depth: int) -> str:
        length = len(self._scope)
        names: list[str] = []
        while isinstance(expr := bare(expr), Lam) and self._spend():
            names.append(self._bound(expr, depth, silent=not self._variables.uses(expr.body)))
            expr = expr.body
        body = self._write(expr, 0, depth + 1)
        self._scope.pop(length)
        return _parenthesised(f"fun {' '.join(names)} => {body}" if names else body, 0, precedence)

    def _bound(self, binder: Lam, depth: int, *, silent: bool = False) -> str:
        """Bring a variable into scope; return it, with its type unless that is ``Nat``."""
        type_ = None if self._is_nat(binder.type) else self._write(binder.type, 0, depth + 1)
        name = self._scope.push(binder.name, binder.type, silent=silent)
        left, right = _BRACKETS["instImplicit" if binder.info == "instImplicit" else "default"]
        return name if type_ is None else f"{left}{name} : {type_}{right}"

    def _application(self, expr: Expr, precedence: int, depth: int, *, typed: bool) -> str:
        head, arguments = spine(expr)
        if not isinstance(head, Const):
            return self._call(self._write(head, ATOM, depth + 1), arguments, precedence, depth)
        name = head.name
        most = len(self._signatures.takes(name))
        if typed and most < len(arguments) and self._signatures.is_undetermined(name, most):
            # what it is of is told of the function: nothing says what it gives
            function: Expr = head
            for argument in arguments[:most]:
                function = App(function, argument)
            return self._call(self._write(function, ATOM, depth + 1), arguments[most:], precedence, depth)
        visible, hidden = self._split(name, arguments)
        fixed = self._fixed(name, arguments)
        mark = self._mark(hidden, depth)
        special = None
        if not self._environment.is_own(name):
            special = self._notation(name, arguments, visible, mark, depth, typed=typed)
        if special is not None:
            return _parenthesised(*special, precedence)
        if typed and self._signatures.is_undetermined(name, len(arguments)):
            ascribed = self._ascribed(name, arguments, depth)
            if ascribed:
                return f"({self._application(expr, 0, depth, typed=False)} : {ascribed})"
        if visible and self._signatures.is_projection(name):
            owner = self._write(visible[0], ATOM, depth + 1)
            field = f"{owner}.{plain(last_component(name))}{mark}"
            return self._call(field, visible[1:], precedence, depth, fixed=fixed)
        called = self._names.get(name) or full_name(name, self._environment)
        return self._call(f"{called}{mark}", visible, precedence, depth, fixed=fixed)

    def _call(
        self,
        head: str,
        arguments: Sequence[Expr],
        precedence: int,
        depth: int,
        *,
        fixed: frozenset[int] = frozenset(),
    ) -> str:
        if not arguments:
            return head
        texts = (self._write(each, ATOM, depth + 1, typed=id(each) not in fixed) for each in arguments)
        return _parenthesised(" ".join([head, *texts]), ATOM - 1, precedence)

    def _fixed(self, name: Name, arguments: Sequence[Expr]) -> frozenset[int]:
        """Return the arguments, but numbers, whose type the constant fixes whatever the others are."""
        taken = zip(self._signatures.takes(name), arguments, strict=False)
        fixed = (argument for each, argument in taken if not each.variables)
        return frozenset(id(argument) for argument in fixed if not _is_number(argument))

    def _mark(self, hidden: Iterable[Expr], depth: int) -> str:
        """Return, in ``⟨⟩``, which of the instances that are not written are none that one would expect."""
        strange = [each for term in hidden for each in self._instances.strange(term, self._scope.types)]
        if not strange:
            return ""
        told = (
            plain(each) if isinstance(each, str) else self._write(each, 0, depth + 1, typed=False)
            for each in strange
        )
        return f"⟨{', '.join(dict.fromkeys(told))}⟩"

    def _notation(
        self,
        name: Name,
        arguments: Sequence[Expr],
        visible: Sequence[Expr],
        mark: str,
        depth: int,
        *,
        typed: bool,
    ) -> tuple[str, int] | None:
        """Return the text and precedence of an application that has a notation."""

        def write(expr: Expr, precedence: int, *, typed: bool = True) -> str:
            return self._write(expr, precedence, depth + 1, typed=typed)

        if name in _NUMERALS and typed and arguments and not self._is_nat(arguments[0]):
            shown = self._notation(name, arguments, visible, mark, depth, typed=False)
            if shown is not None:
                return f"({shown[0]} : {write(arguments[0], 0)})", ATOM
        if name == "OfNat.ofNat" and len(arguments) == 3:
            return write(arguments[1], ATOM) + mark, ATOM
        if name in ("List.nil", "List.cons"):
            elements = _list_literal(name, visible)
            if elements is not None:
                text = f"[{', '.join(write(element, 0) for element in elements)}]"
                ascribed = "" if elements or not typed else self._ascribed(name, arguments, depth)
                return f"({text} : {ascribed})" if ascribed else text, ATOM
        if name == "Exists" and len(visible) == 1 and isinstance(body := bare(visible[0]), Lam):
            length = len(self._scope)
            bound = self._bound(body, depth)
            inner = write(body.body, 0)
            self._scope.pop(length)
            return f"∃ {bound}, {inner}", 0
        if name == "ite" and len(visible) == 3:
            condition, yes, no = (write(part, 0) for part in visible)
            return f"if{mark} {condition} then {yes} else {no}", 0
        if name in INFIX and len(visible) == 2:
            infix, (left, right) = INFIX[name], visible
            first = second = True
            if name in _SAME_TYPE and not _joins_types(name, arguments):
                numerals = self._numerals(left), self._numerals(right)
                asked = typed or name not in _ARITHMETIC
                first = numerals[0] is None or (asked and numerals[1] is not None)
                second = numerals[1] is None or (asked and numerals[0] == 0)
            texts = write(left, infix.left, typed=first), write(right, infix.right, typed=second)
            return f"{texts[0]} {infix.symbol}{mark} {texts[1]}", infix.precedence
        if name in PREFIX and len(visible) == 1:
            symbol, precedence = PREFIX[name]
            return symbol + mark + write(visible[0], precedence, typed=typed), precedence
        if name in POSTFIX and len(visible) == 1:
            return write(visible[0], ATOM, typed=typed) + POSTFIX[name] + mark, ATOM
        if name == "optParam" and len(arguments) == 2:
            return write(arguments[0], 0), 0
        return None

    def _numerals(self, expr: Expr) -> int | None:
        """Return how many parts of a sum, or the like, show their type where they are asked to.

        ``None`` if the type stands in the text already, with a variable that is one of the parts.
        """
        pending, seen, count = [expr], 0, 0
        while pending and seen < 100:
            seen += 1
            head, arguments = spine(pending.pop())
            if isinstance(head, FVar) or (isinstance(head, BVar) and self._scope.is_typed(head.index)):
                return None
            if not isinstance(head, Const):
                continue
            if _joins_types(head.name, arguments):
                return None  # both of its sides show what they are of
            if head.name in _ARITHMETIC:
                pending += self._split(head.name, arguments)[0]
            elif head.name == "HPow.hPow" and len(arguments) == 6:
                pending.append(arguments[4])
            elif head.name in _NUMERALS or self._signatures.is_undetermined(head.name, len(arguments)):
                count += 1
        return count

    def _is_nat(self, type_: Expr) -> bool:
        head = bare(type_)
        return isinstance(head, Const) and head.name == "Nat" and not self._environment.is_own("Nat")

    def _ascribed(self, name: Name, arguments: Sequence[Expr], depth: int) -> str:
        """Return the type of a constant that is applied to arguments; nothing for ``Nat`` or a universe."""
        type_ = self._environment.type_of(name)
        for _ in arguments:
            type_ = bare(type_) if type_ else None
            type_ = type_.body if isinstance(type_, Pi) else None
        if type_ is None:
            return ""
        result = instantiated(type_, arguments)
        return (
            ""
            if self._is_nat(result) or isinstance(bare(result), Sort)
            else self._write(result, 0, depth + 1)
        )

    def _split(self, name: Name, arguments: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
        """Return the arguments that one writes, and the instances among the others."""
        taken = self._signatures.takes(name)
        pairs = list(zip(taken, arguments, strict=False))
        shown = [argument for each, argument in pairs if each.is_written]
        hidden = [argument for each, argument in pairs if each.is_instance]
        return shown + list(arguments[len(taken) :]), hidden

    def _is_proposition(self, expr: Expr) -> bool:
        """Whether a type is a proposition, as far as the constant at its head tells."""
        while isinstance(expr := bare(expr), Pi):
            expr = expr.body
        head = head_of(expr)
        if not isinstance(head, Const):
            return False
        result = self._environment.type_of(head.name)
        while isinstance(result, Pi):
            result = result.body
        return isinstance(result, Sort) and isinstance(result.level, LZero)

    def _spend(self) -> bool:
        self._nodes -= 1
        return self._nodes > 0


def _is_number(expr: Expr) -> bool:
    head = head_of(expr)
    return isinstance(head, Const) and head.name in _NUMBERS


def _list_literal(name: Name, visible: Sequence[Expr]) -> list[Expr] | None:
    """Return the elements of a list that ends in ``[]``."""
    elements: list[Expr] = []
    while name == "List.cons" and len(visible) == 2:
        elements.append(visible[0])
        head, arguments = spine(visible[1])
        if not isinstance(head, Const):
            return None
        # both constructors take the element type first
        name, visible = head.name, arguments[1:]
    return elements if name == "List.nil" else None


def _sort(level: Level) -> tuple[str, int]:
    match level:
        case LZero():
            return "Prop", ATOM
        case LSucc(LZero()):
            return "Type", ATOM
        case LSucc(LParam(name)):
            return f"Type {plain(name)}", ATOM - 1
        case LParam(name):
            return f"Sort {plain(name)}", ATOM - 1
        case LSucc(_):
            return "Type _", ATOM - 1
        case _:
            return "Sort _", ATOM - 1


def _joins_types(name: Name, arguments: Sequence[Expr]) -> bool:
    """Whether something is made of two sides of different types, as a longer word is of two words."""
    return name in _ARITHMETIC and len(arguments) == _JOINING and arguments[0] != arguments[1]


def _string(value: str) -> str:
    return plain_literal(json.dumps(value, ensure_ascii=False))


def _numeral(value: int) -> str:
    # beyond this Python itself refuses to write a number out
    return str(value) if value.bit_length() < 1000 else CUT


def _parenthesised(text: str, precedence: int, required: int) -> str:
    return f"({text})" if precedence < required else text
