"""Whole models: roles from modules and names, keys from paths, everything or nothing written."""

import doctest
import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest
import torch

import initcore_torch
from initcore import Rng, specs

WHY = "MLX has wheels for Apple silicon and for Linux on x86-64 only"
mx = pytest.importorskip("mlx.core", reason=WHY)
nn = pytest.importorskip("mlx.nn", reason=WHY)
init = pytest.importorskip("initcore_mlx", reason=WHY)
flat = pytest.importorskip("mlx.utils", reason=WHY).tree_flatten


def values(model: Any) -> dict[str, Any]:
    return {path: np.array(a) for path, a in flat(model.parameters())}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def convolutional() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5),
        nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.GELU(), nn.Conv2d(8, 8, 1), mx.tanh),
        lambda x: x.reshape(x.shape[0], -1), nn.Linear(32, 5),
    )  # fmt: skip


def test_a_sequential_tells_roles_and_activations() -> None:
    model = convolutional()
    report = init.initialize(model, "orthogonal", seed=3)
    weights = {path: a.weight for path, a in report.items()}
    assert report.by_name == ()
    assert {p: (w.role, w.activation) for p, w in weights.items() if p.endswith("weight")} == {
        "layers.0.weight": ("first", "relu"),
        "layers.1.weight": ("normalization", "identity"),
        "layers.5.layers.0.weight": ("depthwise", "gelu"),
        "layers.5.layers.2.weight": ("hidden", "tanh"),
        "layers.7.weight": ("output", "identity"),
    }
    assert report["layers.0.weight"].parameters["gain"] == pytest.approx(2**0.5)
    assert not [path for path in report if "running" in path]


def test_weights_are_the_core_s_from_seed_and_path_alone() -> None:
    for model in (convolutional(), nn.Sequential(nn.Linear(6, 8), nn.GRU(8, 4), nn.Linear(4, 2))):
        report = init.initialize(model, "orthogonal", seed=3)
        for path, w in values(model).items():
            if path in report:
                a = report[path]
                rng = Rng(3).fold_in(path)
                wanted = specs[a.name].function(rng, a.shape, **a.parameters)
                assert np.array_equal(np.moveaxis(w, -1, 1) if w.ndim > 1 else w, wanted), path


@pytest.mark.parametrize("scheme", ["orthogonal", "idinit", "he_normal", "mirrored", "fixup"])
def test_a_chain_has_pytorch_s_weights(scheme: str) -> None:
    ours = nn.Sequential(
        nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4)
    )
    theirs = torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(),
        torch.nn.Linear(16, 4),
    )  # fmt: skip
    init.initialize(ours, scheme, seed=1, paths=lambda p: p.removeprefix("layers."))
    initcore_torch.initialize(theirs, scheme, seed=1)
    for path, w in theirs.named_parameters():
        # PyTorch's matrix products round differently from NumPy's.
        assert values(ours)[f"layers.{path}"] == pytest.approx(w.detach().numpy(), abs=1e-6)


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.encoder = nn.TransformerEncoder(1, 8, 2, 16)
        self.pair = nn.Bilinear(8, 8, 4)
        self.up = nn.ConvTranspose1d(4, 6, 3)
        self.memory = nn.LSTM(6, 4)
        self.activation = nn.PReLU()
        self.free = [mx.zeros((4, 4))]
        self.mask = mx.ones((4, 4), dtype=mx.bool_)


def test_other_models_are_read_by_modules_and_names_and_say_so() -> None:
    model = Mixed()
    report = init.initialize(model, "orthogonal", seed=0)
    kinds = {path: (a.weight.parameter.kind, a.weight.role) for path, a in report.items()}
    layer = "encoder.layers.0"
    assert kinds["embed.weight"] == ("embedding", "embedding")
    assert kinds[f"{layer}.attention.query_proj.weight"] == ("kernel", "attention_query")
    assert kinds[f"{layer}.attention.value_proj.weight"] == ("kernel", "attention_value")
    assert kinds[f"{layer}.linear2.weight"] == ("kernel", "feed_forward_out")
    assert kinds[f"{layer}.ln1.weight"] == ("scale", "normalization")
    assert kinds["memory.Wh"] == ("recurrent", "recurrent")
    assert kinds["memory.bias"] == ("bias", "bias")
    assert report["pair.weight"].shape == (4, 64)
    assert kinds["up.weight"] == ("kernel", "transposed")
    assert report["free.0"].name == "orthogonal"
    assert set(report.untouched) == {"activation.weight", "mask"}
    assert "could not be traced (what calls Mixed makes is not known)" in report.headline
    gates = np.array(model.memory.Wh).reshape(4, 4, 4)
    assert gates @ np.swapaxes(gates, 1, 2) == pytest.approx(np.stack([np.eye(4)] * 4), abs=1e-5)


