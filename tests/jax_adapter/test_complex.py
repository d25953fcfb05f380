"""Complex arrays, as JAX's own initializers make them."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.nn import initializers as theirs

import initcore_jax as ours

pytestmark = pytest.mark.optimized

KEY = jax.random.key(1)


@pytest.mark.parametrize("compiled", [False, True])
def test_kernels_are_unitary(compiled: bool) -> None:
    def make(key: Any) -> Any:
        return ours.orthogonal(2.0)(key, (30, 20), jnp.complex64)

    w = (jax.jit(make) if compiled else make)(KEY)
    assert w.dtype == jnp.complex64
    assert abs(w.conj().T @ w / 4 - jnp.eye(20)).max() < 1e-5


@pytest.mark.parametrize("name", [
    "zeros", "ones", "lecun_normal", "lecun_uniform", "glorot_normal", "he_uniform", "normal",
    "orthogonal",
])  # fmt: skip
def test_entries_have_the_size_that_those_of_jax_have(name: str) -> None:
    def of(library: Any) -> Any:
        made = getattr(library, name)
        init = made if name in ("zeros", "ones") else made()
        return init(KEY, (300, 200), jnp.complex64)

    a, b = of(ours), of(theirs)
    # Normal numbers that are cut have 1.0187 times the variance in JAX.
    assert float(jnp.mean(abs(a) ** 2)) == pytest.approx(float(jnp.mean(abs(b) ** 2)), rel=0.04)
    assert float(jnp.mean(a.real**2)) == pytest.approx(float(jnp.mean(b.real**2)), rel=0.05)


def test_many_keys_at_once() -> None:
    keys = jax.random.split(KEY, 3)
    init = ours.glorot_uniform()
    many = jax.vmap(lambda k: init(k, (4, 5), jnp.complex64))(keys)
    each = jnp.stack([init(k, (4, 5), jnp.complex64) for k in keys])
    assert abs(many - each).max() < 1e-6
