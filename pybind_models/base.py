"""The base of every model: frozen, strict, and closed to unknown fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError, PydanticSerializationError

VIEWS: Final[dict[type, Callable[[Any], str]]] = {}
"""What draws a kind of record in a notebook: put there by who can, as the records do not know."""


def printable(text: str) -> str:
    """Return a text on one line: what moves the cursor, or is not seen, is an escape."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def check_named_once(names: Sequence[str], said: str, key: str) -> None:
    """Raise where a name is that of two records in the list at ``key``, with the places of both."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        first = names.index(twice[0])
        places = [(key, at, "name") for at in (names.index(twice[0], first + 1), first)]
        what = {"what": f"{said} twice: {', '.join(twice)}", "places": places}
        raise PydanticCustomError("named_twice", "{what}", what)


class Model(BaseModel):
    """An immutable record whose JSON is part of the public file format."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    def replaced(self, **values: Any) -> Self:
        """Return this record with other values in the fields named, validated like a new one.

        Raises: ValidationError where the values, or the record with them, are not allowed.
        """
        fields = {name: field.alias or name for name, field in type(self).model_fields.items()}
        unchanged = {alias: getattr(self, name) for name, alias in fields.items() if name not in values}
        return type(self).model_validate(
            unchanged | {fields.get(name, name): value for name, value in values.items()}
        )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy. With ``update`` it is :meth:`replaced`: pydantic's own would skip the validators."""
        copied = super().model_copy(deep=deep)
        return copied.replaced(**update) if update else copied

    def model_dump_json(self, **how: Any) -> str:
        """Return the record as JSON; bytes of a path that are no text are in it as escapes."""
        try:
            return super().model_dump_json(**how)
        except PydanticSerializationError:  # a lone surrogate, as Python has for such bytes
            return json.dumps(self.model_dump(mode="json"), indent=how.get("indent"))

    def _view(self) -> str | None:
        """Return what a notebook shows of the record, or ``None`` where nobody draws it."""
        draw = VIEWS.get(type(self))
        return draw(self) if draw is not None else None
