"""Real layers of Flax, Haiku and Equinox, through their forward pass."""

import functools
from typing import Any

import equinox as eqx
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import initcore_jax as init
from initcore_jax._backend import backend

KEY = jax.random.key(0)


def lengths(x: Any) -> Any:
    return np.asarray((x**2).sum(-1), np.float64)


@pytest.mark.parametrize("library", ["nnx", "linen", "haiku"])
def test_dense_layers_keep_lengths(library: str) -> None:
    x = jax.random.normal(KEY, (5, 64))
    if library == "nnx":
        y = nnx.Linear(64, 256, kernel_init=init.orthogonal(), rngs=nnx.Rngs(0))(x)
    elif library == "linen":
        y, _ = linen.Dense(256, kernel_init=init.orthogonal()).init_with_output(KEY, x)
    else:
        net = hk.transform(lambda x: hk.Linear(256, w_init=init.haiku(init.orthogonal()))(x))
        y = net.apply(net.init(KEY, x), None, x)
    assert lengths(y) == pytest.approx(lengths(x), rel=1e-5)


def test_delta_orthogonal_keeps_every_pixel_of_flax_convolutions() -> None:
    x = jax.random.normal(KEY, (2, 7, 7, 4))
    for k in (3, 2):
        kernel_init = init.delta_orthogonal()
        conv = nnx.Conv(4, 8, (k, k), kernel_init=kernel_init, rngs=nnx.Rngs(0))
        assert lengths(conv(x)) == pytest.approx(lengths(x), rel=1e-5)
    grouped = nnx.Conv(
        4, 8, (3, 3), feature_group_count=2, kernel_init=init.delta_orthogonal(groups=2),
        rngs=nnx.Rngs(0),
    )  # fmt: skip
    y = grouped(x)
    for g in range(2):
        assert lengths(y[..., 4 * g : 4 * g + 4]) == pytest.approx(
            lengths(x[..., 2 * g : 2 * g + 2]), rel=1e-5
        )


def test_attention_and_recurrent_cells_take_them() -> None:
    x = jax.random.normal(KEY, (2, 5, 16))
    attention = nnx.MultiHeadAttention(
        4, 16, kernel_init=init.orthogonal(), decode=False, rngs=nnx.Rngs(0)
    )
    assert attention(x).shape == (2, 5, 16)
    # Flax hands attention kernels over flattened to two axes, (dim, heads * head_dim).
    query = np.asarray(attention.query.kernel[...]).reshape(16, 16)
    assert np.linalg.svd(query)[1] == pytest.approx(1, abs=1e-5)
    dense = linen.DenseGeneral((4, 4), kernel_init=init.orthogonal())
    kernel = dense.init(KEY, x)["params"]["kernel"].reshape(16, 16)
    assert np.linalg.svd(np.asarray(kernel))[1] == pytest.approx(1, abs=1e-5)
    gates = init.orthogonal(groups=4)  # of this cell they are stacked in one kernel
    cell = nnx.OptimizedLSTMCell(16, 8, recurrent_kernel_init=gates, rngs=nnx.Rngs(0))
    for gate in np.split(np.asarray(cell.dense_h.kernel[...]), 4, axis=1):
        assert np.linalg.svd(gate)[1] == pytest.approx(1, abs=1e-5)
    carry = cell.initialize_carry((2, 16), nnx.Rngs(0))
    assert cell(carry, x[:, 0])[1].shape == (2, 8)
    embed = nnx.Embed(50, 8, embedding_init=init.normal(0.02), rngs=nnx.Rngs(0))
    assert float(embed.embedding[...].std()) == pytest.approx(0.02, rel=0.3)


