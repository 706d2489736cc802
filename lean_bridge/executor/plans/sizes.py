"""What passes take for small."""

from __future__ import annotations

from typing import Final

SMALL: Final = 1024
"""Coordinates in an array whose arithmetic costs no more than a call."""

WIDEST_ROW: Final = 32
"""Up to here a row times a matrix of its length costs less than another call."""
