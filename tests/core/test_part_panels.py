"""Parts of orthogonal kernels: panels made alone have the bits of those of the whole."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import initcore
from initcore import Part, Rng, specs
from initcore.initializers import _frames, _reflectors

SIDE, RANKS = 1024, 8
PANEL = SIDE * _reflectors.BLOCK * 4  # bytes
ORTHOGONAL = ("orthogonal", "scaled_orthogonal", "delta_orthogonal", "mirrored")


@pytest.fixture(autouse=True)
def panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiled code, which makes small frames column by column."""
    monkeypatch.setattr(_reflectors, "has_frames", lambda *_: False)


def cut(whole: Any, part: Part, shape: tuple[int, ...]) -> Any:
    return part.of(whole, shape)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_rectangle_has_the_bits_of_the_whole(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(ORTHOGONAL))
    groups = data.draw(st.sampled_from([1, 1, 2, 3]))
    even = 1 + (name == "mirrored")
    out, in_ = (even * data.draw(st.integers(1, 340 // even)) for _ in range(2))
    taps = (3, 2) if name == "delta_orthogonal" else data.draw(st.sampled_from([(), (), (2,)]))
    shape = (groups * out, in_, *taps)
    offset = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    sizes = tuple(data.draw(st.integers(1, n - o)) for n, o in zip(shape, offset, strict=True))
    if data.draw(st.booleans()):  # as FSDP cuts
        offset, sizes = (offset[0], *[0] * (len(shape) - 1)), (sizes[0], *shape[1:])
    xp = data.draw(st.sampled_from([np, torch]))
    part, fill = Part(shape, offset), specs[name].function
    whole = fill(Rng(1, xp=xp), shape, groups=groups)
    w = fill(Rng(1, xp=xp), sizes, groups=groups, **{specs[name].rectangle: part})
    assert tuple(w.shape) == sizes
    assert bool((w == cut(whole, part, sizes)).all())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(600, 600), (700, 300), (300, 700), (3 * 130, 150),
                                   (130, 129), (257, 257)])  # fmt: skip
def test_threads_of_products_change_no_bits(shape: tuple[int, int], threads: int) -> None:
    before, groups = torch.get_num_threads(), 1 + 2 * (shape[0] == 390)
    torch.set_num_threads(threads)
    try:
        whole = initcore.orthogonal(Rng(2, xp=torch), shape, groups=groups)
        for axis in (0, 1):
            step = shape[axis] // 5
            for first in range(0, shape[axis], step):
                sizes = [*shape]
                sizes[axis] = min(step, shape[axis] - first)
                part = Part(shape, (first, 0) if axis == 0 else (0, first))
                w = initcore.orthogonal(Rng(2, xp=torch), sizes, groups=groups, part=part)
                assert torch.equal(w, cut(whole, part, sizes))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("xp", [np, torch], ids=lambda xp: xp.__name__)
@pytest.mark.parametrize("matrix", [(256, 64), (64, 300), (200, 129)])
def test_one_of_many_matrices_has_its_bits(xp: Any, matrix: tuple[int, int]) -> None:
    # MKL shares a single product of float64 out among threads, and rounds it as no other.
    before, (rows, columns), groups = torch.get_num_threads(), matrix, 9
    torch.set_num_threads(2)
    try:
        rng, shape = Rng(2, xp=xp, dtype="float64"), (groups * rows, columns)
        whole = initcore.orthogonal(rng, shape, groups=groups)
        for first, count in [*((g, 1) for g in range(groups)), (3, 5), (2, 7)]:
            part = Part(shape, (first * rows, 0))
            w = initcore.orthogonal(rng, (count * rows, columns), groups=groups, part=part)
            assert (w == cut(whole, part, (count * rows, columns))).all(), (first, count)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("xp", [np, torch], ids=lambda xp: xp.__name__)
@pytest.mark.parametrize("matrix", [(1, 1), (1, 9), (5, 1), (3, 4)])
def test_one_of_many_unitary_matrices_has_its_bits(xp: Any, matrix: tuple[int, int]) -> None:
    (rows, columns), rng = matrix, Rng(3, xp=xp, dtype="complex64")
    for groups in (3, 17):
        shape = (groups * rows, columns)
        whole = initcore.orthogonal(rng, shape, groups=groups)
        for first in range(groups):
            part = Part(shape, (first * rows, 0))
            w = initcore.orthogonal(rng, matrix, groups=groups, part=part)
            assert (w == cut(whole, part, matrix)).all()


def test_other_panels_have_other_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    # So the tests above see whether a part is made in the panels of the whole.
    whole, part = initcore.orthogonal(Rng(2), (600, 600)), Part((600, 600), (300, 0))
    monkeypatch.setattr(_reflectors, "BLOCK", 100)
    w = initcore.orthogonal(Rng(2), (300, 600), part=part)
    assert not (w == whole[300:]).all()
    assert abs(w - whole[300:]).max() < 1e-5


def shards(axis: int) -> list[tuple[tuple[int, int], Part]]:
    """Those of a square kernel over ranks, along an axis."""
    step = SIDE // RANKS
    sizes = (step, SIDE) if axis == 0 else (SIDE, step)
    return [(sizes, Part((SIDE, SIDE), (r * step, 0) if axis == 0 else (0, r * step)))
            for r in range(RANKS)]  # fmt: skip


def operations(run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> float:
    """Products and sums of numbers in the products of matrices that a call makes."""
    count = 0.0

    def counted(a: Any, b: Any, xp: Any) -> Any:
        nonlocal count
        count += 2.0 * a.size * b.shape[-1]
        return xp.matmul(a, b)

    with monkeypatch.context() as patch:
        patch.setattr(_frames, "matmul", counted)
        patch.setattr(_reflectors, "matmul", counted)
        run()
    return count


def test_a_part_takes_its_share_of_the_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = operations(lambda: initcore.orthogonal(Rng(0), (SIDE, SIDE)), monkeypatch)
    found = [
        operations(lambda s=s, p=p: initcore.orthogonal(Rng(0), s, part=p), monkeypatch) / whole
        for s, p in shards(0)
    ]
    # Each rank makes the reflectors that it needs, the last one all.
    assert max(found) < 0.45
    assert sum(found) / RANKS < 0.3
    experts = operations(
        lambda: initcore.orthogonal(
            Rng(0), (2 * 128, 128), groups=32, part=Part((32 * 128, 128), (6 * 128, 0))
        ),
        monkeypatch,
    )
    all_ = operations(lambda: initcore.orthogonal(Rng(0), (32 * 128, 128), groups=32), monkeypatch)
    assert experts == all_ / 16


@pytest.mark.parametrize("axis", [0, 1])
def test_a_part_takes_its_memory_and_two_panels(axis: int) -> None:
    sizes, part = shards(axis)[-1]
    tracemalloc.start()
    w = initcore.orthogonal(Rng(0), sizes, part=part)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Rows of a square kernel are columns of its frame; its columns are cut from panels that take
    # twice their memory.
    # What else there is has the size of a block: 128 x 128 numbers.
    assert most < w.nbytes + (2 + 2 * axis) * PANEL + 10 * 4 * _reflectors.BLOCK**2
