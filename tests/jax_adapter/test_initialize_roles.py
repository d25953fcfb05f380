"""`initcore_jax.initialize`: every weight's role, layout and activation, against tables by hand."""

from typing import Any

import equinox as eqx
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import initcore
from initcore_jax import initialize
from tests.tools.jax_models import (
    EquinoxImages,
    EquinoxTransformer,
    Images,
    LinenResNet,
    LinenScanned,
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


@pytest.mark.parametrize(("cell", "gates"), [
    (eqx.nn.LSTMCell, 4), (eqx.nn.GRUCell, 3),
])  # fmt: skip
@pytest.mark.parametrize("scanned", [False, True])
def test_equinox_cells_have_their_gates_drawn_one_by_one(
    cell: Any, gates: int, scanned: bool
) -> None:
    model = cell(5, 8, key=KEY)
    h = (jnp.zeros(8), jnp.zeros(8)) if gates == 4 else jnp.zeros(8)

    def run(model: Any, xs: Any) -> Any:
        return jax.lax.scan(lambda h, x: (model(x, h), None), h, xs)[0]

    if scanned:
        new, report = initialize((run, model), "idinit", sample_input=jnp.zeros((6, 5)))
    else:
        new, report = initialize(model, "idinit", sample_input=(jnp.zeros(5), h))
    assert kernels(report) == {
        "weight_ih": ("recurrent", "identity"), "weight_hh": ("recurrent", "identity"),
    }  # fmt: skip
    assert not report.untouched
    for gate in jnp.split(new.weight_hh, gates):  # the sums inside of a cell end no branch
        assert abs(gate - jnp.eye(8)).max() < 1e-5


def test_flax_recurrences_are_found_inside_their_scans() -> None:
    rngs = nnx.Rngs(0)
    for cell, gates in ((nnx.OptimizedLSTMCell, 4), (nnx.GRUCell, 3), (nnx.SimpleCell, 1)):
        model = nnx.Sequential(nnx.RNN(cell(5, 8, rngs=rngs)), nnx.Linear(8, 2, rngs=rngs))
        report = report_of(model, jnp.zeros((2, 6, 5)))
        found = {a.weight.path: (a.weight.role, a.weight.parts) for a in report.values()
                 if "kernel" in a.weight.path}  # fmt: skip
        assert found == {
            "layers.0.cell.dense_i.kernel": ("recurrent", gates),
            "layers.0.cell.dense_h.kernel": ("recurrent", gates),
            "layers.1.kernel": ("output", 1),
        }
        hidden = np.asarray(model.layers[0].cell.dense_h.kernel[...], np.float64)
        for gate in np.split(hidden, gates, axis=1):
            assert abs(gate @ gate.T - np.eye(8)).max() < 1e-5
    for linen_cell, count in ((linen.LSTMCell, 8), (linen.OptimizedLSTMCell, 8),
                              (linen.GRUCell, 6)):  # fmt: skip
        report = report_of(linen.RNN(linen_cell(8)), jnp.zeros((2, 6, 5)))
        assert [role for role, _ in kernels(report).values()] == ["recurrent"] * count
        assert not report.untouched


def test_layers_stacked_for_a_scan_are_drawn_one_by_one_and_counted_as_what_they_are() -> None:
    variables, report = initialize(
        LinenScanned(), "orthogonal", seed=3, sample_input=jnp.zeros((2, 8))
    )
    assert len(report.network.branches) == 5
    up, down = (report[f"params/layers/Dense_{n}/kernel"] for n in (0, 1))
    assert (up.weight.role, up.weight.activation) == ("first", "relu")
    assert down.weight.ends_branch
    assert down.parameters["gain"] == pytest.approx(5**-0.5)
    assert "5 weights in one array" in up.why
    stack = np.asarray(variables["params"]["layers"]["Dense_0"]["kernel"], np.float64)
    assert stack.shape == (5, 8, 32)
    for w in stack:
        assert abs(w @ w.T - 2 * np.eye(8)).max() < 1e-5
    assert abs(stack[0] - stack[1]).max() > 0.1


def test_layers_picked_by_the_counter_of_a_loop_are_a_stack_too() -> None:
    def net(params: Any, x: Any) -> Any:
        x = jax.lax.fori_loop(0, 4, lambda i, x: x + jnp.tanh(x @ params["w"][i]), x)
        return x @ params["head"]

    params = {"w": jnp.zeros((4, 8, 8)), "head": jnp.zeros((8, 2))}
    new, report = initialize((net, params), "orthogonal", sample_input=jnp.zeros((1, 8)))
    assert len(report.network.branches) == 4
    assert report["w"].shape == (32, 8)
    assert report["head"].weight.role == "output"
    for w in new["w"]:
        assert abs(w @ w.T - jnp.eye(8) / 4).max() < 1e-6


def attend(q: Any, k: Any, v: Any) -> Any:
    mask = jnp.tril(jnp.ones((q.shape[1], k.shape[1]), bool))
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / jnp.sqrt(q.shape[-1])
    p = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf))
    return jnp.einsum("bhqk,bkhd->bqhd", p, v)


