"""What a declaration means, as a hash: down through the library's own definitions, like a Merkle tree.

Not part of the meaning, and so not of the hash: binder names and infos, metadata, names of universe
parameters, how far to unfold first, and proofs. A proof is what is headed by a constant whose type is a
proposition; any two proofs of one statement are equal to the kernel, and the statement itself is fixed by
what stands around the proof. So neither a theorem's proof counts nor the numbering of auxiliary lemmas.

A definition (an instance and a matcher are definitions too) counts by what it says, not by its name:
renaming a helper, private or not, changes no hash. What the kernel cannot unfold (inductive types with their
constructors, opaque constants, axioms) counts by its name as well, and a private name holds its module.

A constant of Lean's own library counts by its name alone. Which library that is the toolchain decides, and it
is reported beside every verdict; many bodies are not in its compiled files, and a hash of half of it would
promise more than it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from lean_bridge.audit.proofs import is_proof
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.equality import Term, split_term
from lean_bridge.olean.expr import (
    App,
    Const,
    Constant,
    Expr,
    Lit,
    LParam,
    Name,
    Proj,
    bare,
    spine,
)

_SIZE = 20
_NOMINAL = frozenset({"inductive", "opaque", "axiom", "quot"})
"""Kinds that are equal only to themselves."""


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """What the declarations of one block say themselves, with holes for the constants they refer to."""

    digest: bytes
    references: tuple[Name, ...]
    """What stands in the holes: constants of the library's own outside the block, as first met."""


