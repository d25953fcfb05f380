"""The values that `initcore_jax.initialize` writes depend on seed and path alone."""

import contextlib
import io
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from initcore.networks import draw
from initcore_jax import initialize
from tests.tools.jax_models import Residual

KEY = jax.random.key(0)


def state(model: Any) -> dict[str, Any]:
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return {".".join(map(str, path)): np.asarray(v[...], np.float64) for path, v in flat}


def test_one_seed_makes_one_network_whatever_the_order_of_construction() -> None:
    class Net(nnx.Module):
        def __init__(self, names: str) -> None:
            rngs = nnx.Rngs(0)
            for name in names:
                setattr(self, name, nnx.Linear(6, 6, rngs=rngs))

        def __call__(self, x: Any) -> Any:
            return self.c(nnx.relu(self.b(nnx.relu(self.a(x)))))

    one, other = Net("abc"), Net("cba")
    for net in (one, other):
        initialize(net, "he_normal", seed=9, sample_input=jnp.zeros((1, 6)))
    assert all((w == state(other)[path]).all() for path, w in state(one).items())
    assert (state(one)["a.kernel"] != state(one)["b.kernel"]).all()
    initialize(other, "he_normal", seed=10, sample_input=jnp.zeros((1, 6)))
    assert (state(one)["a.kernel"] != state(other)["a.kernel"]).all()


def test_the_weights_are_the_core_s_and_those_of_every_other_library() -> None:
    sample = jnp.zeros((1, 6))
    params = {"a": jnp.zeros((6, 8)), "b": jnp.zeros((8, 3))}
    plain, report = initialize(
        (lambda p, x: jax.nn.gelu(x @ p["a"]) @ p["b"], params), "orthogonal", seed=5,
        sample_input=sample,
    )  # fmt: skip
    for path, w in plain.items():
        expected = draw(report[path], 5, dtype="float32")
        assert abs(np.asarray(w) - expected).max() < 2e-5  # on accelerators rounded otherwise
    names = {"layers.0.weight": "a", "layers.1.weight": "b"}
    mlp = eqx.nn.MLP(6, 3, 8, 1, jax.nn.gelu, use_bias=False, use_final_bias=False, key=KEY)
    mlp, _ = initialize(mlp, "orthogonal", seed=5, paths=names)
    assert (plain["a"] == mlp.layers[0].weight.T).all()
    assert (plain["b"] == mlp.layers[1].weight.T).all()
    dense = linen.Sequential([linen.Dense(8, use_bias=False), linen.gelu,
                              linen.Dense(3, use_bias=False)])  # fmt: skip
    variables, _ = initialize(
        dense, "orthogonal", seed=5, sample_input=sample,
        paths={"params/layers_0/kernel": "a", "params/layers_2/kernel": "b"},
    )  # fmt: skip
    assert (variables["params"]["layers_2"]["kernel"] == plain["b"]).all()


def test_a_network_of_pytorch_has_the_same_weights_under_the_same_names() -> None:
    torch = pytest.importorskip("torch")
    import initcore_torch

    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(8 * 36, 4)
    )
    initcore_torch.initialize(theirs, "orthogonal", seed=2, sample_input=torch.zeros(1, 3, 8, 8))

    class Net(nnx.Module):
        def __init__(self) -> None:
            self.conv = nnx.Conv(3, 8, (3, 3), padding="VALID", rngs=nnx.Rngs(0))
            self.head = nnx.Linear(8 * 36, 4, rngs=nnx.Rngs(0))

        def __call__(self, x: Any) -> Any:
            x = jnp.moveaxis(nnx.gelu(self.conv(x), approximate=False), -1, 1)
            return self.head(x.reshape(x.shape[0], -1))

    ours = Net()
    names = {"conv.kernel": "0.weight", "conv.bias": "0.bias", "head.kernel": "3.weight",
             "head.bias": "3.bias"}  # fmt: skip
    initialize(ours, "orthogonal", seed=2, paths=names, sample_input=jnp.zeros((1, 8, 8, 3)))
    conv = np.moveaxis(state(ours)["conv.kernel"], (3, 2), (0, 1))
    assert abs(conv - theirs[0].weight.detach().numpy()).max() < 2e-5
    assert abs(state(ours)["head.kernel"].T - theirs[3].weight.detach().numpy()).max() < 2e-5
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    y = theirs(torch.tensor(x)).detach().numpy()
    assert abs(np.asarray(ours(jnp.asarray(np.moveaxis(x, 1, -1)))) - y).max() < 1e-3


