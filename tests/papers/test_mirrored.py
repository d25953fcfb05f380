"""Mirrored networks are linear at initialization: through 100 real layers, to rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import initcore
from initcore import Rng
from initcore.activations import SLOPES, activation_of, names, odd_slope
from initcore.initializers._mirrored import BASES
from initcore.invariants import Mirrored
from initcore.spec import Wording

DEPTH, WIDTH = 100, 128
# Activation, its slope, and what the end of 100 layers may be off: each of them rounds sums of
# products about as large as the signal, and the roundings add up as a random walk over layers and
# width. Softplus adds constants of log 2 to both halves, which cancel up to their own rounding.
ROUNDING = 2**-53 * DEPTH * WIDTH**0.5 * 8
CASES = ["relu", "leaky_relu", "gelu", "gelu_tanh", "silu", "softplus", "hard_silu", "log_sigmoid"]


def layers(depth: int, **parameters: Any) -> list[np.ndarray]:
    rng = Rng(3, dtype="float64")
    parts = ["first", *["hidden"] * (depth - 2), "last"]
    shapes = [(WIDTH, 64), *[(WIDTH, WIDTH)] * (depth - 2), (64, WIDTH)]
    return [
        initcore.mirrored(rng.fold_in(i), shape, part=part, **parameters)
        for i, (part, shape) in enumerate(zip(parts, shapes, strict=True))
    ]


def half(w: np.ndarray, part: str, slope: float) -> np.ndarray:
    """The kernel `W0` of which `w` is made."""
    out = w.shape[0] // (1 if part == "last" else 2)
    in_ = w.shape[1] // (1 if part == "first" else 2)
    return w[:out, :in_] * (1.0 if part == "first" else slope)


@pytest.mark.parametrize("activation", CASES)
@pytest.mark.parametrize("base", ["orthogonal", "normal"])
def test_a_hundred_layers_are_the_product_of_their_halves(activation: str, base: str) -> None:
    slope = odd_slope(activation, 0.2)
    phi = activation_of(activation)
    if activation == "leaky_relu":
        phi = activation_of(activation, negative_slope=0.2)
    x = Rng(0, dtype="float64").normal((64, 20))
    net, linear = x, x
    weights = layers(DEPTH, base=base, activation=activation, negative_slope=0.2)
    for i, w in enumerate(weights):
        part = "first" if i == 0 else "last" if i == DEPTH - 1 else "hidden"
        net = w @ (net if part == "first" else phi.value(net))
        linear = half(w, part, slope) @ linear
    assert abs(net - linear).max() < ROUNDING * abs(linear).max()
    if base == "orthogonal":
        assert np.linalg.norm(net) == pytest.approx(np.linalg.norm(x), rel=ROUNDING)


def test_a_hundred_real_layers_have_an_isometric_jacobian() -> None:
    modules: list[torch.nn.Module] = []
    for w in layers(DEPTH):
        linear = torch.nn.Linear(*w.shape[::-1], bias=False).double()
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
        modules += [linear, torch.nn.ReLU()]
    net = torch.nn.Sequential(*modules[:-1])
    x = torch.from_numpy(Rng(0, dtype="float64").normal((64,)))
    jacobian = torch.autograd.functional.jacobian(net, x, vectorize=True)
    s = np.linalg.svd(jacobian.numpy(), compute_uv=False)
    assert abs(s - 1).max() < ROUNDING


@pytest.mark.parametrize("base", ["delta_orthogonal", "conv_orthogonal", "orthogonal"])
@pytest.mark.parametrize("groups", [1, 2])
def test_deep_convolutions_are_the_product_of_their_halves(base: str, groups: int) -> None:
    conv = torch.nn.functional.conv2d
    rng = Rng(5, dtype="float64")
    x = torch.from_numpy(rng.normal((1, 4, 6, 6)))
    net, linear = x, x
    parts = ["first", *["hidden"] * 20, "last"]
    for i, part in enumerate(parts):
        out, in_ = 4 * (1 + (part != "last")), 4 * (1 + (part != "first"))
        w = initcore.mirrored(
            rng.fold_in(i), (out, in_ // groups, 3, 3), part=part, base=base, groups=groups
        )
        grouped = w.reshape(groups, out // groups, in_ // groups, 3, 3)
        w0 = grouped[:, : 4 // groups, : 4 // groups].reshape(4, 4 // groups, 3, 3)

        # The halves of each group stand side by side, so that a group sees both of its own.
        net = conv(net if i == 0 else net.relu(), torch.from_numpy(w), padding=1, groups=groups)
        linear = conv(linear, torch.from_numpy(w0.copy()), padding=1, groups=groups)
    assert float(abs(net - linear).max()) < ROUNDING * float(abs(linear).max())


def test_concatenated_relus_take_the_last_form_everywhere() -> None:
    x = Rng(0, dtype="float64").normal((32, 5))
    net = x
    for i in range(50):
        w = initcore.mirrored(Rng(i, dtype="float64"), (32, 64), part="last")
        net = w @ np.concatenate([np.maximum(net, 0), np.maximum(-net, 0)])
        x = w[:, :32] @ x
    assert abs(net - x).max() < ROUNDING


def test_mirrored_biases_keep_the_net_affine() -> None:
    first, last = (initcore.mirrored(Rng(i, dtype="float64"), (8, 8), part=p)
                   for i, p in enumerate(("first", "last")))  # fmt: skip
    b0 = np.arange(4.0)
    x = Rng(2, dtype="float64").normal((8,))
    y = last @ np.maximum(first @ x + np.concatenate([b0, -b0]), 0)
    assert y == pytest.approx(last[:, :4] @ (first[:4] @ x + b0), rel=1e-13)


def test_the_gaussian_submatrix_blocks_have_variance_2_over_the_width() -> None:
    n = 400
    w = initcore.mirrored(Rng(0, dtype="float64"), (n, n), base="normal")
    w0 = w[: n // 2, : n // 2]
    # 40000 entries: relative deviation of the mean square sqrt(2 / 40000) = .0071.
    assert (w0**2).mean() * n / 2 == pytest.approx(1, abs=5.3 * 0.0071)
    fourth = (w0**4).mean() / (w0**2).mean() ** 2
    assert fourth == pytest.approx(3, abs=5.3 * (96 / 40000) ** 0.5)
    wide = initcore.mirrored(Rng(0, dtype="float64"), (n, n), base="normal", gain=3.0)
    assert wide == pytest.approx(3 * w)


def test_half_of_the_singular_values_of_a_hidden_kernel_are_twice_its_half_s() -> None:
    w = initcore.mirrored(Rng(0, dtype="float64"), (20, 30), gain=1.5)
    s = np.linalg.svd(w, compute_uv=False)
    assert abs(s[:10] - 3.0).max() < 1e-13
    assert abs(s[10:]).max() < 1e-13


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("part", ["first", "hidden", "last"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_base_keeps_its_own_invariants(base: str, part: str, dtype: str) -> None:
    shape, given = (24, 12, 3, 3), {"base": base, "part": part, "groups": 2, "gain": 0.5}
    w = initcore.mirrored(Rng(1, dtype=dtype), shape, activation="identity", **given)
    full = {**initcore.specs["mirrored"].defaults, **given, "activation": "identity"}
    assert w.dtype == dtype
    assert Mirrored().violation(w, **full) is None


def test_bases_are_all_that_need_no_parameter_and_are_no_constant() -> None:
    needless = {"zeros", "ones", "constant", "uniform", "truncated_normal", "mirrored"}
    needless |= {"sparse", "sparse_orthogonal", "idinit_zero"}
    assert set(BASES) == set(initcore.specs) - needless


def test_the_table_of_slopes_is_what_the_activations_have() -> None:
    found: dict[str, float] = {}
    for name in names():
        activation = activation_of(name)
        try:
            found[activation.name] = odd_slope(activation.value, 0.0)
        except ValueError:
            continue
    del found["prelu"]  # its slope is a weight; leaky_relu with negative_slope says the same
    table = {name: odd_slope(name, 0.01) for name in SLOPES}
    assert found == pytest.approx(table)


def test_an_activation_is_known_by_any_spelling_and_as_a_callable() -> None:
    def draw(activation: Any) -> Any:
        return initcore.mirrored(Rng(0), (4, 4), activation=activation)

    expected = draw("silu")
    for same in ("swish", "SiLU", lambda x: x / (1 + np.exp(-x)), lambda x: np.maximum(x, 0)):
        assert (draw(same) == expected).all()
    doubled: Callable[[Any], Any] = lambda x: 3 * np.maximum(x, 0)  # noqa: E731
    assert draw(doubled) == pytest.approx(expected / 3)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda r, s: initcore.mirrored(r, s, activation="tanh"), ValueError,
         "one of 'relu', 'leaky_relu', 'gelu'.* or a callable with .*, got 'tanh'"),
        (lambda r, s: initcore.mirrored(r, s, activation=np.tanh), ValueError, "c u, got <ufunc"),
        (lambda r, s: initcore.mirrored(r, s, activation=abs), ValueError, "built-in function abs"),
        (lambda r, s: initcore.mirrored(r, s, activation="none"), ValueError, "got 'none'"),
        (lambda r, s: initcore.mirrored(r, s, activation=3), TypeError, "got 3"),
        (lambda r, s: initcore.mirrored(r, s, base="zeros"), ValueError, "'orthogonal', "),
        (lambda r, s: initcore.mirrored(r, s, negative_slope=-1.0), ValueError, "> -1, got -1"),
        (lambda r, s: initcore.mirrored(r, (4, 3)), ValueError, "even number of outputs and inp"),
        (lambda r, s: initcore.mirrored(r, (3, 4), part="first"), ValueError, "number of outputs "),
        (lambda r, s: initcore.mirrored(r, (4, 3), part="last"), ValueError, "number of inputs "),
        (lambda r, s: initcore.mirrored(r, (6, 4), groups=2), ValueError, "in each group"),
        (lambda r, s: initcore.mirrored(r, s, base="delta_orthogonal"), ValueError,
         "a convolution kernel of 3 to 5 axes for base='delta_orthogonal', got shape"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call(Rng(0), (4, 4))
    assert "\n" not in str(caught.value)


def test_a_caller_s_words_are_used() -> None:
    wording = Wording(spell=lambda name: name + "_", thing="a tensor of shape")
    with pytest.raises(ValueError, match=r"^mirrored_ needs an even .*, got a tensor of shape"):
        initcore.specs["mirrored"].check((5, 4), {}, wording=wording, shown=(4, 5))


def test_parts_without_activation_before_them_are_not_divided() -> None:
    for part, factor in (("first", 1.0), ("hidden", 0.5), ("last", 0.5)):
        w = initcore.mirrored(Rng(0), (4, 4), part=part, activation="identity")
        plain = initcore.mirrored(Rng(0), (4, 4), part=part)
        assert (w == factor * plain).all()


def test_the_invariant_sees_every_wrong_twin() -> None:
    full = initcore.specs["mirrored"].defaults
    w = initcore.mirrored(Rng(0), (16, 16))
    n = 8
    assert Mirrored().violation(w, **full) is None
    twins = {
        "a missing minus sign": np.concatenate([w[:, :n], -w[:, n:]], axis=1),
        "one entry off by its last bit": np.where(w == w[0, 0], np.nextafter(w, 2), w),
        "halves interleaved": w.reshape(2, n, 16).swapaxes(0, 1).reshape(16, 16),
        "transposed blocks": np.concatenate([w[:n].T, w[n:].T]).reshape(16, 16),
    }
    for what, twin in twins.items():
        assert Mirrored().violation(twin, **full) is not None, what
    relu_of_leaky = Mirrored().violation(w, **{**full, "activation": "leaky_relu"})
    assert "c W0 is no orthogonal kernel" in str(relu_of_leaky)
    noise = initcore.mirrored(Rng(0), (16, 16), base="normal")
    assert "c W0 is no orthogonal kernel" in str(Mirrored().violation(noise, **full))
