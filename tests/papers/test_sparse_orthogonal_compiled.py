"""Sparse orthogonal kernels under jit and compile, in threads, and in bounded memory."""

import tracemalloc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import initcore
from initcore import Rng

pytestmark = pytest.mark.optimized


def sparse(seed: int, shape: tuple[int, ...], **parameters: Any) -> Any:
    dtype = parameters.pop("dtype", "float64")
    return initcore.sparse_orthogonal(Rng(seed, dtype=dtype), shape, **parameters)


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from initcore.initializers import _plane_rotations as _givens

    expected = sparse(0, (100, 120), density=0.3)
    monkeypatch.setattr(_givens, "BLOCK", 700)
    monkeypatch.setattr(_givens, "PARALLEL", 1)
    assert (sparse(0, (100, 120), density=0.3) == expected).all()


@pytest.mark.parametrize("groups", [1, 3])
def test_jit_gives_the_same_values_for_traced_and_for_known_keys(groups: int) -> None:
    given = {"density": 0.4, "groups": groups, "gain": 2.0}
    shape = (24, 10, 3)
    expected = sparse(3, shape, dtype="float32", **given)

    def draw(a: Any, b: Any) -> Any:
        return initcore.sparse_orthogonal(Rng.from_key((a, b), xp=jnp), shape, **given)

    known = jax.jit(lambda: initcore.sparse_orthogonal(Rng(3, xp=jnp), shape, **given))()
    assert (np.asarray(known) == expected).all()
    words = jnp.uint32(0), jnp.uint32(3)
    assert (np.asarray(jax.jit(draw)(*words)) == expected).all()
    assert (np.asarray(draw(*words)) == expected).all()
    many = jax.vmap(draw)(jnp.zeros(3, jnp.uint32), jnp.arange(3, 6, dtype=jnp.uint32))
    assert (np.asarray(many[0]) == expected).all()
    assert (np.asarray(many[1]) == sparse(4, shape, dtype="float32", **given)).all()
    mask = jax.jit(
        lambda a, b: initcore.sparse_orthogonal_mask(
            Rng.from_key((a, b), xp=jnp), shape, density=0.4, groups=groups
        )
    )(*words)
    reference = initcore.sparse_orthogonal_mask(Rng(3), shape, density=0.4, groups=groups)
    assert (np.asarray(mask) == reference).all()


def test_a_gain_may_be_traced_but_a_density_may_not() -> None:
    expected = sparse(0, (6, 6), density=0.5, gain=2.0, dtype="float32")
    rng = Rng(0, xp=jnp)
    w = jax.jit(lambda g: initcore.sparse_orthogonal(rng, (6, 6), density=0.5, gain=g))(2.0)
    assert abs(np.asarray(w) - expected).max() < 1e-6
    with pytest.raises(TypeError, match=r"density .* finite number in \(0, 1\]"):
        jax.jit(lambda d: initcore.sparse_orthogonal(rng, (6, 6), density=d))(0.5)


def test_torch_compile_gives_the_same_values() -> None:
    expected = sparse(3, (20, 30), density=0.3, dtype="float32")

    @torch.compile(backend="eager")
    def scaled() -> Any:
        return 2 * initcore.sparse_orthogonal(Rng(3, xp=torch), (20, 30), density=0.3)

    assert (scaled().numpy() == 2 * expected).all()


@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_memory_stays_near_the_result_on_any_number_of_cores(
    monkeypatch: pytest.MonkeyPatch, sampling: str
) -> None:
    from initcore.initializers import _plane_rotations as _givens

    def peak(shape: tuple[int, int], density: float) -> float:
        tracemalloc.start()
        w = sparse(0, shape, density=density, dtype="float32", sampling=sampling)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / w.nbytes

    for cores in (1, 2, 64):
        monkeypatch.setattr(_givens, "cores", lambda cores=cores: cores)
        assert peak((1024, 1024), 0.125) < 4
        assert peak((3000, 3000), 0.1) < 4
    monkeypatch.setattr(_givens, "cores", lambda: 2)
    assert peak((3000, 3000), 0.1) < 1.5
    # The twin that works on the whole matrix at once in float64.
    monkeypatch.setattr(_givens, "BLOCK", 1 << 30)
    assert peak((1024, 1024), 0.125) > 4


@pytest.mark.thorough
@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_large_kernels(sampling: str) -> None:
    w = initcore.sparse_orthogonal(Rng(0), (8192, 8192), density=0.01, sampling=sampling)
    assert abs(np.count_nonzero(w) - 0.01 * w.size) <= 4096
    x = Rng(1).normal((8192,))
    assert np.linalg.norm(w @ x) == pytest.approx(np.linalg.norm(x), rel=1e-5)