def test_overrides_go_by_role_and_by_path_and_the_last_one_wins() -> None:
    model = Residual()
    before = state(model)
    report = initialize(model, "fixup", overrides={
        "output": ("normal", {"std": 0.5}), "*.bias": {"name": "constant", "value": 0.25},
        "head.bias": "ones", "stem.*": None,
    })  # fmt: skip
    after = state(model)
    assert (after["stem.kernel"] == before["stem.kernel"]).all()
    assert set(report.untouched) == {"stem.kernel", "stem.bias"}
    assert np.unique(after["first.0.bias"]).tolist() == [0.25]
    assert np.unique(after["head.bias"]).tolist() == [1.0]
    assert 0.3 < after["head.kernel"].std() < 0.7
    assert not after["last.0.kernel"].any()


def test_abstract_models_become_real_and_dtypes_and_devices_stay() -> None:
    model = nnx.eval_shape(lambda: Residual())
    initialize(model, "orthogonal", seed=1)
    real = Residual()
    initialize(real, "orthogonal", seed=1)
    assert all((w == state(real)[path]).all() for path, w in state(model).items())
    half = jax.tree.map(lambda w: w.astype(jnp.bfloat16), {"w": jnp.zeros((16, 16))})
    new, _ = initialize((lambda p, x: x @ p["w"], half), "orthogonal",
                        sample_input=jnp.zeros((1, 16), jnp.bfloat16))  # fmt: skip
    assert new["w"].dtype == jnp.bfloat16
    w = np.asarray(new["w"], np.float64)
    # Each of the 16 terms of an inner product is off by two roundings to 8 bits.
    assert abs(w @ w.T - np.eye(16)).max() < 2**-7
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("x",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    placed = {"w": jax.device_put(jnp.zeros((16, 16)), sharding)}
    new, _ = initialize((lambda p, x: x @ p["w"], placed), "orthogonal",
                        sample_input=jnp.zeros((1, 16)))  # fmt: skip
    assert new["w"].sharding == sharding


class Small(linen.Module):
    """A convolution, a normalization and an output."""

    @linen.compact
    def __call__(self, x: Any) -> Any:
        x = linen.relu(linen.BatchNorm(use_running_average=True)(linen.Conv(4, (3, 3))(x)))
        return linen.Dense(5)(x.mean((1, 2)))


def test_what_the_scheme_leaves_alone_has_the_module_s_own_values() -> None:
    module, x = Small(), jnp.ones((1, 8, 8, 3))
    variables, _ = initialize(module, {"output": "zeros"}, seed=4, sample_input=x)
    own = jax.jit(module.init)({"params": jax.random.key(4), "dropout": KEY}, x)
    assert not variables["params"]["Dense_0"]["kernel"].any()
    own["params"]["Dense_0"]["kernel"] = variables["params"]["Dense_0"]["kernel"]
    same = jax.tree.map(lambda a, b: bool(abs(a - b).max() < 1e-6), variables, own)
    assert all(jax.tree.leaves(same))
    again, _ = initialize((module.apply, own), "orthogonal", sample_input=x)
    assert (again["batch_stats"]["BatchNorm_0"]["var"] == 1).all()
    assert abs(again["params"]["Dense_0"]["kernel"]).max() > 0


def test_weights_spread_over_devices_stay_there_with_the_same_values() -> None:
    script = """
        import jax, jax.numpy as jnp, numpy as np
        from jax.sharding import Mesh, NamedSharding, PartitionSpec
        from initcore_jax import initialize

        def net(p, x):
            return jax.nn.relu(x @ p["a"]) @ p["b"]

        here = {"a": jnp.zeros((16, 32)), "b": jnp.zeros((32, 8))}
        mesh = Mesh(np.array(jax.devices()), ("x",))
        sharding = NamedSharding(mesh, PartitionSpec(None, "x"))
        spread = jax.device_put(here, sharding)
        sample = jnp.zeros((1, 16))
        one, _ = initialize((net, here), "orthogonal", sample_input=sample)
        two, _ = initialize((net, spread), "orthogonal", sample_input=sample)
        assert two["a"].sharding == sharding and len(two["a"].sharding.device_set) == 4
        assert max(abs(np.asarray(one[n]) - np.asarray(two[n])).max() for n in "ab") < 2e-5
        print("same")
    """
    four = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    flags = {"XLA_FLAGS": four, "JAX_PLATFORMS": "cpu"}
    root = Path(__file__).parents[2]
    where = {"PYTHONPATH": os.pathsep.join([str(root), str(root / "adapters")])}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env={**os.environ, **flags, **where},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "same", done.stderr


def test_the_example_of_the_page_prints_what_the_page_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "jax.md").read_text("utf-8")
    section = page.split("## Whole models\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", section, flags=re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": "page"})
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == shown.splitlines()
