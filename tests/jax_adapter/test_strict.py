"""JAX's strict modes hold for every initializer and for whole models, and shardings are kept."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import initcore_jax as init

SHAPES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "orthogonal": ({}, (40, 70)), "scaled_orthogonal": ({}, (8, 16)),
    "delta_orthogonal": ({}, (3, 3, 8, 16)), "conv_orthogonal": ({}, (3, 3, 8, 16)),
    "sparse_orthogonal": ({"density": 0.5}, (8, 16)), "mirrored": ({}, (8, 16)),
    "idinit": ({}, (8, 16)), "idinit_zero": ({}, (3, 3, 8, 16)), "hadamard": ({}, (8, 16)),
    "identity": ({}, (8, 16)), "he_normal": ({}, (8, 16)), "glorot_uniform": ({}, (8, 16)),
    "truncated_normal": ({}, (8, 16)), "uniform": ({}, (8, 16)), "normal": ({}, (8, 16)),
    "sparse": ({"sparsity": 0.3}, (8, 16)), "zeros": ({}, (8,)), "ones": ({}, (8,)),
}  # fmt: skip
MODES: dict[str, dict[str, Any]] = {
    "strict": {"jax_numpy_rank_promotion": "raise", "jax_numpy_dtype_promotion": "strict"},
    "checked": {"jax_debug_nans": True, "jax_check_tracer_leaks": True},
}


@pytest.fixture(params=MODES)
def strict(request: pytest.FixtureRequest) -> Any:
    before = {name: jax.config.values[name] for name in MODES[request.param]}
    for name, value in MODES[request.param].items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", SHAPES)
def test_every_initializer_draws_in_strict_modes(name: str) -> None:
    given, shape = SHAPES[name]
    made = getattr(init, name)
    draw = made(**given) if name not in ("zeros", "ones") else made
    jitted = jax.jit(lambda key: draw(key, shape))(jax.random.key(0))
    assert jitted.shape == draw(jax.random.key(0), shape).shape == shape


@pytest.mark.usefixtures("strict")
def test_whole_models_are_initialized_and_watched_in_strict_modes() -> None:
    def net(p: Any, x: jax.Array) -> jax.Array:
        bias = jnp.broadcast_to(p["b"], (x.shape[0], 16))
        return jnp.tanh(x @ p["a"] + bias) @ p["c"]

    params = {"a": jnp.ones((8, 16)), "b": jnp.zeros(16), "c": jnp.ones((16, 3))}
    x = jnp.eye(8)
    params, report = init.initialize((net, params), "orthogonal", sample_input=x)
    assert len(report) == 3
    assert not init.signal_report((net, params), x).verdict
    assert init.jacobian_spectrum((net, params), x)


SHARDED = """
import jax, jax.numpy as jnp
from flax import nnx
from jax.sharding import AxisType, PartitionSpec as P
import initcore_jax as init

mesh = jax.make_mesh((2, 2), ("data", "model"), axis_types=(AxisType.Auto,) * 2)
wide = nnx.with_partitioning(nnx.initializers.lecun_normal(), (None, "model"))

class Net(nnx.Module):
    def __init__(self, rngs):
        self.a = nnx.Linear(8, 16, kernel_init=wide, rngs=rngs)
        self.b = nnx.Linear(16, 4, rngs=rngs)
    def __call__(self, x):
        return self.b(nnx.relu(self.a(x)))

with jax.set_mesh(mesh):
    abstract = nnx.eval_shape(lambda: Net(nnx.Rngs(0)))
    init.initialize(abstract, "orthogonal", sample_input=jnp.ones((2, 8)))

    @nnx.jit
    def made():
        model = Net(nnx.Rngs(0))
        init.initialize(model, "orthogonal", sample_input=jnp.ones((2, 8)))
        return model

    inside = made()
for model in (abstract, inside):
    kernel = model.a.kernel[...]
    assert kernel.sharding.spec == P(None, "model"), kernel.sharding
    assert jnp.allclose(jnp.linalg.svd(kernel, compute_uv=False), 2**0.5, atol=1e-5)
assert jnp.allclose(abstract.a.kernel[...], inside.a.kernel[...], atol=1e-5)
print("kept")
"""


def test_abstract_and_compiled_modules_keep_their_shardings() -> None:
    here = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(here), str(here / "adapters")])
    four = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    flags = {"XLA_FLAGS": four, "PYTHONPATH": paths}
    run = subprocess.run([sys.executable, "-c", SHARDED], env={**os.environ, **flags},
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip() == "kept"
