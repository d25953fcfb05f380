"""Masks hold through real steps of real optimizers, and end as sparse tensors."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import initcore_torch as init

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, groups=1), nn.Tanh(), nn.Flatten(), nn.Linear(72, 10)
    )


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load_digits(return_X_y=True)
    return torch.from_numpy(x[:64] / 16).float().view(-1, 1, 8, 8), torch.from_numpy(y[:64]).long()


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, n: int = 40) -> list[float]:
    x, y = batch()
    losses = []
    for _ in range(n):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def masks_of(model: nn.Module, density: float = 0.3) -> dict[str, torch.Tensor]:
    x, y = batch()
    return init.masks_from_scores(init.snip(model, nn.functional.cross_entropy, x, y), density)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_neither_momentum_nor_weight_decay_revives_a_zero(name: str) -> None:
    model = net()
    masks = masks_of(model)
    # Trained before the masks, so that every weight is pulled at.
    optimizer = OPTIMIZERS[name](model.parameters())
    steps(model, optimizer, 3)
    assert init.apply_masks(model, masks) is model
    losses = steps(model, OPTIMIZERS[name](model.parameters()))
    assert losses[-1] < 0.8 * losses[0]
    for key, mask in masks.items():
        layer = model.get_submodule(key.rpartition(".")[0])
        assert not layer.weight[~mask].any()
        assert layer.weight[mask].all()
        assert not layer.parametrizations.weight.original[~mask].any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_zeros_alone_do_not_stay(name: str) -> None:
    # The twin without parametrization: zeroed once, or gradients of zeros left alone.
    model = net()
    masks = masks_of(model)
    with torch.no_grad():
        for key, mask in masks.items():
            model.get_parameter(key).mul_(mask)
    steps(model, OPTIMIZERS[name](model.parameters()), 3)
    assert any(model.get_parameter(key)[~mask].any() for key, mask in masks.items())


def test_even_what_is_written_outside_the_mask_is_not_seen() -> None:
    model = net()
    masks = masks_of(model)
    init.apply_masks(model, masks)
    layer, mask = model[3], masks["3.weight"]
    with torch.no_grad():
        layer.parametrizations.weight.original.fill_(float("nan"))
    assert not layer.weight[~mask].any()
    layer.weight = torch.ones(10, 72)
    assert torch.equal(layer.weight, mask.float())
    assert torch.equal(layer.parametrizations.weight.original, mask.float())


def test_removing_the_masks_leaves_plain_parameters_with_exact_zeros() -> None:
    model = net()
    masks = masks_of(model)
    nn.utils.parametrizations.weight_norm(model[0])
    init.apply_masks(model, {"3.weight": masks["3.weight"]})
    steps(model, OPTIMIZERS["sgd"](model.parameters()))
    weight, x = model[3].weight.detach().clone(), batch()[0]
    before = model(x)
    assert init.remove_masks(model) is model
    assert type(model[3]) is nn.Linear
    assert isinstance(model[3].weight, nn.Parameter)
    assert torch.equal(model[3].weight, weight)
    assert not model[3].weight[~masks["3.weight"]].any()
    assert torch.equal(model(x), before)
    assert nn.utils.parametrize.is_parametrized(model[0])  # another's stays
    pickle.dumps(model[3])
    again = init.apply_masks(model, {"3.weight": masks["3.weight"]})
    assert torch.equal(again(x), before)


def test_states_copies_and_compiled_models_keep_the_masks() -> None:
    model = net()
    masks = masks_of(model)
    fresh = init.apply_masks(net(), {n: torch.ones_like(m) for n, m in masks.items()})
    init.apply_masks(model, masks)
    fresh.load_state_dict(model.state_dict())
    x = batch()[0]
    assert torch.equal(fresh(x), model(x))
    twin = copy.deepcopy(model)
    steps(twin, OPTIMIZERS["sgd"](twin.parameters()), 3)
    assert not twin[3].weight[~masks["3.weight"]].any()
    assert torch.equal(fresh(x), model(x))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), model(x))


def test_scores_of_a_masked_model_are_0_outside() -> None:
    model = net()
    masks = masks_of(model)
    init.apply_masks(model, masks)
    x, y = batch()
    scores = init.snip(model, nn.functional.cross_entropy, x, y)
    assert not scores["3.parametrizations.weight.original"][~masks["3.weight"]].any()


@pytest.mark.parametrize("layout", [torch.sparse_csr, torch.sparse_csc, torch.sparse_coo])
def test_the_sparse_matrix_computes_what_the_layer_does(layout: torch.layout) -> None:
    layer = nn.Linear(20, 30, dtype=torch.float64)
    init.sparse_orthogonal_(layer.weight, 0.2, seed=0)
    mask = init.sparse_orthogonal_mask(layer.weight, 0.2, seed=0)
    init.apply_masks(layer, {"weight": mask})
    sparse = init.to_sparse(layer, layout)
    assert sparse.layout == layout
    stored = sparse.coalesce() if layout == torch.sparse_coo else sparse
    assert stored._nnz() == int(torch.count_nonzero(layer.weight)) <= int(mask.sum())
    x = torch.randn(20, 4, dtype=torch.float64)
    y = (sparse @ x).T + layer.bias
    assert torch.allclose(y, layer(x.T), rtol=0, atol=1e-14)


@pytest.mark.parametrize("groups", [1, 2])
def test_the_sparse_matrix_of_a_convolution_multiplies_its_patches(groups: int) -> None:
    layer = nn.Conv2d(4, 6, 3, groups=groups, bias=False, dtype=torch.float64)
    init.sparse_orthogonal_(layer.weight, 0.5, seed=0, groups=groups)
    x = torch.randn(2, 4, 6, 6, dtype=torch.float64)
    patches = nn.functional.unfold(x, 3)
    sparse = init.to_sparse(layer)
    y = torch.stack([sparse @ p for p in patches]).view(2, 6, 4, 4)
    assert torch.allclose(y, layer(x), rtol=0, atol=1e-13)
    assert sparse._nnz() == int(torch.count_nonzero(layer.weight))


@pytest.mark.parametrize(
    "given",
    [
        {"shape": (40, 30)},
        {"shape": (16, 24, 3, 3), "tap_density": "more"},
        {"shape": (16, 6, 3), "groups": 4, "sampling": "matching"},
        {"shape": (16, 6, 3), "groups": 4, "transposed": True},
    ],
)
def test_the_mask_is_of_the_kernel_with_the_same_arguments(given: dict[str, Any]) -> None:
    given = dict(given)
    w = torch.empty(given.pop("shape"))
    mask = init.sparse_orthogonal_mask(w, 0.3, seed=4, **given)
    assert mask.dtype == torch.bool
    assert torch.equal(mask, init.sparse_orthogonal_mask(tuple(w.shape), 0.3, seed=4, **given))
    init.sparse_orthogonal_(w, 0.3, seed=4, **given)
    assert not w[~mask].any()
    assert int(mask.sum()) >= round(0.3 * w.numel())
    other = init.sparse_orthogonal_mask(w, 0.3, seed=5, **given)
    assert w[~other].any()
    torch.manual_seed(1)
    init.sparse_orthogonal_(w, 0.3, **given)
    torch.manual_seed(1)
    assert not w[~init.sparse_orthogonal_mask(w, 0.3, **given)].any()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: init.apply_masks(m, {"4.weight": torch.ones(1)}), ValueError, "got '4.weight'"),
        (lambda m: init.apply_masks(m, {"3.weight": torch.ones(10, 72)}), TypeError, "float32"),
        (lambda m: init.apply_masks(m, {"3.weight": [True]}), TypeError, "got list for '3.weight'"),
        (lambda m: init.apply_masks(m, {"3.weight": torch.ones(72, 10) > 0}), ValueError,
         r"shape \(10, 72\) for '3.weight', got \(72, 10\)"),
        (lambda m: init.apply_masks(init.apply_masks(m, {"3.weight": torch.ones(10, 72) > 0}),
         {"3.parametrizations.weight.original": torch.ones(10, 72) > 0}), ValueError,
         "taken off by remove_masks"),
        (lambda m: init.to_sparse(m[1]), TypeError, "Linear or Conv1d to Conv3d layer, got Tanh"),
        (lambda m: init.to_sparse(nn.ConvTranspose1d(2, 2, 2)), TypeError, "got ConvTranspose1d"),
        (lambda m: init.to_sparse(m[3], torch.strided), ValueError, "got torch.strided"),
        (lambda m: init.sparse_orthogonal_mask(m[3].weight, 2.0), ValueError,
         "^sparse_orthogonal_mask needs density .* got 2.0"),
        (lambda m: init.sparse_orthogonal_mask(m[3].weight, 0.001), ValueError,
         r"^sparse_orthogonal_mask needs a density of at least .*tensor of shape \(10, 72\)"),
        (lambda m: init.sparse_orthogonal_mask((3,), 0.5), ValueError, "2 to 5 axes"),
    ],
)  # fmt: skip
def test_bad_input_is_told_before_anything_is_changed(call: Any, error: type, text: str) -> None:
    model = net()
    with pytest.raises(error, match=text) as caught:
        call(model)
    assert "\n" not in str(caught.value)


def test_a_wrong_mask_among_good_ones_changes_nothing() -> None:
    model = net()
    good = torch.ones(8, 1, 3, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"for '3\.weight'"):
        init.apply_masks(model, {"0.weight": good, "3.weight": good})
    assert not nn.utils.parametrize.is_parametrized(model[0])
