"""Many modules as one name space: what a set of root modules and everything they import defines.

It is consistent, or it is not had: what no file could import together is refused as soon as it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from lean_bridge.codes import Code
from lean_bridge.errors import Inconsistent, OleanError
from lean_bridge.names import module_path
from lean_bridge.olean.equality import is_same_statement
from lean_bridge.olean.expr import Constant, ConstantKind, Expr, Name
from lean_bridge.olean.library_names import LibraryNames
from lean_bridge.olean.module import Module, read_module
from lean_bridge.olean.outline import KeptOutlines, Outline, unkept
from lean_bridge.olean.reserved import is_reserved

_PRIVATE = re.compile(r"_private\.(.+?)\.0(?:\.|$)")
"""A private name, and the module that it is private to."""


class Environment:
    """The constants of loaded modules and of all they import.

    ``search_path`` holds directories of compiled modules, first match wins; ``library`` is the directory of
    the modules that come with Lean and is searched last, and ``library_names`` what all of them declare and
    import, loaded or not: with it, those of them are read of which more is asked. Modules are read with all
    the parts that lie beside them.

    As in Lean, a name has one definition; only a theorem may be proved in several modules, by one statement.
    A module that did not come with Lean declares nothing but theorems under names of Lean's library, and no
    name that a kernel knows.

    Raises: OleanError if a module cannot be read or an imported one is missing; Inconsistent.
    """

    def __init__(
        self,
        search_path: Sequence[Path],
        *,
        library: Path | None = None,
        library_names: LibraryNames | None = None,
        outlines: KeptOutlines | None = None,
    ) -> None:
        self._search_path = tuple(search_path)
        self._library = library
        self._library_names = library_names
        self._outlines = outlines or unkept()
        self._paths: dict[Name, Path] = {}
        """Where the loaded modules lie."""
        self._modules: dict[Name, Module] = {}
        """Those of them that were read."""
        self._own: set[Name] = set()
        self._declared: set[Name] = set()
        """What the modules that did not come with Lean declare."""
        self._definers: dict[Name, Name | list[Name]] = {}
        self._resolved: dict[Name, Name] = {}

    def extended(self, *directories: Path) -> Environment:
        """Return another environment that searches ``directories`` first; it has loaded what this one has."""
        other = Environment(
            (*directories, *self._search_path),
            library=self._library,
            library_names=self._library_names,
            outlines=self._outlines,
        )
        other._paths |= self._paths
        other._modules |= self._modules
        other._own |= self._own
        other._declared |= self._declared
        other._definers |= self._definers
        other._resolved |= self._resolved
        return other

    @property
    def modules(self) -> tuple[Name, ...]:
        """The loaded modules, imports included."""
        return tuple(self._paths)

    def find_module(self, name: Name) -> Path | None:
        """Return the ``.olean`` file of a module, if the search path has it."""
        relative = module_path(name, ".olean")
        if relative is None:
            return None
        for directory in (*self._search_path, *([self._library] if self._library else [])):
            if (directory / relative).is_file():
                return directory / relative
        return None

    def is_library(self, module: Name) -> bool:
        """Whether a loaded module came with Lean."""
        return module in self._paths and module not in self._own

    def module(self, name: Name) -> Module:
        """Return a loaded module.

        Raises: KeyError if it is not loaded.
        """
        found = self._modules.get(name)
        if found is None:
            found = self._modules[name] = read_module(self._paths[name], parts="present")
        return found

    def digest_of(self, name: Name) -> str:
        """Return the digest of the bytes that were read of a module; nothing, if it is not loaded."""
        return self.module(name).digest if name in self._paths else ""

    def load(self, name: Name) -> Module:
        """Load a module with all that it imports, and return it."""
        self.closure([name])
        return self.module(name)

    def closure(self, roots: Iterable[Name]) -> tuple[Name, ...]:
        """Load modules with all that they import, and return the names of all of them."""
        reached: dict[Name, None] = {}
        fresh: list[Name] = []
        shared: list[Name] = []
        pending: list[tuple[Name, Path | None]] = [(root, None) for root in roots]
        while pending:
            name, importer = pending.pop()
            if name in reached:
                continue
            reached[name] = None
            if name not in self._paths:
                path = self._find(name, importer)
                is_own = self._library is None or not path.is_relative_to(self._library)
                if is_own or not self._known_file(name):
                    self._modules[name] = read_module(path, parts="present")
                self._paths[name] = path
                if is_own:
                    self._own.add(name)
                shared += self._index(name)
                fresh.append(name)
            pending.extend((each, self._paths[name]) for each in self._imported_by(name))
        own = [name for name in fresh if name in self._own]
        taken = self._taken_from_library(own)
        for name in fresh:
            if name in self._own:
                self._check_own(name, taken)
                continue
            for each in self._imported_by(name):
                if each in self._own:
                    found = self._paths[each]
                    reason = f"Lean's own module {name} imports {each}, and finds {found}; rename it"
                    raise Inconsistent(reason)
        for constant in shared:
            if not all(map(self.is_library, self._definers[constant])):
                self._resolve(constant)
        return tuple(reached)

    def __contains__(self, name: Name) -> bool:
        return name in self._definers

    def constant(self, name: Name) -> Constant | None:
        """Return a constant, or ``None`` if no loaded module defines it."""
        found = self._resolve(name)
        return self.module(found).constant(name) if found is not None else None

    def type_of(self, name: Name) -> Expr | None:
        """Return the type of a constant, or ``None`` if no loaded module defines it; its body is not read."""
        found = self._resolve(name)
        return self.module(found).type_of(name) if found is not None else None

    def definitions(self, name: Name) -> tuple[tuple[Name, Constant], ...]:
        """Return every loaded module that defines a constant, with its version of it.

        They are several only for a theorem that has several proofs; Lean's own comes first.
        """
        return tuple([(module, self.module(module).constant(name)) for module in self._ordered(name)])

    def outlines(self, name: Name) -> tuple[tuple[Name, Outline], ...]:
        """Return the :meth:`definitions` of a constant without their terms."""
        return tuple([(module, self._outline(module, name)) for module in self._ordered(name)])

    def outline_in(self, module: Name, name: Name) -> Outline:
        """Return the outline of the version of a constant that a loaded module has.

        Raises: KeyError if the module does not define it.
        """
        return self._outline(module, name)

    def _ordered(self, name: Name) -> Sequence[Name]:
        """Return the modules that define a constant, that of the version which is meant first."""
        first, definers = self._resolve(name), self._definers.get(name, [])
        if isinstance(definers, list):
            return sorted(definers, key=lambda module: (module != first, module))
        return (definers,)

    def module_of(self, name: Name) -> Name | None:
        """Return the loaded module that defines a constant."""
        return self._resolve(name)

    def is_own(self, name: Name) -> bool:
        """Whether modules define a constant, and none of them came with Lean."""
        if name not in self._declared:
            return False
        definers = self._definers.get(name, [])
        modules = definers if isinstance(definers, list) else [definers]
        return not any(map(self.is_library, modules))

    @property
    def own_names(self) -> Collection[Name]:
        """The constants that loaded modules other than Lean's own declare."""
        return self._declared

    def is_class(self, name: Name) -> bool:
        """Whether a constant is a class."""
        module = self._resolve(name)
        return module is not None and name in self.module(module).classes

    def own_among(self, names: Iterable[Name]) -> tuple[Name, ...]:
        """Return those of some constants that are the library's own, as :meth:`is_own`, sorted."""
        return tuple(sorted(filter(self.is_own, self._declared.intersection(names))))

    def original_kind(self, name: Name) -> ConstantKind | None:
        """Return what the source declared; a hidden theorem or definition is stored as an axiom."""
        found = self._resolve(name)
        return self._outline(found, name).original_kind if found is not None else None

    def derived(self, what: str) -> dict[str, Any]:
        """Return what was derived of exactly the loaded modules, now or in an earlier run, to be added to.

        It has to be a function of their bytes; see :class:`KeptOutlines`.
        """
        return self._outlines.derived(what, self.digest)

    @property
    def digest(self) -> str:
        """The digest of the bytes of all loaded modules but Lean's own, with their names."""
        said = (f"{self.digest_of(name)} {name}\n" for name in sorted(self._own))
        return sha256("".join(said).encode()).hexdigest()

    def keep_outlines(self) -> None:
        """Keep for later runs what was made of outlines in this one, and what was derived."""
        self._outlines.keep(self.digest)

    def _outline(self, module: Name, name: Name) -> Outline:
        return self._outlines.of(self.module(module), name)

    def _find(self, name: Name, importer: Path | None) -> Path:
        path = self.find_module(name)
        if path is None:
            wanted = (
                f"module {name}, imported here, is not on the search path"
                if importer
                else f"module {name} not found"
            )
            raise OleanError(str(importer) if importer else name, 0, wanted)
        return path

    def _known_file(self, name: Name) -> str | None:
        """Return the file of a module of Lean's own of which names and imports are known."""
        path = None if name in self._own else module_path(name, ".olean")
        if self._library_names is None or path is None:
            return None
        file = path.as_posix()
        return file if self._library_names.imported_by(file) is not None else None

    def _imported_by(self, name: Name) -> Iterable[Name]:
        if (file := self._known_file(name)) is not None and self._library_names is not None:
            return self._library_names.imported_by(file) or ()
        return [line.module for line in self.module(name).imports]

    def _declared_in(self, name: Name) -> Iterable[Name]:
        """Return what a module declares: what is known of Lean's own is not read again."""
        if (file := self._known_file(name)) is not None and self._library_names is not None:
            return self._library_names.declared_in(file) or ()
        return self.module(name).constant_names

    def _index(self, name: Name) -> list[Name]:
        """Take up a module's constants, and return those that another module defines too."""
        definers, shared = self._definers, []
        if name in self._own:
            self._declared.update(self._declared_in(name))
        for constant in self._declared_in(name):
            earlier = definers.setdefault(constant, name)
            if earlier is not name:
                definers[constant] = [*earlier, name] if isinstance(earlier, list) else [earlier, name]
                self._resolved.pop(constant, None)
                shared.append(constant)
        return shared

    def _taken_from_library(self, own: Iterable[Name]) -> Mapping[Name, tuple[str, ...]]:
        """Return which files of Lean's own library declare what these modules declare too."""
        if self._library_names is None:
            return {}
        return self._library_names.find(each for name in own for each in self.module(name).constant_names)

    def _check_own(self, name: Name, taken: Mapping[Name, tuple[str, ...]]) -> None:
        """Raise: Inconsistent if a module that did not come with Lean takes the names of what did.

        ``taken`` says of what is also declared there in which files.
        """
        module, library = self.module(name), self._library
        for constant, difference in module.exported_differences():
            raise Inconsistent(
                f"module {name}: what it exports as {constant} {difference} in its private part"
            )
        if library is None:
            return
        for constant in module.constant_names:
            if is_reserved(constant):
                reason = (
                    f"module {name} declares {constant}, which the kernels take for Lean's own; rename it"
                )
                raise Inconsistent(reason, code=Code.KERNEL_NAME)
            owner = private[1] if (private := _PRIVATE.match(constant)) else name
            if owner != name and self._library_file(owner) and module.original_kind(constant) != "theorem":
                reason = f"module {name} declares {constant}, a name private to Lean's own module {owner}"
                raise Inconsistent(reason)
        for constant in filter(taken.__contains__, module.constant_names):
            if module.original_kind(constant) == "theorem" or not self.is_own(constant):
                # where Lean's own is loaded they were compared; elsewhere a theorem is only what it says
                continue
            if any(constant in read_module(library / file, parts="present") for file in taken[constant]):
                raise _taken(name, module, constant)

    def _library_file(self, module: Name) -> Path | None:
        relative = module_path(module, ".olean")
        if relative is None or self._library is None or not (self._library / relative).is_file():
            return None
        return self._library / relative

    def _resolve(self, name: Name) -> Name | None:
        """Return which module defines a constant; of several proofs of a theorem, the one that is meant."""
        found = self._resolved.get(name)
        if found is None and name in self._definers:
            definers = self._definers[name]
            found = self._unify(name, definers) if isinstance(definers, list) else definers
            self._resolved[name] = found
        return found

    def _unify(self, name: Name, definers: Sequence[Name]) -> Name:
        """Return where one of several proofs of a theorem is: Lean's own, or the first that is there to read.

        Raises: Inconsistent if they are not proofs of one statement.
        """

        def order(module: Name) -> tuple[bool, bool, Name]:
            is_hidden = self.module(module).constant(name).value is None
            return not self.is_library(module), is_hidden, module

        first, *others = sorted(definers, key=order)
        for other in others:
            if not _is_one_theorem(name, self.module(first), self.module(other)):
                if self.is_library(first):
                    raise _taken(other, self.module(other), name)
                raise Inconsistent(
                    f"module {other}: {name} is defined differently in module {first}, and no file could "
                    "import both; rename one of them"
                )
        return first


def _is_one_theorem(name: Name, left: Module, right: Module) -> bool:
    """Whether a name is a theorem of one statement in both modules: then Lean lets a file import both."""
    kinds = {left.original_kind(name), right.original_kind(name)}
    return kinds == {"theorem"} and is_same_statement(left.constant(name), right.constant(name))


def _taken(name: Name, module: Module, constant: Name) -> Inconsistent:
    """Return the error for a module that declares what Lean's own library does."""
    if module.original_kind(constant) == "axiom":
        reason = f"{constant}: an axiom of that name is declared in {name}, which is not part of Lean"
        return Inconsistent(reason, code=Code.AXIOM)
    return Inconsistent(f"module {name} declares {constant}, which Lean's own library does too; rename it")