class StructuralHashes:
    """Hashes of one environment's constants; what one hash has followed the next one finds ready.

    Raises: KeyError for a constant that no module defines.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._proofs: dict[Name, bool] = {}
        self._blocks: dict[Name, tuple[Name, ...]] = {}
        self._skeletons: dict[tuple[Name, ...], _Skeleton] = {}
        self._derived = environment.derived("skeletons")
        self._below: dict[Name, Mapping[Name, Name]] = {}
        self._merkle: dict[tuple[Name, ...], bytes] = {}

    def extended(self, environment: Environment) -> StructuralHashes:
        """Return the hashes of an environment that extends this one's; what was followed stays so."""
        other = StructuralHashes(environment)
        other._proofs |= self._proofs
        other._blocks |= self._blocks
        other._skeletons |= self._skeletons
        other._below |= self._below
        other._merkle |= self._merkle
        return other

    def hash(self, name: Name) -> str:
        """Return the hash of a theorem's statement, or of everything that another declaration says."""
        block = self._block(name)
        return _digest(self._merkle_of(block), block.index(name)).hex()

    def own_hash(self, name: Name) -> str:
        """Return the hash of the declaration alone, with the names of what it refers to."""
        skeleton = self._skeleton(self._block(name))
        return _digest(skeleton.digest, *skeleton.references).hex()

    def references(self, name: Name) -> tuple[Name, ...]:
        """Return the constants of the library's own that a declaration itself refers to, as first met."""
        return self._skeleton(self._block(name)).references

    def underneath(self, name: Name) -> Mapping[Name, Name]:
        """Return the constants of the library's own on which a declaration's hash depends, nearest first.

        Each with the constant that refers to it.
        """
        found = self._below.get(name)
        if found is None:
            parents: dict[Name, Name] = {}
            pending = [name]
            for at in pending:
                for reference in self.references(at):
                    if reference not in parents and reference != name:
                        parents[reference] = at
                        pending.append(reference)
            found = self._below[name] = parents
        return found

    def _merkle_of(self, block: tuple[Name, ...]) -> bytes:
        stack, entered = [block], {block}
        while stack:
            top = stack[-1]
            blocks = {name: self._block(name) for name in self._skeleton(top).references}
            missing = next(
                (at for at in blocks.values() if at not in entered and at not in self._merkle), None
            )
            if missing is not None:
                stack.append(missing)
                entered.add(missing)
                continue
            if top not in self._merkle:
                # what Lean has checked has no cycles outside a block; a forged one ends at a name
                below = [(self._merkle.get(at, name), at.index(name)) for name, at in blocks.items()]
                self._merkle[top] = _digest(self._skeleton(top).digest, *below)
            stack.pop()
        return self._merkle[block]

    def _block(self, name: Name) -> tuple[Name, ...]:
        """Return the constants declared together with one that refer to each other."""
        found = self._blocks.get(name)
        if found is None:
            derived = self._derived.get(name)
            found = self._blocks[name] = self._find_block(name) if derived is None else tuple(derived[0])
        return found

    def _find_block(self, name: Name) -> tuple[Name, ...]:
        constant = self._constant(name)
        together = constant.kind in ("inductive", "definition", "opaque") and name in constant.all
        is_block = together and all(map(self._environment.is_own, constant.all))
        return constant.all if is_block else (name,)

    def _constant(self, name: Name) -> Constant:
        constant = self._environment.constant(name)
        if constant is None:
            raise KeyError(name)
        return constant

    def _skeleton(self, block: tuple[Name, ...]) -> _Skeleton:
        found = self._skeletons.get(block)
        if found is None:
            derived = self._derived.get(block[0])
            if derived is not None:
                _, digest, below = derived
                found = _Skeleton(bytes.fromhex(digest), tuple(below))
            else:
                references: dict[Name, int] = {}
                parts = [part for at in block for part in self._parts(self._constant(at), block, references)]
                found = _Skeleton(_digest(*parts), tuple(references))
                said = (block, found.digest.hex(), found.references)
                self._derived.update(dict.fromkeys(block, said))
            self._skeletons[block] = found
        return found

    def _parts(
        self, constant: Constant, block: tuple[Name, ...], references: dict[Name, int]
    ) -> Iterable[object]:
        """Yield everything that a constant says."""
        if not self._environment.is_own(constant.name):
            yield constant.name
            return
        kind = self._environment.original_kind(constant.name)
        yield kind
        yield constant.name if constant.kind in _NOMINAL else ""
        yield (constant.kind, constant.safety, len(constant.level_params), constant.num_params)
        yield self._term(constant.type, constant, block, references)
        if kind != "theorem" and constant.value is not None:
            yield self._term(constant.value, constant, block, references)
        for name in constant.constructors:
            constructor = self._environment.constant(name)
            yield name
            if constructor is not None:
                yield self._term(constructor.type, constructor, block, references)

    def _term(
        self, root: Expr, constant: Constant, block: tuple[Name, ...], references: dict[Name, int]
    ) -> bytes:
        """Return the hash of a term, each of its nodes hashed once."""
        levels = {name: position for position, name in enumerate(constant.level_params)}
        done: dict[int, bytes] = {}
        opened: dict[int, tuple[Term, tuple[object, ...], tuple[Term, ...]]] = {}
        stack: list[Term] = [root]
        while stack:
            top = stack[-1]
            key = id(top)
            if key in done:
                stack.pop()
                continue
            if key not in opened:
                term = bare(top)
                found = self._open(term)
                if found is None:
                    done[key] = _PROOF
                    continue
                opened[key] = term, *found
                missing = [child for child in reversed(found[1]) if id(child) not in done]
                if missing:
                    stack += missing
                    continue
            term, says, children = opened[key]
            if isinstance(term, Const) and self._environment.is_own(term.name):
                says = (self._reference(term.name, block, references),)
            elif isinstance(term, Proj) and self._environment.is_own(term.struct):
                says = (self._reference(term.struct, block, references), term.index)
            elif isinstance(term, LParam):
                says = (levels.get(term.name, term.name),)
            elif isinstance(term, Lit) and isinstance(term.value, int):
                says = (hex(term.value),)  # Python writes only short numbers in decimal
            done[key] = _digest(type(term).__name__, *says, *[done[id(child)] for child in children])
            stack.pop()
        return done[id(root)]

    def _open(self, term: Term) -> tuple[tuple[object, ...], tuple[Term, ...]] | None:
        """Return what a node says itself and its children, an application as one; ``None`` for a proof."""
        if not isinstance(term, App | Const):
            return split_term(term)
        head, arguments = spine(term)
        if isinstance(head, Const) and self._is_proof(head.name):
            return None
        return ((), (head, *arguments)) if arguments else split_term(head)

    def _reference(self, name: Name, block: tuple[Name, ...], references: dict[Name, int]) -> object:
        """Return what stands for a constant of the library's own, and note what it refers to."""
        constant = self._constant(name)
        owner, role = name, ""
        if constant.kind == "constructor" and self._environment.is_own(constant.inductive):
            owner, role = constant.inductive, name
        elif constant.kind == "recursor" and constant.all and self._environment.is_own(constant.all[0]):
            owner, role = constant.all[0], name
        if owner in block:
            return ("member", block.index(owner), role)
        return ("reference", references.setdefault(owner, len(references)), role)

    def _is_proof(self, name: Name) -> bool:
        """Whether everything headed by a constant is a proof, as far as the constant's type tells."""
        found = self._proofs.get(name)
        if found is None:
            found = self._proofs[name] = is_proof(name, self._environment)
        return found


def _digest(*parts: object) -> bytes:
    """Return the hash of a sequence of texts, numbers, hashes and tuples of them."""
    # every part is written with its quotes or brackets, so no two sequences are written alike
    return blake2b(ascii(parts).encode(), digest_size=_SIZE).digest()


_PROOF = _digest("proof")
