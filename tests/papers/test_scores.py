"""SNIP, GraSP and SynFlow on a real net and batch: their definitions, and masks from them."""

import copy
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import initcore
import initcore_jax
import initcore_torch
from initcore import density

STEP = 1e-4
# Central differences are off by the third derivative times STEP**2 / 6, and by rounding of the loss
# over STEP (of STEP**2 for second ones).
CLOSE = {"snip": 1e-7, "grasp": 1e-5}


class Net(torch.nn.Sequential):
    """Two convolutions with normalization between them, dropout, and a dense layer."""

    def __init__(self) -> None:
        super().__init__(
            torch.nn.Conv2d(1, 3, 3, stride=2),
            torch.nn.BatchNorm2d(3),
            torch.nn.Softplus(),
            torch.nn.Conv2d(3, 4, 2),
            torch.nn.Tanh(),
            torch.nn.Flatten(),
            torch.nn.Linear(16, 10),
        )


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net().double()


def batch(n: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load_digits(return_X_y=True)
    return torch.from_numpy(x[:n] / 16).view(-1, 1, 8, 8), torch.from_numpy(y[:n]).long()


def state(net: torch.nn.Module) -> list[Any]:
    found: list[Any] = [t.clone() for t in net.state_dict().values()]
    found += [m.training for m in net.modules()]
    return found + [None if p.grad is None else p.grad.clone() for p in net.parameters()]


def unchanged(before: list[Any], net: torch.nn.Module) -> bool:
    after = state(net)
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a is b
        for a, b in zip(before, after, strict=True)
    )


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


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(net: Net, training: bool) -> None:
    x, y = batch()
    net.train(training)
    net[4].train(not training)
    cross_entropy(net(x), y).backward()
    before = state(net)
    initcore_torch.snip(net, cross_entropy, x, y)
    assert unchanged(before, net)
    initcore_torch.grasp(net, cross_entropy, (x,), y)
    assert unchanged(before, net)
    initcore_torch.synflow(net, (1, 1, 8, 8), 0.1, rounds=3)
    assert unchanged(before, net)
    with pytest.raises(ValueError, match="could not call Net"):
        initcore_torch.synflow(net, (1, 1, 2, 2), 0.1)
    assert unchanged(before, net)
    net.train(not training)
    assert not unchanged(before, net)


def test_the_twin_that_runs_the_model_itself_is_seen(net: Net) -> None:
    x, y = batch()
    before = state(net)
    net.train()(x)  # moves the running means
    assert not unchanged(before, net)
    before = state(net)
    cross_entropy(net.eval()(x), y).backward()
    net.train()
    assert not unchanged(before, net)


def test_frozen_parameters_and_no_grad_change_nothing(net: Net) -> None:
    x, y = batch()
    net.eval()
    expected = initcore_torch.grasp(net, cross_entropy, x, y)
    net.requires_grad_(False)
    with torch.no_grad():
        found = initcore_torch.grasp(net, cross_entropy, {"input": x}, y)
    assert all(torch.equal(found[n], expected[n]) for n in expected)


def test_the_names_say_which_parameters_are_scored(net: Net) -> None:
    x, y = batch()
    found = initcore_torch.snip(net, cross_entropy, x, y, parameters=["6.bias", "0.weight"])
    assert list(found) == ["0.weight", "6.bias"]
    with pytest.raises(
        ValueError, match=r"snip needs parameters of the model .*, got .*'7.weight'"
    ):
        initcore_torch.snip(net, cross_entropy, x, y, parameters=["7.weight"])
    with pytest.raises(ValueError, match="grasp needs parameters of the model to score, got none"):
        initcore_torch.grasp(torch.nn.BatchNorm2d(3), cross_entropy, x, y)


