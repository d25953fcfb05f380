"""`initcore hash` and `initcore compare` on real files."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests.theory.conftest import run as run
from tests.tools.command import Run

A = np.arange(12, dtype=np.float32).reshape(3, 4)
B = np.linspace(-1, 1, 5).astype(ml_dtypes.bfloat16)


def write(path: Path, **arrays: np.ndarray) -> Path:
    """A safetensors file, written as its documentation says."""
    kinds = {"float32": "F32", "bfloat16": "BF16"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": kinds[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [len(data), end]}  # type: ignore[dict-item]  # fmt: skip
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_the_hash_is_that_of_the_weights_however_they_are_stored(tmp_path: Path, run: Run) -> None:
    whole = write(tmp_path / "w.safetensors", a=A, b=B)
    turned = write(tmp_path / "t.safetensors", b=B, a=A)
    parts = [write(tmp_path / "1.safetensors", a=A), write(tmp_path / "2.safetensors", b=B)]
    line = run("hash", whole).stdout
    assert line.startswith("initcore weights ")
    assert line.endswith("  2 tensors, 17 numbers\n")
    assert run("hash", turned).stdout == run("hash", *parts[::-1]).stdout == line
    np.savez(tmp_path / "w.npz", a=A)
    assert run("hash", tmp_path / "w.npz").stdout == run("hash", parts[0]).stdout != line
    assert json.loads(run("hash", whole, "--json").stdout)["tensors"] == 2


@pytest.mark.parametrize(
    "change", [{"a": A + np.float32(1e-6) * (A == 5)}, {"c": A}, {"a": A.reshape(4, 3)},
               {"a": A.astype(ml_dtypes.bfloat16)}]
)  # fmt: skip
def test_every_change_changes_the_hash_and_is_told(tmp_path: Path, run: Run, change: dict) -> None:
    first = write(tmp_path / "w.safetensors", a=A, b=B)
    kept = {} if "c" in change else {"a": A}
    second = write(tmp_path / "v.safetensors", **{**kept, "b": B, **change})
    assert run("hash", first).stdout != run("hash", second).stdout
    done = run("compare", first, second)
    assert done.returncode == 1
    assert "a: " in done.stdout
    assert run("compare", first, first).stdout == "the same 2 tensors\n"
    assert run("compare", first, first).returncode == 0


def test_the_worst_difference_is_told(tmp_path: Path, run: Run) -> None:
    first = write(tmp_path / "w.safetensors", a=A, b=B)
    second = write(tmp_path / "v.safetensors", a=A + np.float32(0.25), b=B)
    assert run("compare", first, second).stdout.splitlines() == [
        "a: differ by 0.25 at most", "1 of 2 differ",
    ]  # fmt: skip
    told = json.loads(run("compare", first, second, "--json").stdout)
    assert told["differences"] == [{"name": "a", "what": "differ by 0.25 at most", "worst": 0.25}]


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("w.safetensors", b"", "its header is damaged"),
        ("w.safetensors", b"\xff" * 20, "its header is damaged"),
        ("w.safetensors", b"\x02" + bytes(7) + b"[]", "has no attribute"),
        ("w.bin", b"1", "it is none of .safetensors, .npz, .npy"),
        ("w.npy", b"1", "cannot be read as weights"),
    ],
)
def test_other_files_are_told_in_a_line(
    tmp_path: Path, run: Run, name: str, data: bytes, text: str
) -> None:
    (tmp_path / name).write_bytes(data)
    done = run("hash", tmp_path / name)
    assert done.returncode == 1
    assert text in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_ends_early_and_a_name_in_two_files_are_told(tmp_path: Path, run: Run) -> None:
    whole = write(tmp_path / "w.safetensors", a=A, b=B)
    short = tmp_path / "s.safetensors"
    short.write_bytes(whole.read_bytes()[:-3])
    assert "the file ends within 'b'" in run("hash", short).stderr
    assert "'a' is in" in run("hash", whole, write(tmp_path / "1.safetensors", a=A)).stderr
    assert "No such file" in run("hash", tmp_path / "no.safetensors").stderr
