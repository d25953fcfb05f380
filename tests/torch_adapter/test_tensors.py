"""Any tensor PyTorch has, filled with the reference's values or refused before it is touched."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import initcore
import initcore_torch as init
from initcore import Rng, specs

NEEDED: dict[str, dict[str, Any]] = {
    "constant": {"val": 0.25},
    "sparse": {"sparsity": 0.3},
    "sparse_orthogonal": {"density": 0.4},
}
CORE: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.25},
    "sparse": {"sparsity": 0.3},
    "sparse_orthogonal": {"density": 0.4},
}
ALL = sorted(specs)


def shape_of(name: str) -> tuple[int, ...]:
    low = specs[name].shape.low
    return (6, 8) if (specs[name].shape.high == 2 or low < 3) else (6, 4, 3, 3)


def fill(name: str, tensor: Any, seed: int = 7, **how: Any) -> Any:
    random = {"seed": seed} if specs[name].random else {}
    return getattr(init, f"{name}_")(tensor, **NEEDED.get(name, {}), **random, **how)


def reference(name: str, shape: tuple[int, ...], dtype: str = "float32", **how: Any) -> Any:
    return specs[name].function(Rng(7, dtype=dtype), shape, **CORE.get(name, {}), **how)


def as_float(w: Any) -> Any:
    return w.detach().double().numpy() if isinstance(w, torch.Tensor) else w.astype(np.float64)


KINDS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "dense": ((6, 8), {}),
    "stacked": ((24, 8), {"groups": 3}),
    "transposed matrix": ((8, 6), {"transposed": True}),
    "conv1d": ((8, 6, 5), {}),
    "conv2d grouped": ((8, 6, 3, 3), {"groups": 2}),
    "conv3d": ((4, 2, 3, 3, 3), {}),
    "conv_transpose1d": ((6, 8, 4), {"transposed": True}),
    "conv_transpose2d grouped": ((12, 4, 3, 3), {"transposed": True, "groups": 2}),
}
# Matrix products round as each library likes; all else is drawn by the same operations.
PRODUCTS = {
    "orthogonal", "scaled_orthogonal", "delta_orthogonal", "conv_orthogonal", "mirrored",
}  # fmt: skip
PRODUCT_ERROR = {"float64": 1e-13, "float32": 2e-5, "bfloat16": 2.0**-7, "float16": 2.0**-10}


def canonical(w: Any, groups: int = 1, transposed: bool = False) -> Any:
    """`(out, in, *k)` of a kernel as PyTorch keeps it, by hand."""
    if not transposed:
        return w
    ins, outs, *k = w.shape
    return np.swapaxes(w.reshape(groups, ins // groups, outs, *k), 1, 2).reshape(
        groups * outs, ins // groups, *k
    )


def fits(name: str, shape: tuple[int, ...], how: dict[str, Any]) -> bool:
    rule, ours = specs[name].shape, inspect.signature(getattr(init, f"{name}_")).parameters
    return rule.low <= len(shape) <= (rule.high or 5) and set(how) <= set(ours)


CASES = [(n, k) for n in ALL for k, (shape, how) in KINDS.items() if fits(n, shape, how)]


@pytest.mark.parametrize("dtype", PRODUCT_ERROR)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_same_seed_gives_the_reference(name: str, kind: str, dtype: str) -> None:
    shape, how = KINDS[kind]
    tensor = fill(name, torch.empty(shape, dtype=getattr(torch, dtype)), **how)
    w = canonical(as_float(tensor), **how)
    grouped = {"groups": how["groups"]} if "groups" in how and specs[name].grouped else {}
    expected = as_float(reference(name, w.shape, dtype, **grouped))
    allowed = PRODUCT_ERROR[dtype] * abs(expected).max() if name in PRODUCTS else 0.0
    assert abs(w - expected).max() <= allowed


def test_the_comparison_tells_one_layout_from_another() -> None:
    for kind in ("transposed matrix", "conv_transpose2d grouped"):
        shape, how = KINDS[kind]
        right = canonical(as_float(fill("normal", torch.empty(shape), **how)), **how)
        wrong = canonical(as_float(fill("normal", torch.empty(shape))), **how)
        assert abs(right - wrong).max() > 1


@pytest.mark.parametrize("name", ALL)
def test_memory_layout_does_not_change_values(name: str) -> None:
    shape = shape_of(name)
    expected = fill(name, torch.empty(shape))
    odd = torch.empty(*shape[::-1]).permute(*range(len(shape) - 1, -1, -1))
    wide = torch.empty(*shape[:-1], 2 * shape[-1])[..., ::2]
    views = [odd, wide, nn.Parameter(torch.empty(shape)), torch.empty(shape, requires_grad=True)]
    if len(shape) == 4:
        views.append(torch.empty(shape).to(memory_format=torch.channels_last))
    for view in views:
        stride = view.stride()
        filled = fill(name, view)
        assert filled is view
        assert torch.equal(filled, expected)
        assert view.stride() == stride
        assert view.grad_fn is None
    with torch.inference_mode():
        inside = torch.empty(shape)
    assert torch.equal(fill(name, inside), expected)


def test_meta_and_fake_tensors_are_left_alone() -> None:
    t = torch.empty(4, 4, device="meta")
    assert init.orthogonal_(t) is t
    with torch.device("meta"):
        assert init.orthogonal_(torch.empty(4, 4)).is_meta
        real = init.orthogonal_(torch.empty(4, 4, device="cpu"), seed=7)
    assert abs(as_float(real) - as_float(initcore.orthogonal(Rng(7), (4, 4)))).max() < 2e-6
    with torch.device("meta"):
        layer = nn.Linear(3, 3)
    init.xavier_uniform_(layer.weight)
    with pytest.raises(ValueError, match="orthogonal_ needs"):
        init.orthogonal_(torch.empty(4, device="meta"))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda t: init.orthogonal_(t.numpy()), TypeError, "a torch.Tensor to fill, got ndarray"),
        (lambda t: init.orthogonal_(t, gain=float("nan")), ValueError, "got nan"),
        (lambda t: init.orthogonal_(t, gain=-2), ValueError, r"orthogonal_ needs gain .* >= 0"),
        (lambda t: init.orthogonal_(t, gain="1"), TypeError, "got '1'"),
        (lambda t: init.orthogonal_(t, seed=-1), ValueError, "orthogonal_ needs a seed with 0 <="),
        (lambda t: init.orthogonal_(t, seed=1.5), TypeError, "orthogonal_ needs an integer seed"),
        (lambda t: init.orthogonal_(t, 1, 42), TypeError, r"torch.Generator .* goes to seed="),
        (lambda t: init.orthogonal_(t, None, torch.Generator(), seed=1), TypeError, "gain"),
        (lambda t: init.orthogonal_(t, 1, torch.Generator(), seed=1), ValueError, "got both"),
        (lambda t: init.orthogonal_(t, groups=4), ValueError, "divide the 6 outputs"),
        (lambda t: init.orthogonal_(t, groups=0), ValueError, "integer >= 1"),
        (lambda t: init.orthogonal_(t, groups=True), TypeError, "integer >= 1"),
        (lambda t: init.normal_(t[0], transposed=True), ValueError, "2 or more axes for transp"),
        (lambda t: init.constant_(t, "1"), TypeError, "constant_ needs val .* got '1'"),
        (lambda t: init.zeros_(t.numpy()), TypeError, "zeros_ needs a torch.Tensor"),
        (lambda t: init.delta_orthogonal_(t), ValueError,
         r"delta_orthogonal_ needs a convolution kernel of 3 to 5 axes, got a tensor of shape "
         r"\(6, 8\); for a dense layer use orthogonal_\."),
        (lambda t: init.normal_(t, std=-1), ValueError, "std .* got -1"),
        (lambda t: init.uniform_(t, 1, 0), ValueError, "a <= b"),
        (lambda t: init.trunc_normal_(t, a=1, b=1), ValueError, "a < b"),
        (lambda t: init.trunc_normal_(t, std=0), ValueError, "std > 0"),
        (lambda t: init.xavier_normal_(t, gain=-1), ValueError,
         r"xavier_normal_ needs gain \(factor of the standard deviation\) to be .*, got -1\."),
        (lambda t: init.truncated_normal_(t, low=1, high=1), ValueError,
         "truncated_normal_ needs low < high"),
        (lambda t: init.kaiming_normal_(t, mode="in"), ValueError, "fan_geo_avg"),
        (lambda t: init.sparse_(t, 1.5), ValueError, "sparsity"),
        (lambda t: init.orthogonal_(t.view(1, 6, 8).expand(2, 6, 8)), ValueError, "expanded"),
        (lambda t: init.mirrored_(t, activation=torch.tanh), ValueError, "activation"),
    ],
)  # fmt: skip
def test_bad_input_is_told_before_anything_is_touched(call: Any, error: type, text: str) -> None:
    t = torch.full((6, 8), 3.5)
    with pytest.raises(error, match=text) as caught:
        call(t)
    assert (t == 3.5).all()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int16, torch.bool, torch.float8_e4m3fn])
def test_tensors_of_other_dtypes_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(TypeError, match=f"orthogonal_ needs .* got {str(dtype)[6:]}"):
        init.orthogonal_(torch.empty(3, 3, dtype=dtype))


def test_tensors_without_memory_of_their_own_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="dense"):
        init.orthogonal_(torch.eye(3).to_sparse())
    with pytest.raises(TypeError, match="lazy"):
        init.orthogonal_(nn.LazyLinear(3).weight)
