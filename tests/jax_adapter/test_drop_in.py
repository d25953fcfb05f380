"""Changing jax.nn.initializers to initcore_jax is enough; where the algorithm is JAX's, so are
the numbers."""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore
import initcore_jax as ours
from initcore import Rng, specs

theirs = jax.nn.initializers
NAMES = [n for n in dir(theirs) if not n.startswith("_") and n != "Initializer"]
KEY = jax.random.key(5)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_function_takes_the_same_arguments(name: str) -> None:
    def positional(function: Any) -> list[tuple[str, Any]]:
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.default) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert positional(getattr(ours, name)) == positional(getattr(theirs, name))


def test_every_initializer_of_the_core_is_here() -> None:
    missing = [n for n in specs if not hasattr(ours, n)]
    assert not missing, f"add these to initcore_jax: {missing}"


SAME = {
    "zeros": lambda m: m.zeros,
    "ones": lambda m: m.ones,
    "constant": lambda m: m.constant(0.3),
    "uniform": lambda m: m.uniform(2.0),
    "normal": lambda m: m.normal(0.5),
    "truncated_normal": lambda m: m.truncated_normal(0.5, lower=-1.0, upper=2.5),
    "glorot_uniform": lambda m: m.glorot_uniform(),
    "he_normal": lambda m: m.he_normal(),
    "lecun_normal": lambda m: m.lecun_normal(in_axis=(0, 1), out_axis=2),
    "attention": lambda m: m.variance_scaling(2.0, "fan_avg", "normal", 0, (1, 2)),
    "batched": lambda m: m.variance_scaling(1.0, "fan_geo_avg", "uniform", 1, 2, batch_axis=0),
}


@pytest.mark.parametrize("what", SAME)
def test_the_numbers_are_those_of_jax_for_the_same_key(what: str) -> None:
    mine = SAME[what](ours)(KEY, (30, 8, 12))
    other = SAME[what](theirs)(KEY, (30, 8, 12))
    assert mine.dtype == other.dtype
    # Kernels are drawn in canonical order, so the numbers are JAX's and their places are not.
    assert abs(np.sort(mine, None) - np.sort(other, None)).max() < 2e-6
    if what in ("zeros", "ones", "constant", "uniform", "normal", "truncated_normal"):
        mine, other = SAME[what](ours)(KEY, (30,)), SAME[what](theirs)(KEY, (30,))
        assert abs(mine - other).max() < 2e-6


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (3, 3, 8, 5), (3, 3, 5, 8), (2, 2, 2, 4, 4)])
def test_orthogonal_columns_are_along_the_column_axis(shape: tuple[int, ...]) -> None:
    for axis in (-1, 0):
        w = jnp.moveaxis(ours.orthogonal(3.0, axis)(KEY, shape), axis, -1)
        w = np.asarray(w.reshape(-1, w.shape[-1]))
        assert np.linalg.svd(w)[1] == pytest.approx(3.0, rel=1e-5)


def test_delta_orthogonal_also_narrows_and_takes_one_to_three_dimensions() -> None:
    for k, (i, o) in (((3,), (4, 9)), ((3, 5), (9, 4)), ((2, 2, 3), (4, 4))):
        w = ours.delta_orthogonal(2.0)(KEY, (*k, i, o))
        center = tuple((n - 1) // 2 for n in k)
        assert np.linalg.svd(np.asarray(w[center]))[1] == pytest.approx(2.0, rel=1e-5)
        assert int((w != 0).sum()) == i * o


def test_a_constant_may_be_an_array() -> None:
    w = ours.constant(jnp.arange(3.0))(KEY, (2, 3))
    assert (w == theirs.constant(jnp.arange(3.0))(KEY, (2, 3))).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes_of_the_maker_and_of_the_call(dtype: str) -> None:
    assert ours.orthogonal(dtype=dtype)(KEY, (3, 3)).dtype == dtype
    assert ours.orthogonal()(KEY, (3, 3), dtype).dtype == dtype
    assert ours.orthogonal(dtype="float32")(KEY, (3, 3), jnp.dtype(dtype)).dtype == dtype


def test_float64_is_canonicalised_as_jax_does() -> None:
    assert ours.normal()(KEY, (3,), jnp.float64).dtype == jnp.float32
    with jax.enable_x64(True):
        w = ours.orthogonal()(KEY, (30, 30), jnp.float64)
        assert w.dtype == jnp.float64
        assert abs(w @ w.T - jnp.eye(30)).max() < 1e-14
        assert ours.normal()(KEY, (3,)).dtype == jnp.float64
        expected = initcore.orthogonal(Rng(5, dtype="float64"), (30, 30))
        assert abs(np.asarray(w).T - expected).max() < 1e-14


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ours.orthogonal(-1.0), ValueError, r"orthogonal needs scale .* got -1"),
        (lambda: ours.orthogonal("2"), TypeError, "got '2'"),
        (lambda: ours.orthogonal(float("inf")), ValueError, "finite"),
        (lambda: ours.normal(-0.1), ValueError, "normal needs stddev"),
        (lambda: ours.truncated_normal(lower=2.0), ValueError, "lower < upper"),
        (lambda: ours.variance_scaling(1.0, "fan", "normal"), ValueError, "fan_geo_avg"),
        (lambda: ours.variance_scaling(1.0, "fan_in", "cauchy"), ValueError, "truncated_normal"),
        (lambda: ours.orthogonal()(KEY, (3,)), ValueError, r"2 or more axes, got shape \(3,\)"),
        (lambda: ours.delta_orthogonal()(KEY, (3, 4)), ValueError,
         r"delta_orthogonal needs .* got shape \(3, 4\); for a dense layer use orthogonal"),
        (lambda: ours.orthogonal(in_axis=0, out_axis=0)(KEY, (3, 4)), ValueError, "one role"),
        (lambda: ours.lecun_normal(in_axis=4)(KEY, (3, 4)), ValueError, "out of range"),
        (lambda: ours.lecun_normal(groups=2)(KEY, (4, 3)), ValueError, "divide the 3 outputs"),
        (lambda: ours.orthogonal()(0, (3, 4)), TypeError, "a JAX key .* got int"),
        (lambda: ours.orthogonal()(jnp.ones(2), (3, 4)), TypeError, "a JAX key"),
        (lambda: ours.orthogonal()(jax.random.split(KEY), (3, 4)), ValueError, "jax.vmap"),
        (lambda: ours.orthogonal()(KEY, (3, 4), jnp.int32), TypeError, "got int32"),
        (lambda: ours.orthogonal()(KEY, (3, 4), jnp.complex64), TypeError, "got complex64"),
        (lambda: ours.orthogonal()(KEY, (3, 4.5)), TypeError, "made of integers"),
        (lambda: ours.orthogonal(column_axis="out")(KEY, (3, 4)), TypeError, "an integer.* 'out'"),
        (lambda: ours.lecun_normal(in_axis=(0, 1.5)), TypeError, r"an integer.* \(0, 1.5\)"),
        (lambda: ours.truncated_normal(upper="2"), TypeError, "upper .* got '2'"),
        (lambda: ours.normal()(np.zeros(4, np.uint32), (3,)), TypeError, "which kind"),
        (lambda: jax.jit(lambda v: ours.truncated_normal(lower=v)(KEY, (3,)))(-1.0), TypeError,
         "needs lower .*Tracer"),
        (lambda: jax.jit(lambda v: ours.sparse(v)(KEY, (3, 3)))(0.5), TypeError,
         "needs sparsity .*Tracer"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
