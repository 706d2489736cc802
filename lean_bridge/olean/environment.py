"""Many modules as one name space: what a set of root modules and everything they import defines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lean_bridge.codes import Code
from lean_bridge.errors import OleanError
from lean_bridge.olean.equality import is_same_declaration
from lean_bridge.olean.expr import Constant, ConstantKind, Name
from lean_bridge.olean.module import Module, read_module
from lean_bridge.olean.names import split_name


class Environment:
    """The constants of loaded modules and of all they import.

    ``search_path`` holds directories of compiled modules, first match wins; ``library`` is the directory of
    the modules that come with Lean and is searched last. Modules are read with all the parts that lie
    beside them.

    Raises: OleanError if a module cannot be read, an imported one is missing, or two modules disagree about
    a constant.
    """

    def __init__(self, search_path: Sequence[Path], *, library: Path | None = None) -> None:
        self._search_path = tuple(search_path)
        self._library = library
        self._modules: dict[Name, Module] = {}
        self._definers: dict[Name, Name | list[Name]] = {}
        self._resolved: dict[Name, tuple[Name, Constant]] = {}

    def extended(self, *directories: Path) -> Environment:
        """Return another environment that searches ``directories`` first; it has loaded what this one has."""
        other = Environment((*directories, *self._search_path), library=self._library)
        other._modules |= self._modules
        other._definers |= self._definers
        other._resolved |= self._resolved
        return other

    @property
    def modules(self) -> tuple[Name, ...]:
        """The loaded modules, imports included."""
        return tuple(self._modules)

    def find_module(self, name: Name) -> Path | None:
        """Return the ``.olean`` file of a module, if the search path has it."""
        relative = _relative_path(name, ".olean")
        if relative is None:
            return None
        for directory in (*self._search_path, *([self._library] if self._library else [])):
            if (directory / relative).is_file():
                return directory / relative
        return None

    def is_library(self, module: Name) -> bool:
        """Whether a loaded module came with Lean."""
        return self._library is not None and self._modules[module].path.is_relative_to(self._library)

    def module(self, name: Name) -> Module:
        """Return a loaded module.

        Raises: KeyError if it is not loaded.
        """
        return self._modules[name]

    def load(self, name: Name) -> Module:
        """Load a module with all that it imports, and return it."""
        self.closure([name])
        return self._modules[name]

    def closure(self, roots: Iterable[Name]) -> tuple[Name, ...]:
        """Load modules with all that they import, and return the names of all of them."""
        reached: dict[Name, None] = {}
        pending: list[tuple[Name, Module | None]] = [(root, None) for root in roots]
        while pending:
            name, importer = pending.pop()
            if name in reached:
                continue
            reached[name] = None
            module = self._modules.get(name)
            if module is None:
                module = self._read(name, importer)
                self._modules[name] = module
                self._index(name, module)
            pending.extend((line.module, module) for line in module.imports)
        return tuple(reached)

    def __contains__(self, name: Name) -> bool:
        return name in self._definers

    def constant(self, name: Name) -> Constant | None:
        """Return a constant, or ``None`` if no loaded module defines it."""
        found = self._resolve(name)
        return found[1] if found else None

    def definitions(self, name: Name) -> tuple[tuple[Name, Constant], ...]:
        """Return every loaded module that defines a constant, with its version of it; they agree.

        Two proofs of one statement agree, and Lean lets a module import both.
        """
        found = self._resolve(name)
        definers = self._definers.get(name, ())
        if found is None or not isinstance(definers, list):
            return (found,) if found else ()
        return tuple((module, self._modules[module].constant(name)) for module in definers)

    def module_of(self, name: Name) -> Name | None:
        """Return the loaded module that defines a constant."""
        found = self._resolve(name)
        return found[0] if found else None

    def original_kind(self, name: Name) -> ConstantKind | None:
        """Return what the source declared; a hidden theorem or definition is stored as an axiom."""
        found = self._resolve(name)
        return self._modules[found[0]].original_kind(name) if found else None

    def _read(self, name: Name, importer: Module | None) -> Module:
        path = self.find_module(name)
        if path is None:
            wanted = (
                f"module {name}, imported here, is not on the search path"
                if importer
                else f"module {name} not found"
            )
            raise OleanError(str(importer.path) if importer else name, 0, wanted)
        return read_module(path, parts="present")

    def _index(self, name: Name, module: Module) -> None:
        definers = self._definers
        for constant in module.constant_names:
            earlier = definers.setdefault(constant, name)
            if earlier is not name:
                definers[constant] = [*earlier, name] if isinstance(earlier, list) else [earlier, name]
                self._resolved.pop(constant, None)

    def _resolve(self, name: Name) -> tuple[Name, Constant] | None:
        found = self._resolved.get(name)
        if found is None and name in self._definers:
            definers = self._definers[name]
            if isinstance(definers, list):
                found = self._unify(name, definers)
            else:
                found = definers, self._modules[definers].constant(name)
            self._resolved[name] = found
        return found

    def _unify(self, name: Name, definers: Sequence[Name]) -> tuple[Name, Constant]:
        """Return one of several definitions of a name, with its body if any has it."""
        best = definers[0]
        for module in definers:
            this, chosen = self._modules[module], self._modules[best]
            if this.original_kind(name) != chosen.original_kind(name) or not is_same_declaration(
                chosen.constant(name), this.constant(name)
            ):
                raise OleanError(
                    str(this.path),
                    0,
                    f"{name} is defined differently in module {best}; rename one of them",
                    code=Code.DEFINED_TWICE,
                )
            if chosen.constant(name).value is None and this.constant(name).value is not None:
                best = module
        return best, self._modules[best].constant(name)


def _relative_path(module: Name, suffix: str) -> Path | None:
    """Return where a module lies below the root of its library, or ``None`` if its name is no path."""
    parts = [str(part) for part in split_name(module) or ()]
    if not parts or any(part in ("", ".", "..") or set(part) & set("/\\\0") for part in parts):
        return None
    return Path(*parts[:-1], parts[-1] + suffix)


def source_path(module: Name) -> Path | None:
    """Return where a module's source lies below the root of its library."""
    return _relative_path(module, ".lean")
