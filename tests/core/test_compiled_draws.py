"""Compiled draws are the reference's to the last bit: every dtype, window, offset, processor."""

import ctypes
import itertools
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hatch_build
from initcore import Rng, orthogonal
from initcore.random import _native as native
from initcore.random import on_numpy

DTYPES = ("float16", "bfloat16", "float32", "float64")
DRAWS: dict[str, Callable[..., Any]] = {
    "bits": lambda r, *a, **k: r.bits(*a, **k),
    "bits64": lambda r, *a, **k: r.bits(*a, width=64, **k),
    "uniform": lambda r, *a, **k: r.uniform(*a, **k),
    "uniform, rounded": lambda r, *a, **k: r.uniform(*a, -0.3, 0.7, factor=0.1, **k),
    "uniform, tiny": lambda r, *a, **k: r.uniform(*a, 0.0, 1e-40, **k),
    "normal": lambda r, *a, **k: r.normal(*a, **k),
    "normal, shifted": lambda r, *a, **k: r.normal(*a, mean=-1.3, std=0.02, **k),
    "normal, huge": lambda r, *a, **k: r.normal(*a, std=3e4, **k),
    "truncated": lambda r, *a, **k: r.truncated_normal(*a, std=0.1, **k),
    "one tail": lambda r, *a, **k: r.truncated_normal(*a, 2.5, math.inf, **k),
    "other tail": lambda r, *a, **k: r.truncated_normal(*a, -1e9, 0.1, mean=3.0, **k),
}


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    if hatch_build.compiled() is None:
        pytest.skip("there is no C compiler")
    native.library.cache_clear()
    assert native.library() is not None


def words(x: Any) -> Any:
    """The memory of an array, to compare bits."""
    return np.ascontiguousarray(x).view(f"u{x.dtype.itemsize}")


def assert_alike(draw: Callable[[], Any]) -> None:
    ours = draw()
    with on_numpy(), np.errstate(over="ignore"):
        reference = draw()
    assert ours.dtype == reference.dtype
    np.testing.assert_array_equal(words(ours), words(reference))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_every_draw_is_the_reference_to_the_last_bit(name: str, dtype: str) -> None:
    rng = Rng(2**64 - 3, dtype=dtype)
    assert_alike(lambda: DRAWS[name](rng, (70_001,)))


def test_tails_are_alike_in_a_million_numbers() -> None:
    for dtype in ("float32", "float64"):
        assert_alike(lambda dtype=dtype: Rng(1, dtype=dtype).normal(1 << 20))


@given(
    shape=st.lists(st.integers(0, 7), max_size=4),
    scales=st.lists(st.integers(0, 900), min_size=4, max_size=4),
    start=st.sampled_from([0, 3, 2**32 - 40, 2**40 + 5, 2**63]),
    plain=st.booleans(),
)
def test_any_window_is_alike(shape: list[int], scales: list[int], start: int, plain: bool) -> None:
    strides = None if plain else tuple(scales[: len(shape)])
    for dtype in ("bfloat16", "float32"):
        rng = Rng(6, dtype=dtype)
        assert_alike(lambda rng=rng: rng.normal(tuple(shape), start=start, strides=strides))


def test_several_windows_in_one_draw_are_alike() -> None:
    windows = [
        ((2, 40, 7), 5, (300, 7, 1)),
        ((3, 1000), 2**33, (1, 5)),
        ((0, 2), 0, (2, 1)),
        ((), 9, ()),
    ]
    for dtype in DTYPES:
        rng = Rng(8, dtype=dtype)
        assert_alike(lambda rng=rng: np.concatenate([x.reshape(-1) for x in rng.normals(windows)]))
        for (shape, start, strides), x in zip(windows, rng.normals(windows), strict=True):
            assert np.array_equal(x, rng.normal(shape, start=start, strides=strides))


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_and_what_remains_after_them_give_the_same_bits(dtype: str) -> None:
    rng = Rng(3, dtype=dtype)
    whole = rng.normal(700, std=0.3)
    memory = np.zeros(700, rng.dtype)
    for start, size in itertools.product(range(64), (*range(1, 66), 511, 513)):
        out = memory[start : start + size]  # at every offset in memory, too
        assert rng.normal(size, std=0.3, start=start, out=out) is out
        assert np.array_equal(words(out), words(whole[start : start + size])), (start, size)


def test_nothing_beside_the_window_is_written() -> None:
    for dtype in DTYPES:
        memory = np.full(40_000, 7, Rng(0, dtype=dtype).dtype)
        Rng(0, dtype=dtype).normal(33_001, out=memory[5:33_006])
        assert (memory[:5] == 7).all()
        assert (memory[33_006:] == 7).all()
        assert not (memory[5:33_006] == 7).any()


