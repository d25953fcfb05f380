"""SNIP and GraSP on a real net and batch: their definitions, the same in PyTorch and JAX."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import initcore_jax
import initcore_torch
from initcore import density
from tests.tools.scored_net import Net, batch

STEP = 1e-4
# Central differences are off by the third derivative times STEP**2 / 6, and by rounding of the loss
# over STEP (of STEP**2 for second ones).
CLOSE = {"snip": 1e-7, "grasp": 1e-5}


def squared_gradient(net: torch.nn.Module, value: Callable[[], float]) -> float:
    """Of the weights, by central differences of the loss alone."""
    total = 0.0
    for p in net.parameters():
        if p.ndim > 1:
            flat = p.data.view(-1)
            for i in range(flat.numel()):
                total += slope(value, flat, i) ** 2
    return total


def slope(value: Callable[[], float], flat: torch.Tensor, i: int, step: float = STEP) -> float:
    at, found = float(flat[i]), []
    for sign in (1, -1):
        flat[i] = at + sign * step
        found.append(value())
    flat[i] = at
    return (found[0] - found[1]) / (2 * step)


@pytest.mark.parametrize("name", ["snip", "grasp"])
def test_the_scores_are_their_definitions_by_finite_differences(net: Net, name: str) -> None:
    x, y = batch(6)
    net.eval()

    def value() -> float:
        with torch.no_grad():
            return float(cross_entropy(net(x), y))

    scores = getattr(initcore_torch, name)(net, cross_entropy, x, y)
    assert list(scores) == ["0.weight", "3.weight", "6.weight"]
    generator = np.random.default_rng(0)
    for key, score in scores.items():
        flat = net.get_parameter(key).data.view(-1)
        for i in generator.choice(flat.numel(), 3, replace=False).tolist():
            w = float(flat[i])
            if name == "snip":
                wanted = abs(w * slope(value, flat, i))
            else:
                wanted = w * slope(lambda: squared_gradient(net, value), flat, i) / 2
            found = float(score.view(-1)[i])
            assert found == pytest.approx(wanted, abs=CLOSE[name] * float(score.abs().max()))
            # the other sign and the score without the weight are no such thing
            assert abs(found + wanted) > CLOSE[name] * float(score.abs().max())
            assert abs(found - wanted / w) > CLOSE[name] * float(score.abs().max())


def test_what_grasp_keeps_is_what_gradient_flow_needs(net: Net) -> None:
    x, y = batch()
    net.eval()
    scores = initcore_torch.grasp(net, cross_entropy, x, y)
    flow = {}
    for keep, sign in (("largest", 1), ("smallest", -1)):
        masks = initcore_torch.masks_from_scores({n: sign * s for n, s in scores.items()}, 0.95)
        pruned = Net().double().eval()
        pruned.load_state_dict(net.state_dict())
        with torch.no_grad():
            for name, mask in masks.items():
                pruned.get_parameter(name).mul_(mask)
        cross_entropy(pruned(x), y).backward()
        flow[keep] = sum(float((pruned.get_parameter(name).grad ** 2).sum()) for name in masks)
    assert flow["largest"] > flow["smallest"]


def forward(params: Any, x: Any) -> Any:
    """`Net` in evaluation, as a function of the same tensors."""

    def conv(x: Any, name: str, stride: int = 1) -> Any:
        y = jax.lax.conv_general_dilated(x, params[f"{name}.weight"], (stride,) * 2, "VALID")
        return y + params[f"{name}.bias"][:, None, None]

    x = conv(x, "0", 2) / np.sqrt(1 + 1e-5)
    x = params["1.weight"][:, None, None] * x + params["1.bias"][:, None, None]
    x = jnp.tanh(conv(jax.nn.softplus(x), "3"))
    return x.reshape(len(x), -1) @ params["6.weight"].T + params["6.bias"]


def loss(params: Any, x: Any, y: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(forward(params, x)), y[:, None], 1).mean()


@pytest.mark.parametrize("name", ["snip", "grasp", "synflow"])
def test_torch_and_jax_give_the_same_scores_and_densities(net: Net, name: str) -> None:
    x, y = batch()
    net.eval()
    params = {n: p.detach().numpy() for n, p in net.named_parameters()}
    if name == "synflow":
        ours = initcore_torch.synflow(net, (1, 1, 8, 8), 0.1)
        theirs = initcore_jax.synflow(forward, params, (1, 1, 8, 8), 0.1)
    else:
        ours = getattr(initcore_torch, name)(net, cross_entropy, x, y)
        with jax.enable_x64(True):
            arrays = jax.tree.map(jnp.asarray, params)
            score = jax.jit(lambda p, x, y: getattr(initcore_jax, name)(loss, p, x, y))
            theirs = score(arrays, jnp.asarray(x.numpy()), jnp.asarray(y.numpy()))
    assert {n for n, s in theirs.items() if s is not None} == set(ours)
    assert theirs["0.bias"] is None
    for key, s in ours.items():
        size = float(s.abs().max())
        assert np.asarray(theirs[key]) == pytest.approx(s.numpy(), abs=1e-12 * size)
    for wanted in (0.1, 0.5):
        by_layer = initcore_jax.densities_from_scores(theirs, wanted)
        assert {n: d for n, d in by_layer.items() if d is not None} == density.from_scores(
            ours, wanted
        )


def test_an_equinox_model_is_scored_as_it_is() -> None:
    model = eqx.nn.MLP(64, 10, 16, 2, key=jax.random.key(0))
    x, y = (jnp.asarray(a.numpy()) for a in batch())
    x = x.reshape(len(x), 64).astype("float32")

    def its_loss(model: Any, x: Any, y: Any) -> Any:
        return -jnp.take_along_axis(jax.nn.log_softmax(jax.vmap(model)(x)), y[:, None], 1).mean()

    scores = initcore_jax.snip(its_loss, model, x, y)
    masks = initcore_jax.masks_from_scores(scores, 0.2)
    kept = [int(layer.weight.sum()) for layer in masks.layers]
    assert sum(kept) == round(0.2 * (64 * 16 + 16 * 16 + 160))
    assert masks.layers[0].bias is None
    g = eqx.filter_grad(its_loss)(model, x, y).layers[1].weight
    expected = np.asarray(abs(g * model.layers[1].weight))
    assert np.asarray(scores.layers[1].weight) == pytest.approx(expected, rel=1e-5)
    only = initcore_jax.snip(its_loss, model, x, y, where=lambda path, leaf: "[1]" in path)
    assert len(jax.tree.leaves(only)) == 2
    with pytest.raises(ValueError, match="snip needs a floating array of two or more axes"):
        initcore_jax.snip(lambda p: p["b"].sum(), {"b": jnp.ones(3)})
    with pytest.raises(OverflowError, match="paths add up to a float64, got no finite"):
        initcore_jax.synflow(
            lambda p, x: 1e308 * (x @ p["w"]), {"w": jnp.ones((9, 9))}, (1, 9), 0.5
        )


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda s: density.from_scores(s, 1.5), ValueError, r"density in \[0, 1\], got 1.5"),
        (lambda s: density.from_scores(s, "1"), TypeError, r"in \[0, 1\], got '1'"),
        (lambda s: density.from_scores([np.array([1, np.nan])], 0.5), ValueError, "got NaN"),
        (lambda s: density.from_scores({"a": np.ones(0)}, 0.5), ValueError, "layer 'a', got one w"),
        (lambda s: density.masks_from_scores(s, 0.1, least=2), ValueError, "the 4 weights of"),
        (lambda s: density.masks_from_scores(s, 0.5, least=9), ValueError, "between 0 and the 6"),
        (lambda s: density.masks_from_scores(s, 0.5, least=0.5), TypeError, "whole numbers, got 0"),
        (lambda s: density.prune_in_rounds(lambda m: s, s, 0.0), ValueError, r"in \(0, 1\], got 0"),
        (lambda s: density.prune_in_rounds(lambda m: s, s, 0.5, 0), ValueError, ">= 1, got 0"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call([np.ones((2, 3)), np.ones((2, 2))])
    assert "\n" not in str(caught.value)
