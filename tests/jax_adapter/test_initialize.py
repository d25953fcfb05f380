"""`initcore_jax.initialize`: what is exactly true afterwards, and errors that change nothing."""

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

import initcore
import initcore_jax
from initcore.networks import draw
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


@pytest.mark.parametrize("scheme", ["orthogonal", "idinit", "fixup", "sparse_orthogonal", "zero",
                                    "he_normal"])  # fmt: skip
def test_every_library_gets_its_own_structure_back_with_finite_outputs(scheme: str) -> None:
    tokens = jnp.arange(6)[None]
    model = NnxTransformer()
    graph = nnx.graphdef(model)
    assert len(initialize(model, scheme, sample_input=tokens)) == len(state(model))
    assert nnx.graphdef(model) == graph
    assert jnp.isfinite(nnx.jit(lambda model: model(tokens))(model)).all()
    for module, x in ((LinenResNet(), jnp.ones((1, 8, 8, 3))), (LinenTransformer(), tokens)):
        variables, report = initialize(module, scheme, sample_input=x)
        own = jax.eval_shape(module.init, KEY, x)
        assert jax.tree.map(jnp.shape, variables) == jax.tree.map(jnp.shape, own)
        assert len(report) == len(jax.tree.leaves(own["params"]))
        assert jnp.isfinite(jax.jit(module.apply)(variables, x)).all()
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


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"scheme": "ortogonal"}, ValueError, "did you mean orthogonal"),
        ({"scheme": "mirrored"}, ValueError, "needs a plain network"),
        ({"scheme": "lsuv"}, ValueError, "a batch of real data"),
        ({"seed": -1}, ValueError, "0 <= seed"),
        ({"overrides": {"*.kernle": "zeros"}}, ValueError, r"'\*.kernle'"),
        ({"overrides": {"head.kernel": "delta_orthogonal"}}, ValueError, "head.kernel"),
        ({"sample_input": jnp.zeros((2, 99))}, ValueError, "could not call Residual"),
        ({"scheme": "lsuv", "sample_input": jnp.zeros((2, 16))}, ValueError, "variance 0"),
    ],
)
def test_an_error_leaves_the_model_as_it_was(
    change: dict[str, Any], error: type[Exception], text: str
) -> None:
    model = Residual()
    before = state(model)
    with pytest.raises(error, match=text):
        initialize(model, **{"scheme": "orthogonal", **change})
    assert all((w == before[path]).all() for path, w in state(model).items())


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(TypeError, match=r"a pair \(function, parameters\), got dict"):
        initialize({"w": jnp.zeros(3)}, "orthogonal")
    with pytest.raises(ValueError, match=r"needs sample_input, what LinenResNet is called with"):
        initialize(LinenResNet(), "orthogonal")
    pair = (lambda p, x: x @ p, jnp.zeros((2, 2)))
    with pytest.raises(ValueError, match="needs sample_input"):
        initialize(pair, "orthogonal")
    with pytest.raises(TypeError, match=r"w: initialize|initialize: w needs a real floating dtype"):
        initialize((lambda p, x: x @ p["w"], {"w": jnp.zeros((2, 2), jnp.complex64)}), "orthogonal",
                   sample_input=jnp.zeros((1, 2)))  # fmt: skip
    with pytest.raises(ValueError, match="a stack that a loop runs over"):
        initialize(LinenScanned(), "lsuv", sample_input=jnp.ones((2, 8)))


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


def test_nothing_is_computed_to_find_the_roles() -> None:
    """A model that would fill 4 TiB, planned from shapes."""
    big = jax.ShapeDtypeStruct((2**20, 2**20), jnp.float32)
    params = {"a": big, "b": big, "c": big, "d": jnp.zeros(2**20)}

    def net(p: Any, x: Any) -> Any:
        return jnp.tanh(jnp.tanh(x @ p["a"]) @ p["b"]) @ p["c"] + p["d"]

    sample = jax.ShapeDtypeStruct((2**20, 2**20), jnp.float32)
    new, report = initialize((net, params), {"bias": "ones"}, sample_input=sample)
    assert report["b"].weight.role == "hidden"
    assert new["a"] is big
    assert (new["d"] == 1).all()


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


def test_what_the_scheme_leaves_alone_has_the_module_s_own_values() -> None:
    module, x = LinenResNet(), jnp.ones((1, 8, 8, 3))
    variables, _ = initialize(module, {"output": "zeros"}, seed=4, sample_input=x)
    own = jax.jit(module.init)({"params": jax.random.key(4), "dropout": KEY}, x)
    assert not variables["params"]["Dense_0"]["kernel"].any()
    own["params"]["Dense_0"]["kernel"] = variables["params"]["Dense_0"]["kernel"]
    same = jax.tree.map(lambda a, b: bool(abs(a - b).max() < 1e-6), variables, own)
    assert all(jax.tree.leaves(same))
    again, _ = initialize((module.apply, own), "orthogonal", sample_input=x)
    assert (again["batch_stats"]["BatchNorm_0"]["var"] == 1).all()
    assert abs(again["params"]["Dense_0"]["kernel"]).max() > 0


def test_models_are_called_as_in_evaluation_and_stay_in_the_mode_they_were_in() -> None:
    class Net(nnx.Module):
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.a, self.norm = nnx.Linear(4, 4, rngs=rngs), nnx.BatchNorm(4, rngs=rngs)
            self.drop = nnx.Dropout(0.5, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return self.drop(self.norm(self.a(x)))

    model = Net()
    report = initialize(model, "orthogonal")
    assert report["norm.scale"].weight.role == "normalization"
    assert not model.drop.deterministic
    assert not model.norm.use_running_average
    assert int(model.drop.rngs.count[...]) == 0
    inside = initcore_jax.initialize(eqx.nn.Sequential([
        eqx.nn.Linear(4, 4, key=KEY), eqx.nn.Dropout(0.5)
    ]), "orthogonal")[0]  # fmt: skip
    assert not inside.layers[1].inference


def test_a_learned_slope_is_no_activation_and_shared_ends_are_refused_by_mirrored() -> None:
    def net(p: Any, x: Any) -> Any:
        y = x @ p["a"]
        return jnp.where(y >= 0, y, p["slope"] * y) @ p["a"]

    params = {"a": jnp.eye(4), "slope": jnp.ones(())}
    _, report = initialize((net, params), "orthogonal", sample_input=jnp.zeros((1, 4)))
    assert report["a"].weight.activation == "identity"
    with pytest.raises(ValueError, match="a is used 2 times"):
        initialize((net, params), "mirrored", sample_input=jnp.zeros((1, 4)))


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
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
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