def test_an_einsum_kernel_with_its_axes_named_is_an_isometry() -> None:
    w = init.orthogonal(in_axis=0, out_axis=(1, 2))(KEY, (16, 4, 8))
    x = jax.random.normal(KEY, (5, 16))
    y = jnp.einsum("bd,dhk->bhk", x, w)
    assert lengths(y.reshape(5, -1)) == pytest.approx(lengths(x), rel=1e-5)
    wrong = jnp.einsum("bd,dhk->bhk", x, init.orthogonal()(KEY, (16, 4, 8)))
    assert abs(lengths(wrong.reshape(5, -1)) / lengths(x) - 1).max() > 0.1


def test_a_whole_equinox_model_by_the_paths_of_its_weights() -> None:
    class Net(eqx.Module):
        first: eqx.nn.Linear
        conv: eqx.nn.Conv2d
        last: list[eqx.nn.Linear]

        def __init__(self, extra: int) -> None:
            keys = jax.random.split(jax.random.key(1), 3 + extra)
            self.first = eqx.nn.Linear(8, 32, key=keys[0])
            self.conv = eqx.nn.Conv2d(4, 8, 3, groups=2, key=keys[1])
            self.last = [eqx.nn.Linear(8, 8, key=k) for k in keys[2:]]

    net = init.equinox(Net(0), functools.partial(init.orthogonal, scale=2.0), key=KEY)
    x = jax.random.normal(KEY, (8,))
    assert lengths(net.first(x) - net.first.bias) == pytest.approx(4 * lengths(x), rel=1e-5)
    for half in jnp.split(net.conv.weight, 2):
        w = np.asarray(half.reshape(4, -1))
        assert np.linalg.svd(w)[1] == pytest.approx(2.0, rel=1e-5)
    larger = init.equinox(Net(2), functools.partial(init.orthogonal, scale=2.0), key=KEY)
    assert (larger.first.weight == net.first.weight).all()
    assert not (larger.last[0].weight == larger.last[1].weight).any()
    only = init.equinox(
        net, init.orthogonal, key=KEY, where=lambda layer: isinstance(layer, eqx.nn.Conv)
    )
    assert (only.first.weight == net.first.weight).all()
    with pytest.raises(ValueError, match="no Linear, Conv or ConvTranspose"):
        init.equinox({"a": jnp.ones(3)}, init.orthogonal, key=KEY)


def test_modules_of_linen_with_equal_initializers_are_equal_so_jit_traces_them_once() -> None:
    def dense(scale: float) -> Any:
        return linen.Dense(4, kernel_init=init.orthogonal(scale))

    assert dense(2.0) == dense(2.0)
    assert hash(dense(2.0)) == hash(dense(2.0))
    assert dense(2.0) != dense(1.0)


@pytest.mark.parametrize("make", [
    init.normal, init.uniform, init.truncated_normal, init.he_normal, init.conv_orthogonal,
    functools.partial(init.sparse_orthogonal, 0.5), init.scaled_orthogonal, init.idinit,
    init.idinit_zero, init.hadamard, init.identity, init.mirrored, init.delta_orthogonal,
])  # fmt: skip
def test_equinox_kernels_are_the_canonical_ones(make: Any) -> None:
    for groups in (1, 2):
        conv = init.equinox(eqx.nn.Conv2d(4, 8, 3, groups=groups, key=KEY), make, key=KEY)
        key = jax.random.wrap_key_data(
            jnp.array(init.rng(KEY).fold_in("").key, dtype=jnp.uint32)
        )  # fmt: skip
        turned = make(groups=groups)(key, (3, 3, 4 // groups, 8))
        assert (conv.weight == jnp.permute_dims(turned, (3, 2, 0, 1))).all()


@pytest.mark.parametrize("kind", backend.layers)
def test_the_backend_builds_real_layers_of_every_kind(kind: str) -> None:
    dims = 0 if kind == "dense" else int(kind[-2])
    forward = backend.layer(kind, "orthogonal", (6, 4, *[3] * dims), seed=3)
    assert forward(np.ones((2, 4, *[5] * dims))).shape == (2, 6, *[5] * dims)
