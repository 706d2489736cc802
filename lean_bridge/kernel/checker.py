"""One environment of the kernel: declarations added to it, and questions asked of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from lean_bridge.kernel.form import Answer
from lean_bridge.kernel.native import (
    Address,
    Lean,
    box,
    field,
    flag,
    freeze,
    read_list,
    read_name,
    read_nat,
    read_string,
    tag_of,
)
from lean_bridge.kernel.terms import Terms


class Reply(NamedTuple):
    """What became of a request."""

    outcome: Answer
    message: str = ""
    """Why, unless it was accepted."""
    body: tuple[Answer, str] | None = None
    """What became of a declaration with its body, if it was then taken as an axiom."""


_KINDS = ("axiom", "definition", "theorem", "opaque", "quot", "inductive", "constructor", "recursor")
"""The constructors of ``ConstantInfo``."""
_QUOT_DECLARATION = 4
_DECLARATIONS = {"axiom": 0, "definition": 1, "theorem": 2, "opaque": 3}
"""The constructors of ``Declaration``."""
_SAFE = 1

_EXCEPTIONS = (
    "unknown constant",
    "already declared",
    "the body has another type than the declaration says",
    "it has metavariables",
    "it has free variables",
    "a function is expected",
    "a type is expected",
    "a local definition has another type than it says",
    "an expression has another type than it should",
    "an argument has another type than the function takes",
    "an impossible projection",
    "the statement of the theorem is no proposition",
    "",
    "too many steps",
    "too much memory",
    "nested too deeply",
    "interrupted",
)
"""The constructors of ``Lean.Kernel.Exception``."""
_SHOWN = {0: (1,), 1: (1,), 2: (2,), 5: (2,), 6: (2,), 7: (3, 4), 8: (2, 3), 9: (4, 3), 10: (2,), 11: (2,)}
"""The fields of an exception that say what it is about."""
_MESSAGE = 12
_LIMITS = range(13, 17)
_TOO_BIG = "the kernel refused "
"""How the kernel begins where a number is larger than it wants to compute with: a limit, and no judgement."""
_LONGEST = 200


class Checker:
    """The kernel of an initialised library, with an environment that is empty at first."""

    def __init__(self, lean: Lean, terms: Terms) -> None:
        self._lean = lean
        self._terms = terms
        function = lean.function
        self._add_decl = function("lean_add_decl", 5)
        self._find = function("lean_environment_find", 2)
        self._is_same = function("lean_expr_eqv", 2, truth=True)
        self._text = function("lean_expr_dbg_to_string", 1)
        self._axiom = function("lean_mk_axiom_val", 4)
        self._definition = function("lean_mk_definition_val", 7)
        self._theorem = function("lean_mk_theorem_val", 5)
        self._opaque = function("lean_mk_opaque_val", 6)
        self._inductive = function("lean_mk_inductive_decl", 4)
        self._regular = function("lean_mk_reducibility_hints_regular", 1)
        self._to_elaborator = function("l_Lean_Environment_ofKernelEnv", 1)
        self._check = function("lean_kernel_check", 3)
        self._is_def_eq = function("lean_kernel_is_def_eq", 4)
        self._no_locals = freeze(function("lean_mk_empty_local_ctx", 1)(box(0)))
        made = field(function("l_Lean_mkEmptyEnvironment", 1)(0), 0)
        self._environment = freeze(function("lean_elab_environment_to_kernel_env", 1)(freeze(made)))

    def add(self, request: dict[str, Any]) -> Reply:
        """Have the kernel check a declaration and keep it, and compare what it then has with what was sent.

        Raises: as :class:`Terms` for a malformed request.
        """
        answer = self._add_decl(self._environment, 0, 0, self._declaration(request), box(0))
        if tag_of(answer) == 0:
            with_body = self._reason(field(answer, 0))
            if not request.get("or_assume") or request["kind"] == "axiom":
                return with_body
            head = {key: request[key] for key in ("name", "levels", "type")}
            made = {**request["made"][0], "kind": "axiom"}
            as_axiom = self.add({**head, "kind": "axiom", "made": [made]})
            return as_axiom._replace(body=(with_body.outcome, with_body.message))
        self._environment = freeze(field(answer, 0))
        for expected in request["made"]:
            difference = self._difference(expected)
            if difference:
                return Reply("refused", difference)
        return Reply("accepted")

    def equal(self, left: int, right: int) -> Reply:
        """Have the kernel check two closed expressions and decide whether they and their types are equal."""
        environment = freeze(self._to_elaborator(self._environment))
        pairs = []
        for place in (left, right):
            checked = self._check(environment, self._no_locals, self._terms.exprs[place])
            if tag_of(checked) == 0:
                return self._reason(field(checked, 0))
            pairs.append((freeze(field(checked, 0)), self._terms.exprs[place]))
        for of_left, of_right in zip(*pairs, strict=True):
            answer = self._is_def_eq(environment, self._no_locals, of_left, of_right)
            if tag_of(answer) == 0:
                return self._reason(field(answer, 0))
            if read_nat(field(answer, 0)) != 1:
                return Reply("refused", f"{self._shown(of_left)} is not {self._shown(of_right)}")
        return Reply("accepted")

    def _declaration(self, request: dict[str, Any]) -> Address:
        lean, terms, kind = self._lean, self._terms, request["kind"]
        if kind == "quot":
            return box(_QUOT_DECLARATION)
        levels = terms.name_list(request["levels"])
        if kind == "inductive":
            types = lean.list([self._inductive_type(*each) for each in request["types"]])
            return freeze(self._inductive(levels, lean.nat(request["params"]), types, 0))
        name, type_ = terms.names[request["name"]], terms.exprs[request["type"]]
        block = lean.list([name])
        if kind == "axiom":
            value = self._axiom(name, levels, type_, 0)
        elif kind == "definition":
            hints = self._hints(request["hints"])
            value = self._definition(name, levels, type_, terms.exprs[request["value"]], hints, _SAFE, block)
        elif kind == "theorem":
            value = self._theorem(name, levels, type_, terms.exprs[request["value"]], block)
        else:
            value = self._opaque(name, levels, type_, terms.exprs[request["value"]], 0, block)
        return lean.constructor(_DECLARATIONS[kind], [freeze(value)])

    def _inductive_type(self, name: int, type_: int, constructors: list[tuple[int, int]]) -> Address:
        lean, names, exprs = self._lean, self._terms.names, self._terms.exprs
        made = [lean.constructor(0, [names[one], exprs[its_type]]) for one, its_type in constructors]
        return lean.constructor(0, [names[name], exprs[type_], lean.list(made)])

    def _hints(self, hints: int | str) -> Address:
        if isinstance(hints, int):
            return freeze(self._regular(hints))
        return box(("opaque", "abbrev").index(hints))

    def _difference(self, expected: dict[str, Any]) -> str | None:
        """Return how the constant that the kernel now has is not the one that was sent, if so."""
        name = ".".join(map(str, self._terms.components[expected["name"]]))
        found = self._find(self._environment, self._terms.names[expected["name"]])
        if found & 1:
            return f"the kernel makes no {name}"
        info = field(found, 0)
        kind = _KINDS[tag_of(info)]
        if kind != expected["kind"]:
            return f"the kernel makes {name} of kind {kind}, not {expected['kind']}"
        value = field(info, 0)
        head = field(value, 0)
        terms = self._terms
        if [read_name(level) for level in read_list(field(head, 1))] != self._names(expected["levels"]):
            return f"the kernel gives {name} other universe parameters"
        if not self._is_same(field(head, 2), terms.exprs[expected["type"]]):
            return f"the kernel gives {name} the type {self._shown(field(head, 2))}"
        if kind in ("definition", "theorem", "opaque"):
            same = self._is_same(field(value, 1), terms.exprs[expected["value"]])
            return None if same else f"the kernel keeps another body for {name}"
        if kind == "recursor" and (rule := self._rule_difference(value, expected["rules"])):
            return f"the kernel's {name} has {rule}"
        facts = _facts(kind, value)
        for what, kept in expected["facts"].items():
            wanted = self._names(kept) if isinstance(kept, list) else kept
            if facts[what] != wanted:
                return f"the kernel's {name} has {what} {facts[what]}, not {wanted}"
        return None

    def _rule_difference(self, value: Address, expected: list[list[int]]) -> str | None:
        rules = read_list(field(value, 6))
        if len(rules) != len(expected):
            return f"{len(rules)} rules, not {len(expected)}"
        for rule, (constructor, fields, body) in zip(rules, expected, strict=True):
            sent = self._terms.components[constructor], fields
            if (read_name(field(rule, 0)), read_nat(field(rule, 1))) != sent or not self._is_same(
                field(rule, 2), self._terms.exprs[body]
            ):
                return f"another rule for {'.'.join(map(str, read_name(field(rule, 0))))}"
        return None

    def _names(self, places: list[int]) -> list[tuple[str | int, ...]]:
        return [self._terms.components[place] for place in places]

    def _reason(self, exception: Address) -> Reply:
        tag = tag_of(exception)
        if tag == _MESSAGE:
            message = " ".join(read_string(field(exception, 0)).split())
            return Reply("gave up" if message.startswith(_TOO_BIG) else "refused", message)
        about = [self._about(field(exception, index), tag) for index in _SHOWN.get(tag, ())]
        message = ": ".join([_EXCEPTIONS[tag], *([" against ".join(about)] if about else [])])
        return Reply("gave up" if tag in _LIMITS else "refused", message)

    def _about(self, subject: Address, tag: int) -> str:
        if tag in (0, 1):
            return ".".join(map(str, read_name(subject)))
        return self._shown(subject)

    def _shown(self, expr: Address) -> str:
        text = " ".join(read_string(self._text(expr)).split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _facts(kind: str, value: Address) -> dict[str, object]:
    """Return what the kernel found out about an inductive type, a constructor or a recursor."""

    def number(index: int) -> int:
        return read_nat(field(value, index))

    def names(index: int) -> list[tuple[str | int, ...]]:
        return [read_name(name) for name in read_list(field(value, index))]

    match kind:
        case "inductive":
            return {
                "params": number(1),
                "indices": number(2),
                "block": names(3),
                "constructors": names(4),
                "nested": number(5),
                "recursive": flag(value, 6, 0),
                "reflexive": flag(value, 6, 2),
            }
        case "constructor":
            return {
                "type": [read_name(field(value, 1))],
                "index": number(2),
                "params": number(3),
                "fields": number(4),
            }
        case "recursor":
            return {
                "block": names(1),
                "params": number(2),
                "indices": number(3),
                "motives": number(4),
                "minors": number(5),
                "k": flag(value, 7, 0),
            }
        case _:
            return {}
