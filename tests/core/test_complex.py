"""Complex kernels: parts that share the variance, unitary matrices, the same in every library."""

from typing import Any

import array_api_strict as strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import initcore
from initcore import Rng, specs
from initcore.arrays import to_numpy

LIBRARIES = [np, torch, jnp, strict]
REAL_ONLY = sorted(name for name, spec in specs.items() if spec.builtin and not spec.complex_)


def unitary(w: Any, gain: float = 1.0) -> float:
    a = to_numpy(w)
    a = a if a.shape[-2] <= a.shape[-1] else a.swapaxes(-1, -2)
    return float(abs(a @ a.conj().swapaxes(-1, -2) / gain**2 - np.eye(a.shape[-2])).max())


def test_normal_numbers_are_those_of_jax() -> None:
    ours = Rng(5, dtype="complex64").normal((40, 30))
    theirs = np.asarray(jax.random.normal(jax.random.key(5), (40, 30), jnp.complex64))
    assert abs(ours - theirs).max() < 2e-6
    assert ours.dtype == np.complex64


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_a_window_is_a_part_of_the_whole(dtype: str) -> None:
    rng = Rng(1, dtype=dtype)
    whole = rng.normal((6, 8), mean=0.5, std=2.0)
    part = rng.normal((3, 2), mean=0.5, std=2.0, start=2 * 8 + 5, strides=(8, 1))
    assert (whole[2:5, 5:7] == part).all()
    out = np.empty((6, 8), rng.dtype)
    assert rng.normal((6, 8), mean=0.5, std=2.0, out=out) is out
    assert (out == whole).all()
    assert rng.real.dtype == {"complex64": np.float32, "complex128": np.float64}[dtype]


SHAPES = [(5, 9), (9, 5), (160, 140), (7, 7), (1, 1)]


@pytest.mark.parametrize(
    ("xp", "shape"),  # JAX compiles every operation for every shape
    [(xp, shape) for xp in LIBRARIES for shape in (SHAPES[1:3] if xp is jnp else SHAPES)],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_kernels_are_unitary_and_the_same_in_every_library(xp: Any, shape: Any) -> None:
    rng = Rng(3, xp=xp, dtype="complex64")
    w = initcore.orthogonal(rng, shape, gain=2.0)
    assert unitary(w, 2.0) < 1e-5
    wanted = initcore.orthogonal(Rng(3, dtype="complex64"), shape, gain=2.0)
    assert abs(to_numpy(w) - wanted).max() < 2e-5
    assert abs(wanted.imag).max() > 1e-2


@pytest.mark.parametrize("shape", [(4, 6, 3), (6, 4, 3, 3), (4, 4, 2)])
def test_convolutions_are_unitary_at_every_frequency(shape: tuple[int, ...]) -> None:
    w = initcore.conv_orthogonal(Rng(0, dtype="complex128"), shape)
    axes = tuple(range(2, len(shape)))
    f = np.moveaxis(np.fft.fftn(w, [2 * k for k in shape[2:]], axes=axes), (0, 1), (-2, -1))
    s = np.linalg.svd(f)[1]
    assert abs(s - 1).max() < 1e-12


@pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
def test_both_parts_of_uniform_numbers_are_uniform(xp: Any) -> None:
    w = to_numpy(initcore.uniform(Rng(2, xp=xp, dtype="complex64"), (90, 70), low=-1.0, high=3.0))
    assert (w == to_numpy(initcore.uniform(Rng(2, dtype="complex64"), (90, 70), low=-1.0, high=3.0))
            ).all()  # fmt: skip
    for part in (w.real, w.imag):
        assert -1 <= part.min() < -0.99 < 2.99 < part.max() < 3
        assert abs(part.mean() - 1) < 6 * (16 / 12 / w.size) ** 0.5
    assert abs(np.corrcoef(w.real.ravel(), w.imag.ravel())[0, 1]) < 6 / w.size**0.5


def test_the_ends_of_complex_intervals_may_be_traced() -> None:
    def make(low: Any, high: Any) -> Any:
        return initcore.uniform(Rng(1, xp=jnp, dtype="complex64"), (50,), low=low, high=high)

    assert abs(jax.jit(make)(-1.0, 3.0) - make(-1.0, 3.0)).max() < 1e-6


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
def test_the_variance_is_what_is_asked_for_and_no_phase_is_preferred(distribution: Any) -> None:
    rng = Rng(2, dtype="complex64")
    w = initcore.variance_scaling(rng, (300, 400), scale=2.0, distribution=distribution)
    n = w.size
    assert abs((abs(w) ** 2).mean() * 400 / 2 - 1) < 6 / n**0.5
    assert abs((w**2).mean()) * 400 / 2 < 6 / n**0.5
    ends = {"normal": np.inf, "uniform": 2**0.5, "truncated_normal": 2 / 0.9619613}
    assert abs(w).max() <= ends[distribution] * (2 / 400) ** 0.5 * (1 + 1e-6)


def test_jax_cuts_complex_normal_numbers_to_another_variance() -> None:
    # Its constant is 0.9531; the deviation of a number cut at modulus 2 is 0.9620.
    init = jax.nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")
    w = init(jax.random.key(0), (1000, 1000), jnp.complex64)
    assert float((abs(w) ** 2).mean() * 1000) == pytest.approx(1.0187, abs=0.004)


@pytest.mark.parametrize("name", REAL_ONLY)
def test_what_has_no_complex_form_says_so(name: str) -> None:
    spec = specs[name]
    shape = (4, 4, 3, 3) if spec.shape.low > 2 else (4, 4)
    with pytest.raises(TypeError, match="makes real kernels only, got dtype complex64"):
        spec.function(Rng(0, dtype="complex64"), shape, **spec.example)