def test_a_module_of_one_s_own_in_a_sequential_is_not_called() -> None:
    class Counter(nn.Module):
        calls = 0

        def __call__(self, x: Any) -> Any:
            type(self).calls += 1
            return x

    report = init.initialize(nn.Sequential(nn.Linear(2, 2), Counter()), "orthogonal")
    assert Counter.calls == 0
    assert "what calls layers.1 makes is not known" in report.headline


def test_frozen_and_tied_weights_and_dtypes_stay_what_they_are() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.BatchNorm(4))
    model.layers[0].freeze()
    model.layers[2].weight = model.layers[1].weight
    model.set_dtype(mx.bfloat16)
    model.layers[2].weight = model.layers[1].weight
    before = {p: a.astype(mx.float32).tolist() for p, a in flat(model.parameters())}
    report = init.initialize(model, "orthogonal", seed=0)
    after = dict(flat(model.parameters()))
    assert all(a.dtype == mx.bfloat16 for a in after.values())
    for path in ("layers.0.weight", "layers.0.bias", "layers.3.running_var"):
        assert after[path].astype(mx.float32).tolist() == before[path]
    assert report["layers.0.weight"].why.startswith("frozen")
    assert report["layers.1.weight"].weight.parameter.aliases == ("layers.2.weight",)
    assert model.layers[2].weight is model.layers[1].weight
    w = np.array(model.layers[1].weight.astype(mx.float32))
    assert w @ w.T == pytest.approx(np.eye(4), abs=0.03)  # four roundings of 2**-8


def test_what_cannot_be_done_is_said_before_anything_is_changed() -> None:
    model = convolutional()
    before = values(model)
    with pytest.raises(ValueError, match="no scheme 'orthogonall'"):
        init.initialize(model, "orthogonall")
    with pytest.raises(ValueError, match="the scheme 'lsuv'"):
        init.initialize(model, "lsuv", sample_input=mx.zeros((1, 8, 8, 3)))
    with pytest.raises(ValueError, match=r"layers.7.weight"):
        init.initialize(model, "orthogonal", overrides={"layers.7.weight": "delta_orthogonal"})
    with pytest.raises(TypeError, match=r"needs an mlx.nn.Module, got dict"):
        init.initialize({}, "orthogonal")
    with pytest.raises(TypeError, match="needs an integer seed"):
        init.initialize(model, "orthogonal", seed="0")
    assert same(values(model), before)
    packed = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
    nn.quantize(packed)
    with pytest.raises(TypeError, match=r"quantized weights of layers.0, layers.1; initialize the"):
        init.initialize(packed, "orthogonal")


def test_looking_at_a_model_leaves_the_random_state() -> None:
    state = mx.random.state[0].tolist()
    model = convolutional()
    model.train()
    state = mx.random.state[0].tolist()
    init.initialize(model, "orthogonal", seed=0)
    assert mx.random.state[0].tolist() == state
    assert model.layers[4].training


def test_the_examples_in_the_documentation_run() -> None:
    for module in [init, *(importlib.import_module(f"initcore_mlx.{m.name}")
                           for m in pkgutil.iter_modules(init.__path__))]:  # fmt: skip
        assert not doctest.testmod(module).failed, module.__name__


def test_a_part_of_a_model_and_the_size_of_its_inputs_can_be_named() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))
    before = values(model)
    report = init.initialize(model, "orthogonal", only="layers.2.*")
    changed = {path for path, w in values(model).items() if not np.array_equal(w, before[path])}
    assert "layers.2.weight" in changed
    assert all(path.startswith("layers.2.") for path in changed)
    assert set(report.untouched) == {path for path in before if not path.startswith("layers.2.")}
    gains = [
        init.initialize(model, "orthogonal", input_scale=scale)["layers.0.weight"].parameters[
            "gain"
        ]
        for scale in (1.0, 4.0)
    ]
    assert gains[0] == pytest.approx(4 * gains[1])
    with pytest.raises(ValueError, match="initialize needs input_scale"):
        init.initialize(model, "orthogonal", input_scale=0.0)
