"""Values are built in the tensor's own memory where that is plain, and are the same elsewhere."""

from typing import Any

import jax
import numpy as np
import pytest
import torch

import initcore_torch as init
from initcore import Rng, specs


def shape_for(name: str) -> tuple[int, ...]:
    low, high = specs[name].shape.low, specs[name].shape.high
    return (6, 6, 3, 3)[: max(low, min(4, high if high is not None else 4))]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", [n for n in specs if specs[n].random])
def test_memory_of_every_kind_gets_the_same_values(
    name: str, dtype: torch.dtype, transposed: bool
) -> None:
    shape, given = shape_for(name), {"seed": 3, **specs[name].example}
    if transposed and specs[name].grouped:
        given["transposed"] = True
    fill = getattr(init, f"{name}_")
    plain = fill(torch.full(shape, 7.0, dtype=dtype), **given)
    spread = torch.full((*shape, 2), 7.0, dtype=dtype)
    fill(spread[..., 0], **given)
    assert torch.equal(plain, spread[..., 0])
    assert (spread[..., 1] == 7).all()
    inside = torch.full((3, *shape), 7.0, dtype=dtype)  # contiguous, in the middle of another's
    fill(inside[1], **given)
    assert torch.equal(plain, inside[1])
    assert (inside[[0, 2]] == 7).all()


@pytest.mark.parametrize("shape", [(300, 300), (130, 400), (400, 130), (256, 64, 3, 3)])
def test_frames_of_several_blocks_are_the_core_s(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(torch.full(shape, 7.0), 2.0, seed=5)
    ours = specs["orthogonal"].function(Rng(5), shape, gain=2.0)
    assert abs(w.numpy() - ours).max() < 2e-5


@pytest.mark.parametrize("name", ["normal", "orthogonal"])
def test_gradients_that_need_the_old_values_are_refused(name: str) -> None:
    w = torch.nn.Parameter(torch.ones(300, 300))
    loss = (w**2).sum()
    with torch.no_grad():
        getattr(init, f"{name}_")(w)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("name", list(specs))
@pytest.mark.parametrize("xp", [np, torch])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_out_is_written_and_returned(name: str, xp: Any, dtype: str) -> None:
    shape, given = shape_for(name), dict(specs[name].example)
    rng = Rng(3, xp=xp, dtype=dtype)
    fresh = specs[name].function(rng, shape, **given)
    out = xp.full(shape, 7.0, dtype=getattr(xp, dtype))
    assert specs[name].function(rng, shape, **given, out=out) is out
    assert (out == fresh).all()
    wide = xp.full((*shape[:-1], 2 * shape[-1]) if shape else (2,), 7.0, dtype=getattr(xp, dtype))
    part = wide[..., ::2] if shape else wide[0, ...]
    assert specs[name].function(rng, shape, **given, out=part) is part
    assert (part == fresh).all()
    assert (wide[..., 1::2] == 7).all()


@pytest.mark.parametrize("draw", ["normal", "uniform", "truncated_normal"])
def test_draws_write_into_out(draw: str) -> None:
    rng, out = Rng(0, xp=torch), torch.full((4, 5), 7.0)
    assert getattr(rng, draw)((4, 5), out=out) is out
    assert torch.equal(out, getattr(rng, draw)((4, 5)))


def test_out_that_does_not_fit_is_refused_and_untouched() -> None:
    out = np.full((4, 5), 7.0, np.float32)
    with pytest.raises(ValueError, match=r"orthogonal needs out .* \(5, 5\) and float32"):
        specs["orthogonal"].function(Rng(0), (5, 5), out=out)
    with pytest.raises(ValueError, match=r"Rng needs out .* float64, got one of .* float32"):
        Rng(0, dtype="float64").normal((4, 5), out=out)
    empty = np.empty((0, 3), np.float32)
    assert specs["orthogonal"].function(Rng(0), (0, 3), out=empty) is empty
    with pytest.raises(ValueError, match="got an object of type list"):
        Rng(0).normal((4, 5), out=[1.0])
    with pytest.raises(TypeError, match=r"arrays of jax\.numpy cannot be written to"):
        Rng(0, xp=jax.numpy).normal((4, 5), out=out)
    assert (out == 7).all()


@pytest.mark.parametrize("with_out", [False, True])
def test_several_windows_at_once_are_each_its_own_draw(with_out: bool) -> None:
    rng = Rng(9, dtype="float32")
    windows = [((1, 3, 700), 5, (10**4, 1000, 1)), ((1, 2, 5), 0, (10**4, 1000, 1))]
    windows += [((1, 400, 1000), 0, (10**6, 1000, 1))]  # enough for a second thread
    size = sum(int(np.prod(w[0])) for w in windows)
    out = np.full(size + 3, 7, np.float32) if with_out else None
    for x, (shape, start, strides) in zip(rng.normals(windows, out), windows, strict=True):
        assert (x == rng.normal(shape, start=start, strides=strides)).all()
        if with_out:
            assert not np.shares_memory(x, out)
    if out is not None:
        assert (out[size:] == 7).all()
        assert not (out[:size] == 7).any()