def plain(depth: int, width: int) -> torch.nn.Sequential:
    """Convolutions that narrow: the wide layers have the small scores of one shot."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = [torch.nn.Conv2d(1, width, 3, padding=1), torch.nn.ReLU()]
    for i in range(depth):
        channels = [width, 2 * width] if i % 2 == 0 else [2 * width, width]
        layers += [torch.nn.Conv2d(*channels, 3, padding=1), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(width * 64, 10))


def test_synflow_leaves_no_layer_empty_where_one_shot_does() -> None:
    net = plain(8, 16)
    x, y = batch()
    for wanted in (1e-2, 1e-3):
        scores = initcore_torch.synflow(net, (1, 1, 8, 8), wanted)
        masks = initcore_torch.masks_from_scores(scores, wanted)
        total = sum(m.numel() for m in masks.values())
        assert sum(int(m.sum()) for m in masks.values()) == round(wanted * total)
        assert all(m.any() for m in masks.values())
        assert all((scores[n][m] > 0).all() for n, m in masks.items())
    for twin in (
        initcore_torch.snip(net, cross_entropy, x.float(), y),
        initcore_torch.synflow(net, (1, 1, 8, 8), 1e-3, rounds=1),
    ):
        once = initcore_torch.masks_from_scores(twin, 1e-3)
        assert not all(m.any() for m in once.values())


def test_the_synaptic_flow_is_the_same_through_every_layer() -> None:
    net = plain(4, 8)
    scores = initcore_torch.synflow(net, (1, 1, 8, 8), 0.5, rounds=1)
    sums = [float(s.sum()) for s in scores.values()]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-12)
    # The twin with the paths that start at biases: each layer's sum lacks those behind it.
    total = torch.nn.Sequential(*(copy.deepcopy(layer) for layer in net)).double()
    for p in total.parameters():
        p.data.abs_()
    total(torch.ones(1, 1, 8, 8, dtype=torch.float64)).sum().backward()
    sums = [float((p * p.grad).detach().sum()) for p in total.parameters() if p.ndim > 1]
    assert sums[-1] > 1.01 * sums[0]


def test_synflow_goes_where_float32_overflows_and_says_where_float64_does() -> None:
    def deep(depth: int) -> torch.nn.Sequential:
        return torch.nn.Sequential(*[torch.nn.Linear(64, 64) for _ in range(depth)])

    scores = initcore_torch.synflow(deep(120), (1, 64), 0.2, rounds=2)
    assert all(torch.isfinite(s).all() for s in scores.values())
    assert max(float(s.max()) for s in scores.values()) > torch.finfo(torch.float32).max
    with pytest.raises(OverflowError, match="paths add up to a float64, got no finite"):
        initcore_torch.synflow(deep(1200), (1, 64), 0.2)


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


def test_sparse_orthogonal_kernels_take_their_counts_from_scores() -> None:
    net = plain(4, 8).double()
    scores = initcore_torch.synflow(net, (1, 1, 8, 8), 0.08)
    least = {n: max(s.shape[:2]) for n, s in scores.items()}
    found = density.from_scores(scores, 0.08, least=least)
    kept = 0
    for seed, (name, d) in enumerate(found.items()):
        shape = tuple(scores[name].shape)
        mask = initcore.sparse_orthogonal_mask(
            initcore.Rng(seed), shape, density=d, tap_density="more"
        )
        # A convolution's count is exact; a matrix may have half a rotation more.
        more = int(mask.sum()) - round(d * mask.size)
        assert 0 <= more <= (0 if len(shape) > 2 else min(shape) / 2)
        kept += int(mask.sum()) - more
    assert kept == round(0.08 * sum(s.numel() for s in scores.values()))


LAYERS = st.lists(
    st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(lambda s: np.array(s, float)),
    min_size=1, max_size=5,
)  # fmt: skip


@given(scores=LAYERS, wanted=st.floats(0, 1))
def test_the_largest_are_kept_exactly_with_ties(scores: list[np.ndarray], wanted: float) -> None:
    masks = density.masks_from_scores(scores, wanted)
    flat, kept = np.concatenate(scores), np.concatenate(masks)
    assert kept.sum() == round(wanted * flat.size)
    if kept.any() and not kept.all():
        edge = flat[kept].min()
        assert edge >= flat[~kept].max()
        tied = kept[flat == edge]
        assert (np.sort(tied)[::-1] == tied).all()  # the first of them
    found = density.from_scores(scores, wanted)
    assert [round(d * s.size) for d, s in zip(found, scores, strict=True)] == [
        m.sum() for m in masks
    ]


@given(scores=LAYERS, least=st.integers(0, 2))
def test_every_layer_keeps_the_least_asked_for(scores: list[np.ndarray], least: int) -> None:
    floors = [min(least, s.size) for s in scores]
    total = sum(s.size for s in scores)
    wanted = min(1.0, (sum(floors) + 2) / total)
    masks = density.masks_from_scores(scores, wanted, least=floors)
    assert sum(m.sum() for m in masks) == round(wanted * total)
    for s, m, floor in zip(scores, masks, floors, strict=True):
        assert m.sum() >= floor
        assert not m.any() or m.all() or s[m].min() >= s[~m].max()


def test_masks_are_of_the_scores_shape_name_and_device() -> None:
    scores = {"b": torch.tensor([[1.0, 4.0]], dtype=torch.bfloat16), "a": torch.tensor([[2.0]])}
    masks = initcore_torch.masks_from_scores(scores, 2 / 3)
    assert {n: m.tolist() for n, m in masks.items()} == {"b": [[False, True]], "a": [[True]]}
    assert masks["a"].dtype == torch.bool
    assert density.from_scores(scores, 2 / 3) == {"b": 0.5, "a": 1.0}


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
