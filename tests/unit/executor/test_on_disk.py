"""Files of arrays: what is right is read, and nothing else is so much as unpacked."""

from __future__ import annotations

import io
import os
import pickle
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import Declined, NoVerdict
from lean_bridge.executor.arrays import on_disk
from lean_bridge.executor.arrays.on_disk import Wanted, read_arrays, write_arrays

WANTED: Wanted = {"x": [(2, 3)], "γ₁": [(3,)], "fc": [(4, 6), (2, 3)]}
X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str, dtype: str) -> None:
    path = tmp_path / f"arrays{suffix}"
    written = {"x": X.astype(dtype).T.copy().T, "γ₁": np.ones(3, dtype), "fc": np.zeros((4, 6), dtype)}
    write_arrays(path, written)
    found = read_arrays(path, WANTED)
    assert found.keys() == written.keys()
    for name, array in found.items():
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, written[name])


def test_numpy_reads_what_is_written_and_the_other_way_round(tmp_path: Path) -> None:
    write_arrays(
        tmp_path / "ours.npz", {"x": X, "file": X, "empty": np.zeros((0, 3)), "scalar": np.array(2.0)}
    )
    with np.load(tmp_path / "ours.npz") as theirs:
        assert sorted(theirs.files) == ["empty", "file", "scalar", "x"]
        np.testing.assert_array_equal(theirs["x"], X)
        assert theirs["scalar"].shape == ()
    np.savez_compressed(tmp_path / "theirs.npz", x=np.asfortranarray(X), gamma1=np.ones(3, ">f8"))
    found = read_arrays(tmp_path / "theirs.npz", WANTED)
    np.testing.assert_array_equal(found["x"], X)
    assert found["γ₁"].dtype == np.dtype(float)


def npz(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def npy(array: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), **how)
    return stream.getvalue()


class Evil:
    """Writes a file as soon as it is unpickled."""

    def __reduce__(self) -> Any:
        return exec, ("open('unpickled', 'w').close()",)


