"""Names, levels and expressions out of the stream, as Lean's objects, each made once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from lean_bridge.kernel import form
from lean_bridge.kernel.form import APP, LAM, PI
from lean_bridge.kernel.native import Address, Lean, box, freeze

Record: TypeAlias = list[Any]
"""As JSON gives it; see :mod:`lean_bridge.kernel.form`."""


class Terms:
    """Three tables that grow with the stream; a record names earlier ones by their places.

    Raises, while reading: ValueError, TypeError, LookupError or ctypes.ArgumentError for what is no record.
    """

    def __init__(self, lean: Lean) -> None:
        self._lean = lean
        function = lean.function
        self._name_string = function("lean_name_mk_string", 2)
        self._name_number = function("lean_name_mk_numeral", 2)
        self._level = {
            form.SUCC: function("lean_level_mk_succ", 1),
            form.MAX: function("lean_level_mk_max", 2),
            form.IMAX: function("lean_level_mk_imax", 2),
        }
        self._level_param = function("lean_level_mk_param", 1)
        self._bvar = function("lean_expr_mk_bvar", 1)
        self._sort = function("lean_expr_mk_sort", 1)
        self._const = function("lean_expr_mk_const", 2)
        self._app = function("lean_expr_mk_app", 2)
        self._lam = function("lean_expr_mk_lambda", 4)
        self._pi = function("lean_expr_mk_forall", 4)
        self._let = function("lean_expr_mk_let", 5)
        self._lit = function("lean_expr_mk_lit", 1)
        self._proj = function("lean_expr_mk_proj", 3)
        self.names: list[Address] = [box(0)]
        self.components: list[tuple[str | int, ...]] = [()]
        """Of each name."""
        self.levels: list[Address] = [freeze(function("lean_level_mk_zero", 1)(box(0)))]
        self.exprs: list[Address] = []
        self._binder = freeze(self._name_string(box(0), lean.string("x")))

    def read_names(self, records: Iterable[Record]) -> None:
        """Append names."""
        for prefix, last in records:
            parent = self.names[prefix]
            if isinstance(last, str):
                made = self._name_string(parent, self._lean.string(last))
            else:
                made = self._name_number(parent, self._lean.nat(last))
            self.names.append(freeze(made))
            self.components.append((*self.components[prefix], last))

    def read_levels(self, records: Iterable[Record]) -> None:
        """Append levels."""
        for tag, *places in records:
            if tag == form.PARAM:
                (name,) = places
                made = self._level_param(self.names[name])
            else:
                made = self._level[tag](*[self.levels[place] for place in places])
            self.levels.append(freeze(made))

    def name_list(self, places: Iterable[int]) -> Address:
        """Return a ``List Name``."""
        return self._lean.list([self.names[place] for place in places])

    def read_exprs(self, records: Iterable[Record]) -> None:
        """Append expressions."""
        exprs, append = self.exprs, self.exprs.append
        app, lam, pi, binder = self._app, self._lam, self._pi, self._binder
        for record in records:
            tag = record[0]
            if tag == APP:
                made = app(exprs[record[1]], exprs[record[2]])
            elif tag == LAM:
                made = lam(binder, exprs[record[1]], exprs[record[2]], 0)
            elif tag == PI:
                made = pi(binder, exprs[record[1]], exprs[record[2]], 0)
            else:
                made = self._rare(record)
            append(freeze(made))

    def _rare(self, record: Record) -> Address:
        lean, exprs = self._lean, self.exprs
        match record:
            case [form.BVAR, index]:
                return self._bvar(lean.nat(index))
            case [form.SORT, level]:
                return self._sort(self.levels[level])
            case [form.CONST, name, levels]:
                return self._const(self.names[name], lean.list([self.levels[level] for level in levels]))
            case [form.LET, type_, value, body]:
                return self._let(self._binder, exprs[type_], exprs[value], exprs[body], 0)
            case [form.NAT, digits]:
                return self._lit(lean.constructor(0, [lean.nat(int(digits, 16))]))
            case [form.STRING, text]:
                return self._lit(lean.constructor(1, [lean.string(text)]))
            case [form.PROJ, struct, index, expr]:
                return self._proj(self.names[struct], lean.nat(index), exprs[expr])
            case _:
                raise ValueError(f"no record of an expression: {record}")
