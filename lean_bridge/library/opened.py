"""A Lean library where it lies: what its files say, and what they compile to."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path

from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.audit.stumbles import Unread
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.build.checkout import commit_of
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.build.header import parse_header
from lean_bridge.build.modules import read_sources
from lean_bridge.crosscheck.generated import LIBRARY_MODULE
from lean_bridge.errors import ProjectNotFound
from lean_bridge.events import Observer, spending
from lean_bridge.files import decoded, read_below, read_file
from lean_bridge.library.compilation import Chosen, Compiled, choose, compile_chosen
from lean_bridge.library.discovery import TOOLCHAIN, repository_of
from lean_bridge.library.scratch import Scratch, elaborate
from lean_bridge.library.unread import unread_sources
from lean_bridge.olean.environment import Environment
from lean_bridge.toolchain.find import find_toolchain
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.lake import translator
from lean_bridge.toolchain.provider import Elaboration, Provider
from lean_bridge.toolchain.resident import Use, chosen
from lean_bridge.witness.render import REALS_MODULE
from pybind_models import BuildReport, LibraryIdentity
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest


class Library:
    """A Lean library; ``root`` is the directory of its ``lakefile.toml``."""

    def __init__(self, root: Path, *, is_shipped: bool = False, residents: Use = "no") -> None:
        self.root = root
        self.is_shipped = is_shipped
        self._residents: Use = residents
        self._contents: dict[str, bytes] = {}
        self._catalogue: Catalogue | None = None
        if os.path.lexists(root / CATALOGUE):
            self._catalogue = parse_catalogue(root / CATALOGUE, self._read(CATALOGUE))
        self._compiled: Compiled | None = None
        self._manifest: Manifest | None = None
        """As it was last read, which is when the sources were."""

    @property
    def has_catalogue(self) -> bool:
        """Whether it says what is to be judged; of a library that does not, everything is."""
        return self._catalogue is not None

    @property
    def catalogue(self) -> Catalogue:
        """What is to be judged. Raises: ProjectNotFound where the library does not say."""
        if self._catalogue is None:
            raise ProjectNotFound(
                f"{self.root}: no {CATALOGUE}, so `lean-bridge verify` judges all of it, and nothing has a "
                "graph, a pin or a witness; `lean-bridge init` proposes one that names what this is asked of"
            )
        return self._catalogue

    @property
    def required_toolchain(self) -> str:
        """The text of the library's ``lean-toolchain``. Raises: ProjectNotFound if there is none."""
        return decoded(self.root / TOOLCHAIN, self._read(TOOLCHAIN))

    @property
    def place(self) -> str:
        """Where the library lies in its repository; outside of one, where it lies from here."""
        top = repository_of(self.root)
        return Path(os.path.relpath(self.root, None if top == self.root else top)).as_posix()

    @property
    def commit(self) -> str | None:
        """The commit of the git checkout that keeps the library's lakefile, if one does."""
        top = repository_of(self.root)
        below = self.root.relative_to(top)
        return commit_of(top, [(below / name).as_posix() for name in (LAKEFILE, PROGRAM)])

    @property
    def identity(self) -> LibraryIdentity:
        """Which library this is; its digest is that of the files as they were last built, if they were.

        The digest is what ``sha256sum FILES | sort -k 2 | sha256sum`` prints of the library's lakefile,
        toolchain, catalogue, manifest and sources, by their paths from the root; sources of packages that it
        requires are among them.
        """
        built = self._compiled
        contents = dict(self._contents)
        if built is not None:
            texts = built.chosen.sources.texts.values()
            contents |= {each.file: each.content for each in texts if each.refused is None}
        lakefile = built.chosen.sources.lakefile if built is not None else None
        if lakefile is not None:
            contents[lakefile.file] = lakefile.content
        return LibraryIdentity(
            name=lakefile.name if lakefile is not None else None,
            root=str(self.root.resolve()),
            digest=_digest(contents) if lakefile is not None else None,
            commit=self.commit,
            is_shipped=self.is_shipped,
            passed_over=lakefile.passed_over if lakefile is not None else (),
        )

    def toolchain(
        self, *, install: bool = True, fresh: bool = False, progress: Progress | None = None
    ) -> Provider:
        """Return the Lean that the library's ``lean-toolchain`` asks for.

        With ``fresh`` the digest of each of its files is taken, whatever is remembered of them.
        Raises: ToolchainNotFound, ToolchainDownloadFailed.
        """
        return find_toolchain(
            self.required_toolchain,
            install=install,
            fresh=fresh,
            root=None if self.is_shipped else self.root,
            progress=progress,
            residents=None if fresh else chosen(self.root, self._residents),
        )

    def build(
        self,
        *,
        only: Collection[str] | None = None,
        workers: int = 2,
        fresh: bool = False,
        observe: Observer = lambda _: None,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Compile what has changed, and return what became of every module.

        ``only`` are the full names of declarations: then nothing is built that they do not need. ``fresh``
        reads all of Lean's files, and asks it again about what it refused before.
        Raises: ToolchainError if Lean cannot be run; ProjectNotFound if the sources are no library.
        """
        chosen = self._choose(only, fresh=fresh, progress=progress)
        return self._compile(chosen, workers=workers, fresh=fresh, observe=observe).report

    def _choose(
        self,
        only: Collection[str] | None = None,
        *,
        also: Collection[str] = (),
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> Chosen:
        """Read the sources, and find out which of them declarations need, beside modules ``also``."""
        self._read(TOOLCHAIN)
        self._read_manifest()
        provider = self.toolchain(fresh=fresh, progress=progress)
        sources = read_sources(
            self.root, also=(LIBRARY_MODULE, REALS_MODULE, *also), translate=translator(provider)
        )
        return choose(provider, sources, only, also=also)

    def _compile(
        self,
        chosen: Chosen,
        provider: Provider | None = None,
        *,
        started: int = 0,
        workers: int = 2,
        fresh: bool = False,
        observe: Observer = lambda _: None,
    ) -> Compiled:
        """Compile what was chosen, for all that asks for compiled declarations from now on.

        It is done by the chosen Lean, of which ``provider`` has processes at hand.
        """
        with spending(observe, "build"):
            self._compiled = compile_chosen(
                chosen, provider, started=started, workers=workers, fresh=fresh, observe=observe
            )
        return self._compiled

    def elaborate(
        self,
        file: Path,
        *,
        time_limit: float = TIME_LIMIT,
        observe: Observer = lambda _: None,
        progress: Progress | None = None,
    ) -> Elaboration:
        """Elaborate any source file against the compiled library; ``time_limit`` is in seconds.

        ``#print axioms`` is answered where Lean refuses to. Lean is given the options that the lakefile sets
        for the library that has the file, or for the package.
        Raises: ToolchainError if Lean cannot be run, or gives no answer about this file; ProjectNotFound if
        it cannot be read; OleanError if what it was compiled to cannot be.
        """
        source = file.absolute()
        content = read_file(source, follows_links=True)
        imports = [line.module for line in parse_header(content.decode("utf-8", "replace")).imports]
        built = self._compile(self._choose((), also=imports, progress=progress), observe=observe)
        inside = source.is_relative_to(self.root)
        path = source.relative_to(self.root) if inside else Path(source.name)
        met = next((each.limit for each in built.report.modules if each.limit is not None), None)
        lakefile = built.chosen.sources.lakefile
        scratch = Scratch(
            file=path.as_posix(),
            content=content,
            path=path,
            compiled=built.directory,
            ordinary=frozenset(each.module for each in built.report.modules if each.as_module),
            options=lakefile.options_of(path if inside else None),
            refused={
                each.module: each.limit or (met if each.state == "blocked" else None)
                for each in built.report.modules
                if each.state not in ("built", "cached")
            },
        )
        return elaborate(scratch, built.provider, time_limit=time_limit)

    def environment(self, only: Collection[str] | None = None, *, fresh: bool = False) -> Environment:
        """Return the compiled declarations, or those that some need, building first if that was not done.

        Modules that Lean refused are absent. With ``fresh`` no record of an earlier run is read of them.
        Raises: as :meth:`build`; OleanError.
        """
        return self._built(only).environment(fresh=fresh)

    def compiled(self, only: Collection[str] | None = None) -> Path:
        """Return the directory of the compiled modules, or of those that some declarations need.

        What was not built is built first. Raises: as :meth:`build`.
        """
        return self._built(only).directory

    def check_built(self) -> None:
        """Raise where the last build left a module out: BuildFailed, UnsupportedSource for Lean's limits."""
        (self._compiled or self._built()).check()

    def _read(self, name: str) -> bytes:
        if name == TOOLCHAIN and not os.path.lexists(self.root / name):
            raise ProjectNotFound(
                f"{self.root / name}: expected a file here, found none; write the Lean release that the "
                "project is for into it, such as leanprover/lean4:v4.28.0"
            )
        self._contents[name] = content = read_below(self.root, self.root / name)
        return content

    def _read_manifest(self) -> Manifest | None:
        """Read the library's manifest, if there is one; what is judged, and shown, is by this reading."""
        if os.path.lexists(self.root / MANIFEST):
            before, content = self._contents.get(MANIFEST), self._read(MANIFEST)
            if self._manifest is None or content != before:
                self._manifest = parse_manifest(self.root / MANIFEST, content)
        else:
            self._contents.pop(MANIFEST, None)
            self._manifest = None
        return self._manifest

    def _built(
        self,
        only: Collection[str] | None = None,
        *,
        observe: Observer = lambda _: None,
        progress: Progress | None = None,
    ) -> Compiled:
        """Return what the last build left, building first what declarations need that it did not, or all."""
        built = self._compiled
        if built is not None and built.has(only):
            return built
        if built is None or not built.directory.is_dir():  # pruned since
            return self._compile(self._choose(only, progress=progress), observe=observe)
        return self._compile(built.chosen.extended(only), observe=observe)

    def _unread(self, chosen: Chosen) -> Unread:
        sources = chosen.sources
        return unread_sources(self.root, sources.lakefile, {each.file for each in sources.texts.values()})


def _digest(contents: Mapping[str, bytes]) -> str:
    lines = (f"{sha256(content).hexdigest()}  {file}\n" for file, content in sorted(contents.items()))
    return sha256("".join(lines).encode()).hexdigest()
