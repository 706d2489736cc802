"""Named arrays in files, ``.npz`` or ``.safetensors``, of which nothing is believed before it was looked at.

A file may be anybody's. No object in it is ever made, and of an array no more is read, nor unpacked, than
what is wanted under its name has room for.
"""

from __future__ import annotations

import math
import os
import stat
import string
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, TypeAlias

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.errors import Declined, LeanBridgeError, NoVerdict
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, text_of
from lean_bridge.files import put_at_once
from lean_bridge.names import listed, suggestion
from lean_bridge.spelling import in_ascii, meant_by

SUFFIXES: Final = (".npz", ".safetensors")
MOST_MEMBERS: Final = 1 << 14
"""Of an archive: graphs have tens of entries."""
_FLOATS: Final = {"float64", "float32"}
_IN_SAFETENSORS: Final = {
    "F64": "float64",
    "F32": "float32",
    "BOOL": "bool",
    **{f"{kind}{bits}": f"{'u' * (kind == 'U')}int{bits}" for kind in "IU" for bits in (8, 16, 32, 64)},
}

_RECORDS: Final = "records with the fields"
_NUMBERS: Final = {"float", "int", "uint", "bool", "f", "i", "u", "bf"}
"""Dtypes of numbers, NumPy's and then those of safetensors, without their widths."""

Wanted: TypeAlias = Mapping[str, Collection[Shape]]
"""The arrays that may be in a file: by name, the shapes that they may have."""

_Found: TypeAlias = tuple[str, Shape, str, Callable[[], Array]]
"""A name, what shape and dtype are claimed for it, and what reads the array if they will do."""


def check_suffix(path: Path) -> None:
    """Raise NoVerdict unless a file is named for one of the formats."""
    if path.suffix not in SUFFIXES:
        raise NoVerdict(
            f"{path}: expected a name in {' or '.join(SUFFIXES)}, found {path.suffix or 'no ending'}",
            code=Code.ARRAY,
        )


def read_arrays(
    path: Path,
    wanted: Wanted,
    *,
    kinds: Mapping[str, str] = MappingProxyType({}),
    beside: Collection[str] = (),
    pass_over: Callable[[str], None] = lambda _: None,
) -> dict[str, Array]:
    """Return a file's arrays by the names of ``wanted``, of the shapes there, in float64 or float32.

    Those that ``kinds`` calls ``int`` are of whole numbers, and those that it calls ``bool`` of truth values.
    A name may be spelled in any way of :mod:`lean_bridge.spelling`. Arrays under the names ``beside``, which
    may be there too, are not read, and ``pass_over`` is told of each.
    Raises: NoVerdict, naming the file and the array, for everything else that is in it, or if it cannot be
    read; Declined where the package for its format is not installed.
    """
    check_suffix(path)
    arrays: dict[str, Array] = {}
    with _refusing(path), _open(path) as stream:
        found = _in_npz(stream) if path.suffix == ".npz" else _in_safetensors(path)
        for spelling, shape, dtype, read in found:
            if spelling in beside and spelling not in wanted:
                pass_over(spelling)
                continue
            name = _name(spelling, wanted)
            if name in arrays:
                raise ValueError(f"{name} is there twice")
            if (kind := kinds.get(name)) is not None:
                if dtype.rstrip(string.digits).removeprefix("u") != kind:
                    raise ValueError(f"{name}: expected {kind}, found {dtype}; save it as .astype({kind})")
            elif dtype not in _FLOATS:
                raise ValueError(f"{name}: expected float64 or float32, found {dtype}{_mend(dtype)}")
            if shape not in wanted[name]:
                expected = " or ".join(map(text_of, wanted[name]))
                raise ValueError(f"{name}: expected shape {expected}, found {text_of(shape)}")
            arrays[name] = read()
    return arrays


def safetensors_of(arrays: Mapping[str, Array]) -> bytes:
    """Return what a file of safetensors with these arrays holds. Raises: Declined if it is not installed."""
    content: bytes = _safetensors().save({name: np.ascontiguousarray(each) for name, each in arrays.items()})
    return content


