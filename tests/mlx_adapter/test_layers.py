"""One seed, one kernel: every layer of MLX gets the core's weights, in MLX's order of axes."""

import contextlib
from typing import Any

import ml_dtypes  # noqa: F401, for NumPy to know bfloat16
import numpy as np
import pytest
import torch

import initcore_torch
from initcore import Rng, specs

WHY = "MLX has wheels for Apple silicon and for Linux on x86-64 only"
mx = pytest.importorskip("mlx.core", reason=WHY)
nn = pytest.importorskip("mlx.nn", reason=WHY)
init = pytest.importorskip("initcore_mlx", reason=WHY)

OWN_LAWS = ("glorot_normal", "he_normal", "he_uniform", "sparse")
LAYERS: dict[str, tuple[Any, int]] = {
    "linear": (lambda: nn.Linear(6, 4).weight, 1),
    "conv1d": (lambda: nn.Conv1d(6, 8, 3).weight, 1),
    "conv1d in groups": (lambda: nn.Conv1d(8, 8, 3, groups=2).weight, 2),
    "conv2d": (lambda: nn.Conv2d(4, 6, (3, 2)).weight, 1),
    "conv2d in groups": (lambda: nn.Conv2d(8, 8, 3, groups=4).weight, 4),
    "conv3d": (lambda: nn.Conv3d(2, 4, (3, 2, 1)).weight, 1),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(4, 6, 3).weight, 1),
    "conv_transpose2d": (lambda: nn.ConvTranspose2d(4, 6, (2, 3)).weight, 1),
    "conv_transpose3d": (lambda: nn.ConvTranspose3d(2, 4, 2).weight, 1),
    "embedding": (lambda: nn.Embedding(10, 6).weight, 1),
    "gru": (lambda: nn.GRU(4, 4).Wh, 3),
    "lstm": (lambda: nn.LSTM(6, 4).Wx, 4),
    "bias": (lambda: nn.Linear(6, 4).bias, 1),
}


def drawn(name: str, a: Any, seed: int, **parameters: Any) -> Any:
    """The public function's result, of the dtype of `a`."""
    how = {"dtype": a.dtype} if hasattr(nn.init, name) else {}
    return getattr(init, name)(**specs[name].example, **parameters, **how)(a, seed=seed)


def canonical(w: Any) -> Any:
    """MLX's array `(out, *k, in)` as NumPy's `(out, in, *k)`."""
    x = np.array(w.astype(mx.float64)).astype(str(w.dtype).rpartition(".")[2])
    return np.moveaxis(x, -1, 1) if x.ndim > 1 else x


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", [n for n in specs if n not in OWN_LAWS])
def test_every_layer_gets_the_core_s_values_bit_for_bit(name: str, layer: str) -> None:
    weight, groups = LAYERS[layer]
    a, spec = weight(), specs[name]
    parameters = {"groups": groups} if spec.grouped else {}
    shape = canonical(a).shape
    try:
        spec.check(shape, {**spec.example, **parameters})
    except ValueError:
        with pytest.raises(ValueError, match=f"^{name} needs"):
            drawn(name, a, 7, **parameters)
        return
    w = drawn(name, a, 7, **parameters)
    assert w.shape == a.shape
    wanted = spec.function(Rng(7), shape, **spec.example, **parameters)
    assert np.array_equal(canonical(w), wanted)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", [n for n in specs if n not in OWN_LAWS])
def test_other_dtypes_are_the_core_s_rounded_once(name: str, dtype: str) -> None:
    for shape in ((8, 4, 3, 3), (8, 4), (8, 8)):
        with contextlib.suppress(ValueError):
            specs[name].check(shape, specs[name].example)
            break
    a = mx.zeros((shape[0], *shape[2:], shape[1]), dtype=getattr(mx, dtype))
    w = canonical(drawn(name, a, 3))
    wanted = specs[name].function(Rng(3, dtype=dtype), w.shape, **specs[name].example)
    assert w.dtype == wanted.dtype
    assert np.array_equal(w, wanted)


def test_mlx_s_own_laws_have_the_core_s_values_under_its_names() -> None:
    a = mx.zeros((8, 3, 5, 6))
    for name in ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform"):
        mode = "fan_avg" if name[0] == "g" else "fan_in"
        law = {"scale": 4.0, "mode": mode, "distribution": name.partition("_")[2]}
        wanted = specs["variance_scaling"].function(Rng(5), (8, 6, 3, 5), **law)
        assert np.array_equal(canonical(getattr(init, name)()(a, gain=2.0, seed=5)), wanted)
    turned = np.array(init.sparse(0.4, std=0.5)(mx.zeros((9, 7)), seed=5)).T
    wanted = specs["sparse"].function(Rng(5), (7, 9), sparsity=0.4, std=0.5)
    assert np.array_equal(turned, wanted)


@pytest.mark.parametrize("sizes", [(3,), (2, 3), (2, 3, 2)])
def test_a_transposed_convolution_is_the_same_map_as_in_pytorch(sizes: tuple[int, ...]) -> None:
    n = len(sizes)
    k = sizes if n > 1 else sizes[0]
    ours = getattr(nn, f"ConvTranspose{n}d")(4, 6, k, bias=False)
    theirs = getattr(torch.nn, f"ConvTranspose{n}d")(4, 6, k, bias=False)
    ours.weight = init.orthogonal()(ours.weight, seed=2)
    initcore_torch.orthogonal_(theirs.weight, seed=2, transposed=True)
    x = np.random.default_rng(0).normal(size=(2, 4, *(5,) * n)).astype(np.float32)
    y = np.moveaxis(np.array(ours(mx.array(np.moveaxis(x, 1, -1)))), -1, 1)
    assert y == pytest.approx(theirs(torch.from_numpy(x)).detach().numpy(), abs=1e-5)


def test_gates_are_independent_kernels() -> None:
    w = np.array(init.orthogonal(groups=4)(nn.LSTM(5, 5).Wh, seed=0)).reshape(4, 5, 5)
    assert w @ np.swapaxes(w, 1, 2) == pytest.approx(np.stack([np.eye(5)] * 4), abs=1e-6)


def test_arrays_without_elements_or_axes_come_back_so() -> None:
    assert init.normal()(mx.zeros((0, 3))).shape == (0, 3)
    assert init.orthogonal()(mx.zeros((0, 3)), seed=0).shape == (0, 3)
    assert init.constant(2.0)(mx.array(0.0)).item() == 2.0
