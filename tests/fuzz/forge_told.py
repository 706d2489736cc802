"""Forgeries of what ought to be proved: the manifest and the catalogue."""

from __future__ import annotations

import random
from typing import Final

from tests.fuzz.forgery import Forgery, Kinds
from tests.fuzz.terms import LOOK_ALIKE


def _pins(forgery: Forgery, rng: random.Random) -> None:
    pinned = forgery.manifest["declaration"]
    first, second = rng.sample(pinned, 2)
    definitions = forgery.manifest["definitions"]
    match rng.randrange(9):
        case 0:
            first["hash"], second["hash"] = second["hash"], first["hash"]
        case 1:
            first["statement"], second["statement"] = second["statement"], first["statement"]
        case 2:
            first["name"], second["name"] = second["name"], first["name"]
        case 3:
            first["axioms"], second["axioms"] = second["axioms"], first["axioms"]
        case 4:
            first["kind"] = rng.choice(("theorem", "definition", "inductive"))
        case 5:
            pinned.remove(first)
        case 6:
            a, b = rng.sample(list(definitions), 2)
            definitions[a], definitions[b] = definitions[b], definitions[a]
        case 7:
            del definitions[rng.choice(list(definitions))]
        case _:
            digits = list(first["hash"])
            digits[rng.randrange(len(digits))] = rng.choice("0123456789abcdef")
            first["hash"] = "".join(digits)


def _wanted(forgery: Forgery, rng: random.Random) -> None:
    entries = forgery.catalogue["declaration"]
    first, second = rng.sample(entries, 2)
    match rng.randrange(5):
        case 0:
            first["kind"] = rng.choice(("theorem", "definition", "inductive"))
        case 1:
            first["kind"], second["kind"] = second["kind"], first["kind"]
        case 2:
            entries.remove(first)
        case 3:
            first["name"] = rng.choice((first["name"] + "'", first["name"].translate(LOOK_ALIKE)))
        case _:
            first["group"], second["group"] = second["group"], first["group"]


OF_WHAT_IS_TOLD: Final[Kinds] = {
    "pins": (4, _pins),
    "catalogue": (3, _wanted),
}