def claiming(shape: str, dtype: str = "<f8", zeros: int = 0) -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(zeros)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"x": npy(np.array([[Evil()] * 3] * 2, dtype=object))},
            "x: expected float64 or float32, found object",
        ),
        ({"x": npy(np.ones((2, 3), int))}, r"x: expected float64 or float32, found int64; save it as"),
        ({"x": npy(np.ones((2, 3), np.float16))}, r"x: expected float64 or float32, found float16"),
        ({"x": npy(np.ones((2, 3), "U1"))}, r"x: expected float64 or float32, found str32; save numbers"),
        ({"x": npy(np.ones((2, 3), ">i4"))}, r"found int32; save it as \.astype\(numpy\.float64\)"),
        ({"x": npy(np.ones((2, 3), complex))}, r"found complex128; save its real and imaginary parts"),
        ({"x": npy(np.ones((2, 3), "M8[s]"))}, r"found datetime64\[s\]; save numbers"),
        (
            {"x": npy(np.zeros((2, 3), [("a", "f8"), ("b", "i4", (2,))]))},
            r"x: expected float64 or float32, found records with the fields a, b; save its fields as arrays",
        ),
        (
            {"x": npy(np.zeros((2, 3), [("a", "f8"), ("b", object)]), allow_pickle=True)},
            r"x: expected float64 or float32, found records with the fields a, b; save its fields",
        ),
        ({"x": npy(np.ones((3, 2)))}, "x: expected shape 2×3, found 3×2"),
        ({"fc": npy(np.ones(2))}, "fc: expected shape 4×6 or 2×3, found 2"),
        ({"y": npy(X)}, "nothing is called 'y' here; expected one of x, γ₁, fc, gamma1"),
        ({"gama1": npy(np.ones(3))}, "nothing is called 'gama1' here; did you mean gamma1"),
        ({"γ₁": npy(np.ones(3)), "gamma1": npy(np.ones(3))}, "γ₁ is there twice"),
        ({"x": npy(X)[:-1]}, "expected 48 bytes of an array, found 47"),
        ({"x": npy(X) + b"0"}, "expected 48 bytes of an array, found more"),
        ({"x": b""}, "format 1.0"),
        (
            {"x": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(100)},
            "x.npy: expected an array in NumPy's format 1.0",
        ),
        ({"x": claiming("(2, 3)", zeros=10**7)}, "expected 48 bytes of an array, found more"),
        ({"x": claiming("(2**60,)")}, "format 1.0"),
        ({"x": claiming("(1152921504606846976,)")}, "x: expected shape 2×3, found 1152921504606846976"),
        ({"x": claiming("(-2, -3)")}, "x: expected shape 2×3, found -2×-3"),
        ({"x": claiming("__import__('os')")}, "format 1.0"),
        ({"x": pickle.dumps(Evil())}, "format 1.0"),
    ],
)
def test_what_is_no_array_that_is_wanted_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    npz(tmp_path / "evil.npz", **members)
    with pytest.raises(NoVerdict, match=expected) as caught:
        read_arrays(tmp_path / "evil.npz", WANTED)
    assert caught.value.code is Code.ARRAY
    assert str(caught.value).startswith(f"{tmp_path / 'evil.npz'}: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "unpickled").exists()


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 MB that a file of 200 kB would make, those are unpacked that the array has, and little more."""
    npz(tmp_path / "bomb.npz", x=claiming("(2, 3)", zeros=2 * 10**8))
    taken: list[int] = []
    unpack = zipfile.ZipExtFile._read1  # type: ignore[attr-defined]

    def counted(self: zipfile.ZipExtFile, n: int) -> bytes:
        made: bytes = unpack(self, n)
        taken.append(len(made))
        return made

    monkeypatch.setattr(zipfile.ZipExtFile, "_read1", counted)
    with pytest.raises(NoVerdict, match="found more"):
        read_arrays(tmp_path / "bomb.npz", WANTED)
    assert 48 <= sum(taken) < 10**6


def test_an_archive_of_too_many_members_is_not_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_disk, "MOST_MEMBERS", 1)
    np.savez(tmp_path / "many.npz", x=X, fc=X)
    with pytest.raises(NoVerdict, match="expected at most 1 arrays, found 2"):
        read_arrays(tmp_path / "many.npz", WANTED)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _: None, "No such file"),
        (lambda path: path.mkdir(), "directory|regular"),
        (os.mkfifo, "expected a regular file"),
        (lambda path: path.write_bytes(b"PK"), "."),
        (lambda path: path.write_bytes(b"\xff" * 1000), "."),
        (lambda path: path.symlink_to(path), "."),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_no_such_file_is_one_line(
    tmp_path: Path, make: Callable[[Path], object], expected: str, suffix: str
) -> None:
    path = tmp_path / f"bad{suffix}"
    make(path)
    with pytest.raises(NoVerdict, match=expected) as caught:
        read_arrays(path, WANTED)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": X.astype(int)}, "x: expected float64 or float32, found int64"),
        ({"x": X.T.copy()}, "x: expected shape 2×3, found 3×2"),
        ({"y": X}, "nothing is called 'y' here"),
    ],
)
def test_safetensors_are_held_to_the_same(tmp_path: Path, arrays: dict[str, Any], expected: str) -> None:
    write_arrays(tmp_path / "a.safetensors", arrays)
    with pytest.raises(NoVerdict, match=expected):
        read_arrays(tmp_path / "a.safetensors", WANTED)


def test_without_the_package_safetensors_are_declined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_arrays(tmp_path / "a.safetensors", {"x": X})
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(Declined, match=r"pip install 'lean-bridge\[safetensors\]'"):
        read_arrays(tmp_path / "a.safetensors", WANTED)


def test_what_cannot_be_written_says_that_nothing_holds(tmp_path: Path) -> None:
    for suffix in (".npz", ".safetensors"):
        with pytest.raises(NoVerdict, match=r"cannot be written: .*; nothing new is in it"):
            write_arrays(tmp_path / "none" / f"a{suffix}", {"x": X})
    with pytest.raises(NoVerdict, match=r"expected a name in \.npz or \.safetensors, found no ending"):
        write_arrays(tmp_path / "a", {"x": X})


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_not_written_to_its_end_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_arrays(path, {"x": X})
    path.chmod(0o640)
    with pytest.raises(NoVerdict, match="nothing new is in it"):
        write_arrays(path, {"x": 2 * X, "y": np.array([{}], dtype=object)})
    np.testing.assert_array_equal(read_arrays(path, WANTED)["x"], X)
    write_arrays(path, {"x": 2 * X})
    np.testing.assert_array_equal(read_arrays(path, WANTED)["x"], 2 * X)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_arrays(path.with_stem("new"), {"x": X})
    (tmp_path / "plain").touch()
    assert path.with_stem("new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, f"new{suffix}", "plain"])
