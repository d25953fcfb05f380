"""Compiled frames are those of the reference but for rounding, and the same bits everywhere."""

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hatch_build
from initcore import Rng, specs
from initcore.initializers._reflectors import haar, haar_part
from initcore.random import _fill, has_frames, on_numpy
from initcore.random import _native as native
from initcore.random._frames import LONGEST

DTYPES = ("float32", "float64")


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    if hatch_build.compiled() is None:
        pytest.skip("there is no C compiler")
    native.library.cache_clear()
    assert has_frames(Rng(0), LONGEST)
    assert not has_frames(Rng(0), LONGEST + 1)
    assert not has_frames(Rng(0, dtype="complex64"), 8)
    with on_numpy():
        assert not has_frames(Rng(0), 8)


def off_reference(shape: tuple[int, int, int], dtype: str, gain: float = 1.0) -> float:
    """How far compiled frames are from the reference, in eps of the dtype and gain."""
    found = haar(Rng(5, dtype=dtype), *shape, gain)
    with on_numpy():
        expected = haar(Rng(5, dtype=dtype), *shape, gain)
    assert found.shape == expected.shape == shape
    assert found.dtype == expected.dtype
    return float(abs(found - expected).max(initial=0) / (np.finfo(dtype).eps * gain))


def allowed(shape: tuple[int, int, int]) -> float:
    """As of orthogonal kernels: the arithmetic is a random walk over the length of the rows."""
    return float(16 + np.sqrt(max(shape)))


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 5), st.integers(1, 90), st.integers(1, 90)),
    dtype=st.sampled_from(DTYPES),
    gain=st.sampled_from([1.0, 0.3]),
)
def test_small_frames_are_the_reference(shape: Any, dtype: str, gain: float) -> None:
    assert off_reference(shape, dtype, gain) <= allowed(shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 520, 519), (1, 33, LONGEST), (2, LONGEST, 5), (1, 400, 201)])
def test_larger_frames_are_the_reference(shape: tuple[int, int, int], dtype: str) -> None:
    assert off_reference(shape, dtype) <= allowed(shape)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_rectangle_has_the_bits_of_the_whole(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 70), st.integers(1, 70)))
    dtype, xp = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from([np, torch]))
    ranges = []
    for size in shape:
        first = data.draw(st.integers(0, size - 1))
        ranges.append((first, data.draw(st.integers(first + 1, size))))
    rng = Rng(2, xp=xp, dtype=dtype)
    whole = haar(Rng(2, dtype=dtype), *shape)
    part = haar_part(rng, shape, 1.0, *ranges)
    assert np.array_equal(np.asarray(part), whole[tuple(slice(*r) for r in ranges)])


@pytest.mark.parametrize("shape", [(1, 300, 300), (1, 700, 100), (50, 40, 40), (3, 17, 200)])
def test_threads_make_what_one_makes(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    monkeypatch.setattr("initcore.random._frames.PAYS", 1)
    for threads in (1, 2, 5):
        monkeypatch.setattr("initcore.random._frames.cores", lambda threads=threads: threads)
        found.append(haar(Rng(3), *shape))
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_nothing_beside_the_frames_is_written() -> None:
    memory = np.full(3 * 30 * 41 + 20, 7, np.float32)
    out = memory[10:-10].reshape(3, 30, 41)
    haar(Rng(0), 3, 30, 41, out=out)
    assert (memory[:10] == 7).all()
    assert (memory[-10:] == 7).all()
    assert np.array_equal(out, haar(Rng(0), 3, 30, 41))


def edited(folder: Path, wrong: tuple[str, str]) -> Any:
    """The library of an edited source."""
    for path in native.FOLDER.glob("*.[ch]"):
        text = path.read_text("utf-8")
        if path.name == "frame.h":
            assert text.count(wrong[0]) == 1
            text = text.replace(*wrong)
        (folder / path.name).write_text(text, "utf-8")
    library = folder / "stream"
    subprocess.run(
        hatch_build.command(library, "-O0", folder=folder), check=True, capture_output=True
    )
    return native.typed(ctypes.CDLL(str(library)))


MISTAKES = {
    "a sign": ("lead[k] = -s *", "lead[k] = s *"),
    "what memory held": ("x[i] = 0;", ""),
    "norms of half": ("ROOT(norm * (norm + s * x[k]))", "ROOT(norm * norm)"),
    "another stream": ("k * (f->n + 1)", "k * f->n"),
    "the last of an odd number": ("(f->after + 1) / 2 * 2", "f->after"),
    "pairs as if orthogonal": (" - along_x[t] * products[k]", ""),
    "one pair less": ("k >= 0; k -= 2", "k > 0; k -= 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_source_is_seen(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape, frames = (2, 31, 41), "initcore.random._frames"
    monkeypatch.setattr(f"{frames}._memory", lambda f, _: np.full(f.rows * (f.pitch + 2), 63.0))
    assert off_reference(shape, "float64") <= allowed(shape)
    monkeypatch.setattr(f"{frames}.library", lambda: wrong)
    wrong = edited(tmp_path, MISTAKES[mistake])
    assert off_reference(shape, "float64") > 100 * allowed(shape)


def test_initializers_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    fill = _fill.share_out
    monkeypatch.setattr("initcore.random._frames.share_out", lambda *a: used.append(a) or fill(*a))
    for name in ("orthogonal", "scaled_orthogonal", "delta_orthogonal", "conv_orthogonal",
                 "mirrored"):  # fmt: skip
        for xp in (np, torch):
            specs[name].function(Rng(0, xp=xp), (6, 6, 3) if "_" in name else (6, 6))
            assert used.pop()
            used.clear()