def test_threads_draw_what_one_thread_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Rng(12)
    alone = rng.normal((1001, 999))
    monkeypatch.setattr("initcore.random._fill.cores", lambda: 5)
    assert np.array_equal(rng.normal((1001, 999)), alone)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_pytorch_are_filled_in_their_own_memory(dtype: str) -> None:
    rng = Rng(4, xp=torch, dtype=dtype)
    tensor = torch.empty(300, 7, dtype=getattr(torch, dtype))
    assert rng.normal((300, 7), std=0.3, out=tensor) is tensor
    expected = Rng(4, dtype=dtype).normal((300, 7), std=0.3).astype(np.float64)
    assert np.array_equal(tensor.double().numpy(), expected)
    with on_numpy():
        assert torch.equal(rng.normal((300, 7), std=0.3), tensor)
        assert torch.equal(rng.normal((300, 7), std=0.3, out=torch.empty_like(tensor)), tensor)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_memory_in_another_order_of_axes_is_filled_where_it_is(order: tuple[int, ...]) -> None:
    sizes, start, strides = (5, 1, 7), 2**32 - 9, (40, 3, 2)
    for dtype, more in itertools.product(DTYPES, ({}, {"start": start, "strides": strides})):
        expected = Rng(4, dtype=dtype).normal(sizes, **more)
        memory = np.zeros([sizes[axis] for axis in order], expected.dtype)
        out = memory.transpose(np.argsort(order))
        assert Rng(4, dtype=dtype).normal(sizes, out=out, **more) is out
        assert np.array_equal(words(out), words(expected))
        tensor = torch.zeros(memory.shape, dtype=getattr(torch, dtype))
        tensor = tensor.permute(*np.argsort(order).tolist())
        Rng(4, xp=torch, dtype=dtype).normal(sizes, out=tensor, **more)
        assert np.array_equal(tensor.double().numpy(), expected.astype(np.float64))
    gaps = np.zeros((5, 2, 7), np.float32)[:, 1:]
    assert np.array_equal(Rng(4).normal(sizes, out=gaps), Rng(4).normal(sizes))


def test_memory_that_must_not_be_written_to_is_left_alone() -> None:
    out = np.zeros(5, np.float32)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="can be written to, got a read-only one"):
        Rng(0).normal(5, out=out)
    assert not out.any()


def flags_of_this_processor() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


@pytest.mark.parametrize("form", ["", "-mavx2 -mfma", "-mavx512f"])
def test_processors_give_the_same_bits(form: str, tmp_path: Path) -> None:
    if not all(flag[2:] in flags_of_this_processor() for flag in form.split()):
        pytest.skip(f"this processor has no {form}")
    library = tmp_path / "stream"
    subprocess.run(hatch_build.command(library, *form.split()), check=True)
    loaded = native.typed(ctypes.CDLL(str(library)))
    for dtype in DTYPES:
        rng = Rng(9, dtype=dtype)
        expected, frames = rng.normal(20_000, std=0.1), orthogonal(rng, (77, 130))
        with pytest.MonkeyPatch.context() as patch:
            for module in ("_native", "_frames"):
                patch.setattr(f"initcore.random.{module}.library", lambda: loaded)
            assert np.array_equal(words(rng.normal(20_000, std=0.1)), words(expected))
            assert np.array_equal(words(orthogonal(rng, (77, 130))), words(frames))


def test_a_library_of_another_source_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "digest", lambda: "of an edited source")
    native.library.cache_clear()
    try:
        assert native.library() is None
        assert Rng(0).normal(3).shape == (3,)
    finally:
        monkeypatch.undo()
        native.library.cache_clear()


def test_without_a_compiler_nothing_is_compiled_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(hatch_build, "FOLDER", tmp_path)
    (tmp_path / "stream.c").write_text("int x;")
    assert hatch_build.compiled() is None


def test_a_child_process_draws_after_its_parent_has() -> None:
    if sys.platform == "win32":
        pytest.skip("there is no fork on Windows")
    code = (
        "import os; from initcore import Rng; from initcore.random import _fill\n"
        "_fill.cores = lambda: 3\n"
        "a = Rng(0).normal(1 << 20); child = os.fork()\n"
        "same = bool((Rng(0).normal(1 << 20) == a).all())\n"
        "if not child: os._exit(0 if same else 1)\n"
        "print(same, os.waitpid(child, 0)[1])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "True 0"
