"""Fans are JAX's for whatever axes are named: several roles of one axis, none, vectors, scalars."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore_jax as ours

theirs = jax.nn.initializers
KEY = jax.random.key(3)
RULES = [("fan_in", "normal"), ("fan_out", "uniform"), ("fan_avg", "truncated_normal"),
         ("fan_geo_avg", "normal")]  # fmt: skip

# Shape, in_axis, out_axis, batch_axis: of each, JAX says a fan.
AXES: list[tuple[tuple[int, ...], Any, Any, Any]] = [
    ((1000, 64), -2, 0, ()),  # Flax's embedding
    ((8, 8, 16), 1, 1, ()),
    ((8, 8, 16), (0, 1), (1, 2), ()),
    ((8, 8, 16), 0, 1, 0),
    ((8, 8, 16), (0, 0), 2, ()),
    ((30,), 0, (), ()),
    ((30,), (), 0, ()),
    ((30,), 0, 0, ()),
    ((30,), 0, -1, ()),
    ((30,), (), (), 0),
    ((30,), (), (), ()),
    ((), (), (), ()),
    ((4, 5, 6), (), (), ()),
    ((4, 5, 6), -2, (), 0),
    ((4, 5, 6), (), (0, 1), ()),
    ((4, 5, 6), np.array([0, 1]), 2, range(0)),
    ((4, 5, 6), [0], [-1, -2], ()),
]


@pytest.mark.parametrize(("shape", "in_axis", "out_axis", "batch_axis"), AXES, ids=str)
def test_the_numbers_are_those_of_jax_whatever_the_axes_are(
    shape: tuple[int, ...], in_axis: Any, out_axis: Any, batch_axis: Any
) -> None:
    for mode, entries in RULES:
        how = (3.0, mode, entries, in_axis, out_axis, batch_axis)
        w = ours.variance_scaling(*how)(KEY, shape)
        expected = theirs.variance_scaling(*how)(KEY, shape)
        assert w.shape == expected.shape
        assert w.dtype == expected.dtype
        # The order of the numbers is the core's, and JAX's where an axis has several roles.
        close = np.sort(np.asarray(expected), None)
        assert np.sort(np.asarray(w), None) == pytest.approx(close, rel=2e-5, abs=2e-6)


def test_a_table_of_tokens_has_the_numbers_of_jax_in_their_order() -> None:
    embed = ours.variance_scaling(1.0, "fan_in", "normal", out_axis=0)
    expected = theirs.variance_scaling(1.0, "fan_in", "normal", out_axis=0)(KEY, (50, 8))
    assert abs(embed(KEY, (50, 8)) - expected).max() < 2e-6
    assert abs(jax.jit(lambda k: embed(k, (50, 8)))(KEY) - expected).max() < 2e-6


@pytest.mark.parametrize("name", ["he_normal", "glorot_uniform", "lecun_normal"])
def test_named_rules_have_the_fans_of_jax_too(name: str) -> None:
    for shape, how in (((40, 6), {"out_axis": 0}), ((40,), {"in_axis": 0, "out_axis": ()})):
        w = np.sort(getattr(ours, name)(**how)(KEY, shape), None)
        expected = np.sort(getattr(theirs, name)(**how)(KEY, shape), None)
        assert w == pytest.approx(expected, rel=2e-5, abs=2e-6)


def test_a_traced_scale_has_several_roles_of_an_axis_too() -> None:
    def drawn(scale: Any) -> Any:
        return ours.variance_scaling(scale, "fan_avg", "uniform", 0, 0)(KEY, (6, 4))

    assert abs(jax.jit(drawn)(2.0) - drawn(2.0)).max() < 2e-6


def test_arrays_without_entries_are_made_whatever_the_axes_are() -> None:
    for shape in ((0, 4), (4, 0)):
        assert ours.lecun_normal(in_axis=0, out_axis=0)(KEY, shape).shape == shape
    assert ours.lecun_normal(in_axis=0, out_axis=())(KEY, (0,)).shape == (0,)


def test_flax_embeds_and_shares_vectors_as_with_its_own_initializers() -> None:
    from flax import linen, nnx

    embed = ours.variance_scaling(1.0, "fan_in", "normal", out_axis=0)
    layer = nnx.Embed(300, 64, embedding_init=embed, rngs=nnx.Rngs(0))
    std = float(layer.embedding[...].std())
    assert std * 8 == pytest.approx(1, abs=5 / (2 * 300 * 64) ** 0.5)
    table = linen.Embed(300, 64, embedding_init=embed)
    made = table.init(KEY, jnp.zeros((1,), int))["params"]["embedding"]
    assert float(made.std()) * 8 == pytest.approx(1, abs=5 / (2 * 300 * 64) ** 0.5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ours.he_normal()(KEY, (5,)),
         "^Can't compute input and output sizes of a 1-dimensional weights tensor with default "
         r"in_axis. Must be at least 2D or specify in_axis explicitly: he_normal got shape \(5,\)"),
        (lambda: ours.he_normal()(KEY, ()), "of a 0-dimensional weights tensor"),
        (lambda: ours.he_normal(in_axis=1)(KEY, (5,)), r"he_normal, shape \(5,\): .* out of range"),
        (lambda: ours.he_normal(0, 0, groups=2)(KEY, (4, 4)), "he_normal, .* one role"),
        (lambda: ours.orthogonal(in_axis=0, out_axis=(0, 1))(KEY, (4, 4)), "one role"),
        (lambda: ours.sparse(0.5, in_axis=0, out_axis=0)(KEY, (4, 4)), "one role"),
    ],
)  # fmt: skip
def test_axes_that_make_no_sense_get_one_sentence(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
