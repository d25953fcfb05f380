"""What each scheme makes exactly true of networks of JAX's libraries."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import initcore
from initcore_jax import initialize
from tests.tools.jax_models import (
    Chain,
    EquinoxImages,
    LinenResNet,
    LinenScanned,
    LinenTransformer,
    NnxTransformer,
    Residual,
)

KEY = jax.random.key(0)


def state(model: Any) -> dict[str, Any]:
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return {".".join(map(str, path)): np.asarray(v[...], np.float64) for path, v in flat}


# Orthogonal in every library, each other scheme in one: the schemes are the core's.
@pytest.mark.parametrize("scheme", ["orthogonal", "idinit", "sparse_orthogonal"])
def test_flax_nnx_models_are_set_in_place(scheme: str) -> None:
    model, tokens = NnxTransformer(), jnp.arange(6)[None]
    graph = nnx.graphdef(model)
    assert len(initialize(model, scheme, sample_input=tokens)) == len(state(model))
    assert nnx.graphdef(model) == graph
    assert jnp.isfinite(nnx.jit(lambda model: model(tokens))(model)).all()


@pytest.mark.parametrize(
    ("scheme", "module", "x"),
    [
        ("orthogonal", LinenTransformer(), jnp.arange(6)[None]),
        ("zero", LinenTransformer(), jnp.arange(6)[None]),
        ("fixup", LinenResNet(), jnp.ones((1, 8, 8, 3))),
    ],
    ids=["orthogonal", "zero", "fixup"],
)
def test_flax_linen_modules_get_variables_of_their_own_structure(
    scheme: str, module: Any, x: Any
) -> None:
    variables, report = initialize(module, scheme, sample_input=x)
    own = jax.eval_shape(module.init, KEY, x)
    assert jax.tree.map(jnp.shape, variables) == jax.tree.map(jnp.shape, own)
    assert len(report) == len(jax.tree.leaves(own["params"]))
    assert jnp.isfinite(jax.jit(module.apply)(variables, x)).all()


@pytest.mark.parametrize("scheme", ["orthogonal", "he_normal"])
def test_equinox_modules_get_a_module_of_their_own_structure(scheme: str) -> None:
    images = EquinoxImages()
    new, report = initialize(images, scheme)
    assert jax.tree.structure(new) == jax.tree.structure(images)
    assert len(report) == len(jax.tree.leaves(eqx.filter(images, eqx.is_inexact_array)))
    assert jnp.isfinite(eqx.filter_jit(new)(jnp.ones((3, 12, 12)))).all()
    assert not (new.layers[0].weight == images.layers[0].weight).all()


def test_mirrored_makes_a_plain_relu_network_exactly_linear() -> None:
    with jax.enable_x64(True):
        model = Chain(30, 32, jax.nn.relu, jnp.float64)
        initialize(model, "mirrored")
        x, y = jax.random.normal(KEY, (2, 3, 32), jnp.float64)
        np.testing.assert_allclose(model(2 * x - 3 * y), 2 * model(x) - 3 * model(y), atol=1e-10)
        initialize(model, "orthogonal")
        assert abs(model(2 * x - 3 * y) - 2 * model(x) + 3 * model(y)).max() > 0.1


def test_orthogonal_on_a_deep_linear_network_has_every_singular_value_at_one() -> None:
    with jax.enable_x64(True):
        model = Chain(100, 24, lambda x: x, jnp.float64)
        initialize(model, "orthogonal")
        values = np.linalg.svd(jax.jacobian(model)(jnp.zeros(24)), compute_uv=False)
        assert abs(values - 1).max() < 1e-12
    network = eqx.nn.MLP(24, 24, 24, 50, lambda x: x, key=KEY)
    network, _ = initialize(network, "orthogonal")
    values = np.linalg.svd(jax.jacobian(network)(jnp.zeros(24)), compute_uv=False)
    # 51 factors, each an isometry up to about 24 roundings of float32.
    assert abs(values - 1).max() < 51 * 24 * 2**-24


def test_orthogonal_on_a_deep_tanh_network_is_critical() -> None:
    model = Chain(60, 200, jnp.tanh)
    report = initialize(model, "orthogonal")
    wanted = initcore.theory.isometric("tanh", 60)
    assert report["layers.1.kernel"].parameters["gain"] == wanted.gain
    assert report["layers.0.bias"].parameters["std"] == wanted.sigma_b
    x = jax.random.normal(KEY, (200,))
    squares = np.linalg.svd(jax.jacobian(model)(x), compute_uv=False) ** 2
    # The variance asked for is 1/4; a sample of 200 values at one length of the signal is near it.
    assert abs(squares.mean() - 1) < 0.1
    assert 0.1 < squares.var() < 0.5


@pytest.mark.parametrize("convolutions", [False, True])
def test_idinit_makes_every_residual_stage_the_identity(convolutions: bool) -> None:
    model = Residual(convolutions=convolutions)
    x = jax.random.uniform(KEY, (2, 5, 5, 16) if convolutions else (2, 16))

    def change() -> float:
        return float(jnp.linalg.norm(model.stages(x) - x) / jnp.linalg.norm(x))

    initialize(model, "idinit", sample_input=x)
    # Four blocks, each adding at most 2 eps |W x| with eps = 1e-6 and |W| at most sqrt(2) a pixel
    # of nine; the sums of float32 round to 2**-24.
    assert 0 < change() < 4 * (2e-6 * 2**0.5 * (9 if convolutions else 1) + 2**-24)
    initialize(model, "he_normal", sample_input=x)
    assert change() > 0.1


def test_idinit_makes_scanned_layers_the_identity_too() -> None:
    variables, _ = initialize(LinenScanned(), "idinit", sample_input=jnp.ones((2, 8)))
    layers = variables["params"]["layers"]
    for n in range(5):
        assert abs(layers["Dense_0"]["kernel"][n, :, :8] - jnp.eye(8)).max() < 1e-5
        assert abs(layers["Dense_1"]["kernel"][n]).max() < 1e-5


def test_lsuv_takes_every_layer_to_unit_variance_on_the_data() -> None:
    from sklearn.datasets import load_digits

    x = jnp.asarray(load_digits().images[:200, :, :, None] / 16, jnp.float32)
    rngs = nnx.Rngs(0)
    model = nnx.Sequential(
        nnx.Conv(1, 8, (3, 3), rngs=rngs), jax.nn.relu, nnx.Conv(8, 16, (3, 3), rngs=rngs),
        jax.jit(jax.nn.relu), lambda x: x.reshape(200, -1), nnx.Linear(1024, 32, rngs=rngs),
        jax.nn.gelu, nnx.Linear(32, 10, rngs=rngs),
    )  # fmt: skip
    report = initialize(model, "lsuv", sample_input=x)
    assert set(report.scales) == {f"layers.{n}.kernel" for n in (0, 2, 5, 7)}
    for layer in model.layers:
        x = layer(x)
        if hasattr(layer, "kernel"):
            assert float(x.var()) == pytest.approx(1, rel=1e-3)
