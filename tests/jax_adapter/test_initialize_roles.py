"""`initcore_jax.initialize`: every weight's role, layout and activation, against tables by hand."""

from typing import Any

import equinox as eqx
import haiku as hk
import jax
import jax.numpy as jnp

from initcore_jax import initialize
from tests.tools.jax_models import (
    EquinoxImages,
    EquinoxTransformer,
    Images,
    LinenResNet,
    LinenTransformer,
    NnxTransformer,
)

KEY = jax.random.key(0)
OTHERS = ("bias", "normalization")


def report_of(model: Any, sample: Any = None) -> Any:
    found = initialize(model, "orthogonal", sample_input=sample)
    return found[1] if isinstance(found, tuple) else found


def kernels(report: Any) -> dict[str, tuple[str, str]]:
    """Role and activation of all weights but biases and normalizations."""
    found = [a.weight for a in report.values() if a.weight.role not in OTHERS]
    return {w.path: (w.role, w.activation_name) for w in found}


def others(report: Any) -> dict[str, str]:
    return {p: a.weight.role for p, a in report.items() if a.weight.role in OTHERS}


def test_flax_nnx_convolutions_and_normalizations_are_told_apart() -> None:
    report = report_of(Images(), jnp.zeros((1, 12, 12, 3)))
    assert kernels(report) == {
        "plain.kernel": ("first", "silu"),
        "grouped.kernel": ("grouped", "leaky_relu"),
        "depthwise.kernel": ("depthwise", "selu"),
        "up.kernel": ("transposed", "hard_tanh"),
        "back.kernel": ("transposed", "mish"),
        "head.kernel": ("output", "identity"),
    }
    norms = {f"{n}.{p}" for n in ("batch", "group") for p in ("scale", "bias")} | {"rms.scale"}
    assert {p for p, role in others(report).items() if role == "normalization"} == norms
    assert len(report) == 6 + 6 + len(norms)
    shapes = {p: a.shape for p, a in report.items() if "kernel" in p}
    assert shapes == {
        "plain.kernel": (8, 3, 3, 3), "grouped.kernel": (8, 4, 3, 3),
        "depthwise.kernel": (16, 1, 3, 3), "up.kernel": (6, 16, 2, 2),
        "back.kernel": (5, 6, 2, 2), "head.kernel": (6, 5),
    }  # fmt: skip
    assert report["grouped.kernel"].parameters["groups"] == 2
    assert report["depthwise.kernel"].parameters["groups"] == 8


def test_a_flax_nnx_transformer_is_seen_through() -> None:
    report = report_of(NnxTransformer(), jnp.zeros((2, 6), jnp.int32))
    assert kernels(report) == {
        "table.embedding": ("embedding", "identity"),
        "place": ("position", "identity"),
        "attention.query.kernel": ("attention_query", "identity"),
        "attention.key.kernel": ("attention_key", "identity"),
        "attention.value.kernel": ("attention_value", "identity"),
        "attention.out.kernel": ("attention_output", "identity"),
        "gate.kernel": ("feed_forward_in", "silu"),
        "up.kernel": ("feed_forward_in", "identity"),
        "down.kernel": ("feed_forward_out", "identity"),
        "head.kernel": ("output", "identity"),
    }
    assert others(report)["attention.query.bias"] == "bias"  # of two axes, as its kernel's outputs
    norms = {p for p, role in others(report).items() if role == "normalization"}
    assert norms == {"norms.0.scale", "norms.0.bias", "norms.1.scale"}
    assert report["attention.out.kernel"].shape == (16, 16)
    assert [len(b.layers) for b in report.network.branches] == [4, 3]


def test_a_linen_resnet_is_seen_through() -> None:
    report = report_of(LinenResNet(), jnp.zeros((1, 8, 8, 3)))
    assert kernels(report) == {
        "params/Conv_0/kernel": ("first", "relu"),
        "params/LinenBlock_0/Conv_0/kernel": ("hidden", "relu"),
        "params/LinenBlock_0/Conv_1/kernel": ("branch_last", "identity"),
        "params/LinenBlock_1/Conv_0/kernel": ("hidden", "relu"),
        "params/LinenBlock_1/Conv_1/kernel": ("branch_last", "identity"),
        "params/LinenBlock_1/Conv_2/kernel": ("skip_projection", "identity"),
        "params/Dense_0/kernel": ("output", "identity"),
    }
    norms = [p for p, role in others(report).items() if role == "normalization"]
    assert len(norms) == 12
    assert all("BatchNorm" in p for p in norms)
    assert len(report) == 7 + 12 + 1
    assert report.network.normalized