def arrays_of(content: bytes, ranks: Mapping[str, int], where: str) -> dict[str, Array]:
    """Return the arrays of what a file of safetensors holds, of names in ``ranks`` and so many axes.

    Raises: NoVerdict for anything else; Declined if safetensors is not installed.
    """
    with _refusing(Path(where)):
        arrays: dict[str, Array] = _safetensors().load(content)
        for name, array in arrays.items():
            if name not in ranks:
                raise ValueError(f"nothing is called {name!r} here; {suggestion(name, list(ranks))}")
            if array.dtype.name not in _FLOATS or array.ndim != ranks[name]:
                found = f"{array.dtype} of {array.ndim}"
                raise ValueError(f"{name}: expected floats of {ranks[name]} axes, found {found}")
    return arrays


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays under their names. Raises: NoVerdict if they cannot be; then the file is as it was."""
    check_suffix(path)
    try:
        with put_at_once(path) as whole:
            if path.suffix == ".safetensors":
                content = {name: np.ascontiguousarray(each) for name, each in arrays.items()}
                whole.write_bytes(_safetensors().save(content))
            else:
                _write_npz(whole, arrays)
    except LeanBridgeError:
        raise
    except Exception as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise NoVerdict(f"{path}: cannot be written: {why}; nothing new is in it") from error


def _write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, each in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(each), allow_pickle=False)


def _name(spelling: str, wanted: Wanted) -> str:
    if len(meant := meant_by(spelling, wanted)) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"{spelling!r} may be {' or '.join(meant)}")
    near = suggestion(spelling, [*wanted, *filter(None, map(in_ascii, wanted))])
    raise ValueError(f"nothing is called {spelling!r} here; {near}")


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say of a file what is wrong with it, in one line."""
    try:
        yield
    except LeanBridgeError:
        raise
    except Exception as error:  # whatever a file that somebody made up does to its reader
        why = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        raise NoVerdict(f"{path}: {why[:300]}", code=Code.ARRAY) from error


def _open(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("expected a regular file")
    return os.fdopen(descriptor, "rb")


def _in_npz(stream: IO[bytes]) -> Iterator[_Found]:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise ValueError(f"expected at most {MOST_MEMBERS:,} arrays, found {len(members):,}")
        for member in members:
            if not member.filename.endswith(".npy"):
                raise ValueError(
                    f"expected arrays alone, as numpy.savez writes them, found {member.filename!r}"
                )
            with archive.open(member) as content:
                shape, is_fortran, dtype = _header(content)
                yield (
                    member.filename.removesuffix(".npy"),
                    shape,
                    _named(dtype),
                    partial(_content, content, shape, is_fortran, dtype),
                )


def _header(content: IO[bytes]) -> tuple[Shape, bool, np.dtype[Any]]:
    """Return what is claimed: shape, order and dtype. Headers of other versions may be of any length."""
    try:
        if np.lib.format.read_magic(content) != (1, 0):
            raise ValueError("another version")
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(content)
    except Exception as error:
        raise ValueError(f"{content.name}: expected an array in NumPy's format 1.0") from error
    return shape, is_fortran, dtype


def _named(dtype: np.dtype[Any]) -> str:
    """Return what a dtype is called, whatever its byte order: that of a structured array by its fields."""
    if dtype.names is not None:
        return f"{_RECORDS} {listed(dtype.names)}"
    return "object" if dtype.hasobject else dtype.newbyteorder("=").name


def _mend(dtype: str) -> str:
    """Return what to save in the place of an array of another dtype."""
    if dtype.startswith(_RECORDS):
        return "; save its fields as arrays of their own"
    if dtype.startswith(("complex", "C64")):
        return "; save its real and imaginary parts as arrays of their own"
    kind = dtype.rstrip("0123456789")
    return "; save it as .astype(numpy.float64)" if kind.casefold() in _NUMBERS else "; save numbers"


def _content(content: IO[bytes], shape: Shape, is_fortran: bool, dtype: np.dtype[Any]) -> Array:
    """Return the array of a header that was accepted; what is behind it is an error, unread."""
    expected = math.prod(shape) * dtype.itemsize
    data = content.read(expected)
    if len(data) != expected or content.read(1):
        raise ValueError(
            f"expected {expected:,} bytes of an array, found {'more' if len(data) == expected else len(data)}"
        )
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if is_fortran else "C")
    return np.array(array, dtype.newbyteorder("="), order="C")


def _in_safetensors(path: Path) -> Iterator[_Found]:
    _safetensors()
    from safetensors import safe_open

    with safe_open(path, framework="np") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - it is no mapping
            claimed = tensors.get_slice(name)
            dtype = str(claimed.get_dtype())
            yield (
                name,
                tuple(claimed.get_shape()),
                _IN_SAFETENSORS.get(dtype, dtype),
                partial(tensors.get_tensor, name),
            )


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise Declined("safetensors is not installed; pip install 'lean-bridge[safetensors]'") from None
    return safetensors.numpy
