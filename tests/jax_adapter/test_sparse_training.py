"""Masks hold through real steps of optax, in Flax, Equinox and plain functions, under jit."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx
from sklearn.datasets import load_digits

import initcore_jax as init

KEY = jax.random.key(0)
OPTIMIZERS = {
    "sgd": lambda: optax.chain(optax.add_decayed_weights(0.01), optax.sgd(0.1, momentum=0.9)),
    "adamw": lambda: optax.adamw(0.01, weight_decay=0.1),
}


def batch() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return jnp.asarray(x[:64] / 16, jnp.float32), jnp.asarray(y[:64])


def cross_entropy(logits: Any, y: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x: Any) -> Any:
        return linen.Dense(10)(jnp.tanh(linen.Dense(32)(x)))


class Nnx(nnx.Module):
    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.first, self.last = nnx.Linear(64, 32, rngs=rngs), nnx.Linear(32, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.last(jnp.tanh(self.first(x)))


def linen_case() -> tuple[Any, Any]:
    model = Linen()
    params = model.init(KEY, batch()[0])
    return params, lambda params, x, y: cross_entropy(model.apply(params, x), y)


def nnx_case() -> tuple[Any, Any]:
    graph, params = nnx.split(Nnx(), nnx.Param)
    return params, lambda params, x, y: cross_entropy(nnx.merge(graph, params)(x), y)


def equinox_case() -> tuple[Any, Any]:
    params, static = eqx.partition(eqx.nn.MLP(64, 10, 32, 1, key=KEY), eqx.is_inexact_array)
    return params, lambda params, x, y: cross_entropy(jax.vmap(eqx.combine(params, static))(x), y)


CASES = {"linen": linen_case, "nnx": nnx_case, "equinox": equinox_case}


def train(params: Any, loss: Any, optimizer: Any, n: int = 30) -> tuple[Any, list[float]]:
    x, y = batch()
    state = optimizer.init(params)

    @jax.jit
    def step(params: Any, state: Any) -> tuple[Any, Any, Any]:
        value, g = jax.value_and_grad(loss)(params, x, y)
        updates, state = optimizer.update(g, state, params)
        return optax.apply_updates(params, updates), state, value

    losses = []
    for _ in range(n):
        params, state, value = step(params, state)
        losses.append(float(value))
    return params, losses


def outside(params: Any, masks: Any) -> float:
    """The largest of what should be 0."""
    found = jax.tree.map(
        lambda m, p: 0.0 if m is None else float(jnp.abs(jnp.where(m, 0, p)).max()),
        masks, params, is_leaf=lambda node: node is None,
    )  # fmt: skip
    return max(jax.tree.leaves(found))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("case", CASES)
def test_neither_momentum_nor_weight_decay_revives_a_zero(case: str, name: str) -> None:
    params, loss = CASES[case]()
    masks = init.masks_from_scores(init.snip(loss, params, *batch()), 0.2)
    sparse = init.apply_masks(params, masks)
    assert outside(params, masks) > 0
    optimizer = optax.chain(OPTIMIZERS[name](), init.keep_masks(masks))
    trained, losses = train(sparse, loss, optimizer)
    assert losses[-1] < 0.8 * losses[0]
    assert outside(trained, masks) == 0
    # The twin without the masks' part of the optimizer.
    revived, _ = train(sparse, loss, OPTIMIZERS[name]())
    assert outside(revived, masks) > 0


def test_weights_that_start_outside_the_mask_stay_where_they_are() -> None:
    params, loss = linen_case()
    masks = init.masks_from_scores(init.snip(loss, params, *batch()), 0.2)
    trained, _ = train(params, loss, optax.chain(optax.adam(0.01), init.keep_masks(masks)), 3)
    same = jax.tree.map(
        lambda m, a, b: m is None or bool((jnp.where(m, 0, a) == jnp.where(m, 0, b)).all()),
        masks, params, trained, is_leaf=lambda node: node is None,
    )  # fmt: skip
    assert all(jax.tree.leaves(same))


def test_an_nnx_optimizer_takes_them() -> None:
    model, (x, y) = Nnx(), batch()
    params = nnx.as_pure(nnx.state(model, nnx.Param))
    graph = nnx.graphdef(model)
    scores = init.snip(lambda p, x, y: cross_entropy(nnx.merge(graph, p)(x), y), params, x, y)
    masks = init.masks_from_scores(scores, 0.2)
    nnx.update(model, init.apply_masks(params, masks))
    optimizer = nnx.Optimizer(
        model, optax.chain(optax.adamw(0.01), init.keep_masks(masks)), wrt=nnx.Param
    )

    @nnx.jit
    def step(model: Any, optimizer: Any) -> Any:
        value, g = nnx.value_and_grad(lambda m: cross_entropy(m(x), y))(model)
        optimizer.update(model, g)
        return value

    losses = [float(step(model, optimizer)) for _ in range(20)]
    assert losses[-1] < 0.8 * losses[0]
    assert outside(nnx.as_pure(nnx.state(model, nnx.Param)), masks) == 0


def test_masks_stop_what_is_no_number() -> None:
    found = init.apply_masks(
        {"w": jnp.array([jnp.nan, 1.0]), "b": jnp.ones(2)},
        {"w": jnp.array([False, True]), "b": None},
    )
    assert found["w"].tolist() == [0.0, 1.0]
    half = init.apply_masks({"w": jnp.ones(2, jnp.bfloat16)}, {"w": jnp.array([False, True])})
    assert half["w"].dtype == jnp.bfloat16


@pytest.mark.parametrize("groups", [1, 2])
def test_the_mask_is_of_the_kernel_of_the_same_key(groups: int) -> None:
    shape = (3, 3, 12, 16)
    given: dict[str, Any] = {"tap_density": "more", "groups": groups}
    mask = init.sparse_orthogonal_mask(0.3, **given)(KEY, shape)
    w = init.sparse_orthogonal(0.3, **given)(KEY, shape)
    assert mask.dtype == bool
    assert not w[~mask].any()
    assert int(mask.sum()) == round(0.3 * w.size)
    other = init.sparse_orthogonal_mask(0.3, **given)(jax.random.key(1), shape)
    assert w[~other].any()
    traced = jax.jit(lambda key: init.sparse_orthogonal_mask(0.3, **given)(key, shape))(KEY)
    assert (traced == mask).all()
    rows = init.sparse_orthogonal_mask(0.4, in_axis=1, out_axis=0)(KEY, (30, 20))
    kernel = init.sparse_orthogonal(0.4, in_axis=1, out_axis=0)(KEY, (30, 20))
    assert not np.asarray(kernel)[~np.asarray(rows)].any()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: init.sparse_orthogonal_mask(2.0), ValueError,
         r"^sparse_orthogonal_mask needs density .* got 2.0"),
        (lambda: init.sparse_orthogonal_mask(0.5)(KEY, (3,)), ValueError, "2 to 5 axes"),
        (lambda: init.sparse_orthogonal_mask(0.001)(KEY, (3, 4)), ValueError, "at least 0.25"),
        (lambda: init.sparse_orthogonal_mask(0.5)(0, (3, 4)), TypeError, "needs a JAX key"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
