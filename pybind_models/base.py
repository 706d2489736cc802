"""The base of every model: frozen, strict, and closed to unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An immutable record whose JSON is part of the public file format."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
