"""`initcore_jax.initialize` finds activations, normalizations and attention written out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore
from initcore_jax import initialize

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