@pytest.mark.parametrize("attention", [attend, jax.nn.dot_product_attention])
def test_attention_spelled_out_is_recognised(attention: Any) -> None:
    def net(p: Any, x: Any) -> Any:
        q, k, v = (jnp.einsum("btd,dhk->bthk", x, p[n]) for n in "qkv")
        return x + jnp.einsum("bthk,hkd->btd", attention(q, k, v), p["o"])

    params = {n: jnp.zeros((8, 2, 4)) for n in "qkv"} | {"o": jnp.zeros((2, 4, 8))}
    report = report_of((net, params), jnp.zeros((2, 5, 8)))
    assert {p: a.weight.role for p, a in report.items()} == {
        "q": "attention_query", "k": "attention_key", "v": "attention_value",
        "o": "attention_output",
    }  # fmt: skip
    assert {a.shape for a in report.values()} == {(8, 8)}

    def fused(p: Any, x: Any) -> Any:
        q, k, v = (y.reshape(2, 5, 2, 4) for y in jnp.split(x @ p["qkv"], 3, -1))
        return x + attention(q, k, v).reshape(2, 5, 8) @ p["o"]

    params = {"qkv": jnp.zeros((8, 24)), "o": jnp.zeros((8, 8))}
    report = report_of((fused, params), jnp.zeros((2, 5, 8)))
    assert report["qkv"].weight.role == "attention_query_key_value"
    assert report["qkv"].parameters["groups"] == 3


NAMES = ("relu", "relu6", "hard_tanh", "leaky_relu", "selu", "gelu_tanh", "silu", "softplus",
         "soft_sign", "log_sigmoid", "sigmoid", "tanh", "mish", "hard_silu", "squareplus",
         "sparse_plus")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_of_jax_is_found_by_name(name: str) -> None:
    function = getattr(jax.nn, {"gelu_tanh": "gelu"}.get(name, name))

    def net(p: Any, x: Any) -> Any:
        return function(x @ p["a"] + p["b"]) @ p["c"]

    params = {"a": jnp.zeros((4, 8)), "b": jnp.zeros(8), "c": jnp.zeros((8, 2))}
    report = report_of((net, params), jnp.zeros((1, 4)))
    assert report["a"].weight.activation == name
    assert report["c"].weight.activation == "identity"


@pytest.mark.parametrize("name", ["relu", "silu", "tanh", "softplus", "leaky_relu"])
def test_in_half_precision_activations_have_their_gains_but_for_rounded_constants(
    name: str,
) -> None:
    def net(p: Any, x: Any) -> Any:
        return getattr(jax.nn, name)(x @ p["a"]) @ p["c"]

    gains = []
    for dtype in (jnp.float32, jnp.bfloat16):
        params = {"a": jnp.zeros((4, 8), dtype), "c": jnp.zeros((8, 2), dtype)}
        report = report_of((net, params), jnp.zeros((1, 4), dtype))
        assert name == "leaky_relu" or report["a"].weight.activation == name
        gains.append(report["a"].parameters["gain"])
    # 0.01 in bfloat16 is off by less than 2**-9 of it, and counts by its square of 1e-4.
    assert gains[0] == pytest.approx(gains[1], rel=1e-6)


def test_a_new_activation_is_used_as_it_is() -> None:
    def net(p: Any, x: Any) -> Any:
        y = x @ p["a"]
        return (jnp.sin(y) * jnp.exp(-(y**2))) @ p["b"]

    params = {"a": jnp.zeros((4, 8)), "b": jnp.zeros((8, 2))}
    report = report_of((net, params), jnp.zeros((1, 4)))
    wanted = initcore.theory.isometric(lambda x: np.sin(x) * np.exp(-(x**2)), 2)
    lifts = (wanted.q - wanted.sigma_b**2) ** 0.5
    assert report["b"].parameters["gain"] == pytest.approx(wanted.gain / lifts, rel=1e-6)


def test_normalizations_spelled_out_are_recognised_and_passed() -> None:
    def net(p: Any, x: Any) -> Any:
        x = x @ p["a"]
        x = jax.nn.relu(x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * p["s"]) @ p["b"]
        x = (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5)
        x = jax.nn.softplus(x) @ p["c"]
        x = jax.nn.mish(jax.nn.standardize(x)) @ p["d"]
        return jax.nn.log_softmax(x)

    params = {n: jnp.zeros((8, 8)) for n in "abcd"} | {"s": jnp.zeros(8)}
    report = report_of((net, params), jnp.zeros((2, 8)))
    assert kernels(report) == {
        "a": ("first", "relu"), "b": ("hidden", "softplus"), "c": ("hidden", "mish"),
        "d": ("output", "identity"),
    }  # fmt: skip
    assert others(report) == {"s": "normalization"}


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
