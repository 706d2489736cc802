"""Types written to be read: binders grouped, implicit arguments left out, notations, short names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from lean_bridge.audit.notation import ARROW, ATOM, INFIX, POSTFIX, PREFIX
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
    spine,
)
from lean_bridge.olean.mentions import mentioned_constants

_MOST_NODES = 20_000
_MOST_DEPTH = 80
_BRACKETS: dict[BinderInfo, tuple[str, str]] = {
    "default": ("(", ")"),
    "implicit": ("{", "}"),
    "strictImplicit": ("⦃", "⦄"),
    "instImplicit": ("[", "]"),
}


def statement_text(constant: Constant, environment: Environment, *, limit: int = 2000) -> str:
    """Return a declaration's type as a signature: its binders, a colon, and what follows them.

    The text is for people: universes, implicit arguments and most namespaces are left out. Whatever the
    size of the type, at most ``limit`` characters are written, and ``…`` stands for what was cut.
    """
    text = _Printer(environment, constant).signature(constant.type)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class _Printer:
    """Writes the expressions of one declaration."""

    def __init__(self, environment: Environment, constant: Constant) -> None:
        self._environment = environment
        self._short = _short_names(mentioned_constants(constant), environment)
        self._nodes = _MOST_NODES

    def signature(self, type_: Expr) -> str:
        scope: list[str] = []
        groups, rest = self._binders(type_, scope, 0, every=True)
        conclusion = self._write(rest, scope, 0, 0)
        return f"{' '.join(groups)} : {conclusion}" if groups else conclusion

    def _binders(self, expr: Expr, scope: list[str], depth: int, *, every: bool) -> tuple[list[str], Expr]:
        """Write the binders that an expression begins with, and extend the scope by them.

        ``every``: also those on which nothing depends, else stop at the first that an arrow says better.
        """
        groups: list[tuple[BinderInfo, list[str], str]] = []
        while isinstance(expr := bare(expr), Pi) and self._spend():
            if not (every or expr.info != "default" or _mentions(expr.body, 0)):
                break
            type_ = self._write(expr.type, scope, 0, depth + 1)
            name = _fresh(expr.name, scope)
            anonymous = expr.info == "instImplicit" and name.startswith("inst")
            if groups and groups[-1][0] == expr.info and groups[-1][2] == type_ and not anonymous:
                groups[-1][1].append(name)
            else:
                groups.append((expr.info, [] if anonymous else [name], type_))
            scope.append(name)
            expr = expr.body
        written = []
        for info, names, type_ in groups:
            left, right = _BRACKETS[info]
            written.append(f"{left}{' '.join(names)} : {type_}{right}" if names else f"{left}{type_}{right}")
        return written, expr

    def _write(self, expr: Expr, scope: list[str], precedence: int, depth: int) -> str:
        """Return an expression's text, in parentheses if it binds less than ``precedence``."""
        expr = bare(expr)
        if depth > _MOST_DEPTH or not self._spend():
            return "…"
        match expr:
            case BVar(index):
                return scope[-1 - index] if index < len(scope) else f"#{index - len(scope)}"
            case FVar(name):
                return name
            case Sort(level):
                return _parenthesised(*_sort(level), precedence)
            case Const() | App():
                return self._application(expr, scope, precedence, depth)
            case Lit(value):
                return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _numeral(value)
            case Proj(_, index, inner):
                return f"{self._write(inner, scope, ATOM, depth + 1)}.{index + 1}"
            case Pi():
                return self._pi(expr, scope, precedence, depth)
            case Lam():
                return self._lambda(expr, scope, precedence, depth)
            case Let(name, _, value, body):
                bound = self._write(value, scope, 0, depth + 1)
                fresh = _fresh(name, scope)
                rest = self._write(body, [*scope, fresh], 0, depth + 1)
                return _parenthesised(f"let {fresh} := {bound}; {rest}", 0, precedence)
            case MData(inner):
                return self._write(inner, scope, precedence, depth)

    def _pi(self, expr: Pi, scope: list[str], precedence: int, depth: int) -> str:
        if expr.info == "default" and not _mentions(expr.body, 0):
            left = self._write(expr.type, scope, ARROW + 1, depth + 1)
            right = self._write(expr.body, [*scope, "_"], ARROW, depth + 1)
            return _parenthesised(f"{left} → {right}", ARROW, precedence)
        inner = list(scope)
        groups, rest = self._binders(expr, inner, depth, every=False)
        body = self._write(rest, inner, 0, depth + 1)
        if self._is_proposition(rest):
            return _parenthesised(f"∀ {' '.join(groups)}, {body}", 0, precedence)
        return _parenthesised(" → ".join([*groups, body]), 0, precedence)

    def _lambda(self, expr: Expr, scope: list[str], precedence: int, depth: int) -> str:
        inner = list(scope)
        names: list[str] = []
        while isinstance(expr := bare(expr), Lam) and self._spend():
            name = _fresh(expr.name, inner) if _mentions(expr.body, 0) else "_"
            inner.append(name)
            if expr.info != "instImplicit":
                names.append(name)
            expr = expr.body
        body = self._write(expr, inner, 0, depth + 1)
        return _parenthesised(f"fun {' '.join(names)} => {body}" if names else body, 0, precedence)

    def _application(self, expr: Expr, scope: list[str], precedence: int, depth: int) -> str:
        head, arguments = spine(expr)
        if not isinstance(head, Const):
            return self._call(self._write(head, scope, ATOM, depth + 1), arguments, scope, precedence, depth)
        visible = self._explicit(head.name, arguments)
        special = self._notation(head.name, arguments, visible, scope, depth)
        if special is not None:
            return _parenthesised(*special, precedence)
        if visible and self._is_projection(head.name):
            owner = self._write(visible[0], scope, ATOM, depth + 1)
            field = f"{owner}.{head.name.rpartition('.')[2]}"
            return self._call(field, visible[1:], scope, precedence, depth)
        return self._call(self._short[head.name], visible, scope, precedence, depth)

    def _call(
        self, head: str, arguments: Sequence[Expr], scope: list[str], precedence: int, depth: int
    ) -> str:
        if not arguments:
            return head
        written = [head, *(self._write(argument, scope, ATOM, depth + 1) for argument in arguments)]
        return _parenthesised(" ".join(written), ATOM - 1, precedence)

    def _notation(
        self, name: Name, arguments: Sequence[Expr], visible: Sequence[Expr], scope: list[str], depth: int
    ) -> tuple[str, int] | None:
        """Return the text and precedence of an application that has a notation."""

        def write(expr: Expr, precedence: int) -> str:
            return self._write(expr, scope, precedence, depth + 1)

        if name == "OfNat.ofNat" and len(arguments) == 3:
            return write(arguments[1], ATOM), ATOM
        if name in ("List.nil", "List.cons"):
            elements = _list_literal(name, visible)
            if elements is not None:
                return f"[{', '.join(write(element, 0) for element in elements)}]", ATOM
        if name == "Exists" and len(visible) == 1 and isinstance(body := bare(visible[0]), Lam):
            bound = _fresh(body.name, scope)
            inner = self._write(body.body, [*scope, bound], 0, depth + 1)
            return f"∃ {bound}, {inner}", 0
        if name == "ite" and len(visible) == 3:
            condition, yes, no = (write(part, 0) for part in visible)
            return f"if {condition} then {yes} else {no}", 0
        if name in INFIX and len(visible) == 2:
            infix = INFIX[name]
            left, right = write(visible[0], infix.left), write(visible[1], infix.right)
            return f"{left} {infix.symbol} {right}", infix.precedence
        if name in PREFIX and len(visible) == 1:
            symbol, precedence = PREFIX[name]
            return symbol + write(visible[0], precedence), precedence
        if name in POSTFIX and len(visible) == 1:
            return write(visible[0], ATOM) + POSTFIX[name], ATOM
        if name == "optParam" and len(arguments) == 2:
            return write(arguments[0], 0), 0
        return None

    def _explicit(self, name: Name, arguments: Sequence[Expr]) -> list[Expr]:
        """Return the arguments that one writes."""
        constant = self._environment.constant(name)
        type_: Expr | None = constant.type if constant else None
        shown: list[Expr] = []
        for argument in arguments:
            type_ = bare(type_) if type_ else None
            if not isinstance(type_, Pi) or type_.info == "default":
                shown.append(argument)
            type_ = type_.body if isinstance(type_, Pi) else None
        return shown

    def _is_projection(self, name: Name) -> bool:
        """Whether a constant reads a field of a structure that is its last binder, and that one writes."""
        constant = self._environment.constant(name)
        value = constant.value if constant else None
        info: BinderInfo | None = None
        while isinstance(value, Lam):
            info, value = value.info, value.body
        if not (isinstance(value, Proj) and isinstance(value.expr, BVar) and value.expr.index == 0):
            return False
        return info == "default" and name.startswith(f"{value.struct}.")

    def _is_proposition(self, expr: Expr) -> bool:
        """Whether a type is a proposition, as far as the constant at its head tells."""
        while isinstance(expr := bare(expr), Pi):
            expr = expr.body
        head, _ = spine(expr)
        if not isinstance(head, Const):
            return False
        constant = self._environment.constant(head.name)
        result: Expr | None = constant.type if constant else None
        while isinstance(result, Pi):
            result = result.body
        return isinstance(result, Sort) and isinstance(result.level, LZero)

    def _spend(self) -> bool:
        self._nodes -= 1
        return self._nodes > 0