def test_a_linen_transformer_is_seen_through() -> None:
    report = report_of(LinenTransformer(), jnp.zeros((2, 5), jnp.int32))
    expected = {
        "params/table/embedding": ("embedding", "identity"),
        "params/place": ("position", "identity"),
        "params/head/kernel": ("output", "identity"),
    }
    for n in range(2):
        for name in ("query", "key", "value"):
            expected[f"params/attention{n}/{name}/kernel"] = (f"attention_{name}", "identity")
        expected[f"params/attention{n}/out/kernel"] = ("attention_output", "identity")
        expected[f"params/up{n}/kernel"] = ("feed_forward_in", "gelu")
        expected[f"params/down{n}/kernel"] = ("feed_forward_out", "identity")
    assert kernels(report) == expected
    assert others(report)["params/attention0/key/bias"] == "bias"
    assert others(report)["params/norm1/bias"] == "normalization"


def test_equinox_convolutions_and_attention_are_seen_through() -> None:
    report = report_of(EquinoxImages())
    assert kernels(report) == {
        "layers.0.weight": ("first", "tanh"),
        "layers.3.weight": ("grouped", "softplus"),
        "layers.5.weight": ("transposed", "relu"),
        "layers.7.weight": ("depthwise", "identity"),
        "layers.10.weight": ("output", "identity"),
    }
    assert others(report)["layers.1.weight"] == "normalization"
    report = report_of(EquinoxTransformer())
    assert kernels(report) == {
        "table.weight": ("embedding", "identity"),
        "attention.query_proj.weight": ("attention_query", "identity"),
        "attention.key_proj.weight": ("attention_key", "identity"),
        "attention.value_proj.weight": ("attention_value", "identity"),
        "attention.output_proj.weight": ("attention_output", "identity"),
        "mlp.layers.0.weight": ("feed_forward_in", "gelu_tanh"),
        "mlp.layers.1.weight": ("feed_forward_out", "identity"),
    }


def test_running_statistics_that_equinox_hands_over_are_a_normalization() -> None:
    class Net(eqx.Module):
        first: Any
        norm: Any
        last: Any

        def __init__(self) -> None:
            self.first, self.last = (eqx.nn.Linear(4, 4, key=KEY) for _ in range(2))
            self.norm = eqx.nn.BatchNorm(4, "batch", mode="batch")

        def __call__(self, x: Any, state: Any) -> Any:
            x, state = self.norm(self.first(x), state)
            return self.last(jax.nn.relu(x)), state

    model, state = eqx.nn.make_with_state(Net)()
    report = report_of(model, (jnp.zeros(4), state))
    assert kernels(report) == {
        "first.weight": ("first", "relu"), "last.weight": ("output", "identity"),
    }  # fmt: skip
    assert others(report)["norm.weight"] == others(report)["norm.bias"] == "normalization"


def test_haiku_networks_are_pairs_of_a_function_and_parameters() -> None:
    net = hk.transform(lambda x: hk.nets.MLP([8, 8, 2], activation=jax.nn.silu)(x))
    params = net.init(KEY, jnp.zeros((1, 4)))
    report = report_of((lambda p, x: net.apply(p, None, x), params), jnp.zeros((1, 4)))
    assert kernels(report) == {
        "mlp/~/linear_0/w": ("first", "silu"),
        "mlp/~/linear_1/w": ("hidden", "silu"),
        "mlp/~/linear_2/w": ("output", "identity"),
    }


def test_what_no_role_fits_is_left_alone_and_the_report_says_why() -> None:
    def net(p: Any, x: Any) -> Any:
        w = p["v"] / jnp.linalg.norm(p["v"], axis=0) * p["g"]
        y = jnp.where(x @ w >= 0, x @ w, p["slope"] * (x @ w))
        return (y @ p["out"]) * p["t"]

    params = {"v": jnp.ones((4, 4)), "g": jnp.ones(4), "slope": jnp.ones(()), "t": jnp.ones(()),
              "out": jnp.ones((4, 2)), "unused": jnp.ones(3)}  # fmt: skip
    new, report = initialize((net, params), "orthogonal", sample_input=jnp.zeros((1, 4)))
    assert set(report.untouched) == {"v", "g", "slope", "t", "unused"}
    assert "used through mul" in report.untouched["g"]
    assert "does not reach it" in report.untouched["unused"]
    assert "multiplier" in report.untouched["slope"]
    assert all((new[p] == params[p]).all() for p in report.untouched)
    assert report["out"].weight.role == "output"
