"""How the names of a Lean declaration's arguments are spelled where letters are scarce: ``kappa`` for κ.

A name may be given as it is, folded as Python folds keyword arguments (``ε1`` for ``ε₁``), or in ASCII
(``eps1``). This is the one table of that, for Python's keywords and the command line's.
"""

from __future__ import annotations

import keyword
import reprlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from lean_bridge.letters import shown
from lean_bridge.names import suggestion

_GREEK: Final[Mapping[str, str]] = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "eps",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "ς": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}
_IN_ASCII: Final[Mapping[str, str]] = {
    **_GREEK,
    **{letter.upper(): word.capitalize() for letter, word in _GREEK.items() if letter != "ς"},
    "∂": "d",
    "∇": "nabla",
    "∞": "inf",
    "ℓ": "l",
    "'": "_prime",
}
"""What stands for a letter that no ASCII identifier has."""


_MOST_DIGITS: Final = 18
"""Of a dimension."""


def dimension(text: str) -> int:
    """Return the dimension that a text is. Raises: ValueError, which says what was expected and found."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"expected an integer ≥ 0, found {shown(reprlib.repr(text))}")
    if len(text) > _MOST_DIGITS:
        raise ValueError(
            f"expected an integer of at most {_MOST_DIGITS} digits, found {len(text)}, {reprlib.repr(text)}"
        )
    return int(text)


def in_ascii(name: str) -> str | None:
    """Return the ASCII identifier that a name may be given as, or ``None`` if it has none.

    One that is a word of Python's own ends in ``_``, as ``lambda_`` for λ.
    """
    made = _transcribed(name)
    if not (made.isascii() and made.isidentifier()):
        return None
    return f"{made}_" if keyword.iskeyword(made) else made


def _transcribed(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name)
    return "".join(_IN_ASCII.get(each, each) for each in folded if not unicodedata.combining(each))


def spelled(name: str) -> str:
    """Return a name as a message shows it: with its ASCII spelling, if that is another one."""
    other = in_ascii(name)
    return name if other in (None, name) else f"{name} ({other})"


def meant_by(spelling: object, names: Iterable[str]) -> list[str]:
    """Return the names that a spelling may stand for; a name itself stands for nothing else."""
    known = list(names)
    if not isinstance(spelling, str):
        return []
    if spelling in known:
        return [spelling]
    return [
        name
        for name in known
        if spelling in (unicodedata.normalize("NFKC", name), in_ascii(name), _transcribed(name))
    ]


def why_not(spelling: object, names: Iterable[str]) -> str:
    """Return what is wrong with a spelling that stands for none of the names, or for several of them."""
    known = list(names)
    if len(several := meant_by(spelling, known)) > 1:
        return f"is ambiguous: it may be {' or '.join(several)}"
    near = suggestion(spelling, [*known, *filter(None, map(in_ascii, known))])
    return f"is unknown ({near})" if near.endswith("?") else "is unknown"