def _short_names(names: Sequence[Name], environment: Environment) -> dict[Name, str]:
    """Return each name by its last component, or its last two where it is a type's or one is not enough."""
    shortened: dict[Name, str] = {}
    for name in names:
        owner, _, last = name.rpartition(".") if "«" not in name else ("", "", name)
        shortened[name] = f"{owner.rpartition('.')[2]}.{last}" if owner in environment else last
    for take in (2, None):
        counts = Counter(shortened.values())
        for name in names:
            if counts[shortened[name]] > 1:
                shortened[name] = ".".join(name.split(".")[-take:]) if take else name
    return shortened


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


def _mentions(expr: Expr, index: int) -> bool:
    """Whether a bound variable occurs free in an expression."""
    pending = [(expr, index)]
    seen: set[tuple[int, int]] = set()
    while pending:
        at, depth = pending.pop()
        if (id(at), depth) in seen:
            continue
        seen.add((id(at), depth))
        match at:
            case BVar(found):
                if found == depth:
                    return True
            case App(fn, arg):
                pending += ((fn, depth), (arg, depth))
            case Lam(_, type_, body) | Pi(_, type_, body):
                pending += ((type_, depth), (body, depth + 1))
            case Let(_, type_, value, body):
                pending += ((type_, depth), (value, depth), (body, depth + 1))
            case MData(inner) | Proj(_, _, inner):
                pending.append((inner, depth))
            case _:
                pass
    return False


def _fresh(name: Name, scope: Sequence[str]) -> str:
    """Return a binder's name as one would write it, different from those in scope."""
    base = name.partition(".«_@»")[0].strip("«»").rstrip("✝") or "x"
    fresh, count = base, 0
    while fresh in scope:
        count += 1
        fresh = f"{base}_{count}"
    return fresh


def _sort(level: Level) -> tuple[str, int]:
    match level:
        case LZero():
            return "Prop", ATOM
        case LSucc(LZero()):
            return "Type", ATOM
        case LSucc(LParam(name)):
            return f"Type {name}", ATOM - 1
        case LParam(name):
            return f"Sort {name}", ATOM - 1
        case LSucc(_):
            return "Type _", ATOM - 1
        case _:
            return "Sort _", ATOM - 1


def _numeral(value: int) -> str:
    # beyond this Python itself refuses to write a number out
    return str(value) if value.bit_length() < 1000 else "…"


def _parenthesised(text: str, precedence: int, required: int) -> str:
    return f"({text})" if precedence < required else text
