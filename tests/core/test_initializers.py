"""Initializers of the core: what each is, in every namespace, and what each refuses."""

from typing import Any

import array_api_strict as strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import initcore
from initcore import Rng, specs
from initcore.spec import Kernel, Layout

ALL = sorted(specs)
# Made of the same frames as `orthogonal`, by the same operations.
FRAMES = ("conv_orthogonal", "delta_orthogonal", "mirrored", "scaled_orthogonal")


def to_numpy(x: Any) -> np.ndarray:
    return np.asarray(getattr(x, "_array", x))


def shapes_of(name: str, groups: int = 1) -> list[tuple[int, ...]]:
    """Shapes that the initializer takes: each either fits its rule or is refused by it."""
    extra = {"groups": groups} if groups > 1 else {}
    shapes = [(), (7,), (6, 9), (9, 6), (8, 4, 3), (4, 8, 2, 3), (4, 4, 3, 2, 3)]
    found = []
    for shape in shapes:
        try:
            specs[name].check(shape, {**specs[name].example, **extra})
        except ValueError:
            continue
        found.append(shape)
    return found or [(6, 6)]  # of square matrices alone


def draw(name: str, shape: tuple[int, ...], rng: Rng, **parameters: Any) -> Any:
    return specs[name].function(rng, shape, **{**specs[name].example, **parameters})


@pytest.mark.parametrize("name", ALL)
def test_every_namespace_gives_the_reference(name: str) -> None:
    for groups in (1, 2) if specs[name].grouped else (1,):
        extra = {"groups": groups} if groups > 1 else {}
        shapes = shapes_of(name, groups)
        for shape in shapes:
            expected = draw(name, shape, Rng(3), **extra)
            for xp, device in (
                (torch, None), (jnp, None), (strict, None), (strict, strict.Device("no_x64")),
                (strict, strict.Device("no_float64")),
            ):  # fmt: skip
                if xp is jnp and (shape != shapes[0] or name in FRAMES):
                    continue  # JAX compiles every operation for every shape; jit: see below
                w = draw(name, shape, Rng(3, xp=xp, device=device), **extra)
                assert tuple(w.shape) == shape
                assert abs(to_numpy(w) - expected).max(initial=0) < 2e-5


@pytest.mark.parametrize("name", ALL)
def test_jit_gives_the_values_of_the_reference(name: str) -> None:
    shapes = shapes_of(name)
    shapes = shapes[:-1] or shapes  # three spatial axes compile for long, and differ in no kind

    @jax.jit
    def traced(a: Any, b: Any) -> list[Any]:
        return [draw(name, shape, Rng.from_key((a, b), xp=jnp)) for shape in shapes]

    for w, shape in zip(traced(jnp.uint32(0), jnp.uint32(3)), shapes, strict=True):
        assert abs(np.asarray(w) - draw(name, shape, Rng(3))).max(initial=0) < 2e-5


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_the_float32_result_rounded_once(name: str, dtype: str) -> None:
    shape = shapes_of(name)[-1]
    w = draw(name, shape, Rng(3, dtype=dtype))
    assert str(w.dtype) == dtype
    assert (w == draw(name, shape, Rng(3)).astype(w.dtype)).all()


@pytest.mark.parametrize("name", ALL)
def test_empty_kernels_are_empty(name: str) -> None:
    for shape in shapes_of(name):
        for axis in range(len(shape)):
            empty = (*shape[:axis], 0, *shape[axis + 1 :])
            assert draw(name, empty, Rng(0)).shape == empty


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (3, 200), (200, 3), (257, 130), (130, 400)])
def test_orthogonal_is_orthogonal_for_every_shape(shape: tuple[int, int], dtype: str) -> None:
    w = initcore.orthogonal(Rng(1, dtype=dtype), shape, gain=3.0).astype(np.float64) / 3
    gram = w @ w.T if shape[0] <= shape[1] else w.T @ w
    assert abs(gram - np.eye(min(shape))).max() < 20 * np.finfo(dtype).eps


def test_orthogonal_is_the_product_of_reflectors_of_gaussian_vectors() -> None:
    # Reflector by reflector with none of the blocking of the library.
    n = 40
    gaussian = Rng(5, dtype="float64").normal((n, n))
    q = np.eye(n)
    for k in reversed(range(n)):
        v = gaussian[k, k:].copy()
        s = 1.0 if v[0] >= 0 else -1.0
        v[0] += s * np.linalg.norm(v)
        v /= np.linalg.norm(v)
        q[k:, k:] -= 2 * np.outer(v, v @ q[k:, k:])
        q[:, k] *= -s
    w = initcore.orthogonal(Rng(5, dtype="float64"), (n, n))
    assert abs(w - q.T).max() < 1e-12


def test_orthogonal_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from initcore.initializers import _reflectors as _haar

    expected = initcore.orthogonal(Rng(2, dtype="float64"), (150, 170))
    for block in (7, 64, 1000):
        monkeypatch.setattr(_haar, "BLOCK", block)
        assert (
            abs(initcore.orthogonal(Rng(2, dtype="float64"), (150, 170)) - expected).max() < 1e-13
        )


def test_haar_second_moments_and_determinants() -> None:
    # 4000 samples; z-scores below 5.3: a false alarm for one seed in 10**7 a statistic.
    count, n = 4000, 6
    w = initcore.orthogonal(Rng(4), (count * n, n), groups=count).reshape(count, n, n)
    trace = np.trace(w, axis1=1, axis2=2)
    assert abs(trace.mean()) < 5.3 / count**0.5
    assert abs((trace**2).mean() - 1) < 5.3 * 2**0.5 / count**0.5
    positive = (np.linalg.det(w) > 0).sum()
    assert abs(positive - count / 2) < 5.3 * (count / 4) ** 0.5
    spread = (2 * (n - 1) / (n**2 * (n + 2)) / count) ** 0.5
    assert abs((w**2).mean(axis=0) - 1 / n).max() < 6.5 * spread  # 36 entries at once


def test_scaled_orthogonal_keeps_the_mean_square_through_a_widening_layer() -> None:
    x = Rng(1).normal((64,))
    wide = initcore.scaled_orthogonal(Rng(0), (256, 64)) @ x
    assert (wide**2).mean() == pytest.approx((x**2).mean(), rel=1e-5)
    narrow = np.linalg.svd(initcore.scaled_orthogonal(Rng(0), (16, 64)))[1]
    assert narrow == pytest.approx(1.0, abs=1e-5)
    spectral = initcore.scaled_orthogonal(Rng(0), (16, 64), narrowing="spectral")
    assert np.linalg.svd(spectral)[1] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_delta_orthogonal_acts_as_a_1x1_convolution_under_same_padding(size: int) -> None:
    w = initcore.delta_orthogonal(Rng(0), (6, 4, size, size))
    x = torch.from_numpy(Rng(1).normal((2, 4, 9, 9)))
    before, after = (size - 1) // 2, size // 2  # as padding="same" has it
    padded = torch.nn.functional.pad(x, (before, after, before, after))
    y = torch.nn.functional.conv2d(padded, torch.from_numpy(w))
    assert (y**2).sum(1).numpy() == pytest.approx((x**2).sum(1).numpy(), rel=1e-5)


def test_groups_are_independent_kernels() -> None:
    w = initcore.orthogonal(Rng(0), (12, 6), groups=3).reshape(3, 4, 6)
    for g in range(3):
        assert abs(w[g] @ w[g].T - np.eye(4)).max() < 2e-6
    assert len({w[g, 0, 0].item() for g in range(3)}) == 3
    eye = initcore.identity(Rng(0), (6, 2), groups=3)
    assert (eye == np.tile(np.eye(2), (3, 1))).all()
    x = np.ones((1, 6, 5), np.float32) * np.arange(6, dtype=np.float32)[:, None]
    kernel = torch.from_numpy(initcore.identity(Rng(0), (6, 2, 3), groups=3))
    y = torch.nn.functional.conv1d(torch.from_numpy(x), kernel, padding="same", groups=3)
    assert (y.numpy() == x).all()


@pytest.mark.parametrize("low", [-np.inf, -2.0])
@pytest.mark.parametrize("high", [1.0, np.inf])
def test_the_invariants_of_a_truncated_normal_know_of_cuts_at_infinity(
    low: float, high: float
) -> None:
    spec, cuts = specs["truncated_normal"], {"low": low, "high": high}
    good = initcore.truncated_normal(Rng(4), (60, 50), **cuts)
    given = {**spec.defaults, **cuts}
    assert [i.violation(good, **given) for i in spec.invariants] == [None] * len(spec.invariants)
    if np.isfinite([low, high]).any():
        beyond = np.where(good == good.max(), high + 1, good) if high == 1 else good - 0.5
        assert any(i.violation(beyond, **given) for i in spec.invariants)


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg", "fan_geo_avg"])
@pytest.mark.parametrize("law", ["normal", "truncated_normal", "uniform"])
def test_variance_is_scale_over_fan(law: str, mode: str, groups: int) -> None:
    shape = (80, 50, 3, 3)
    fan_in, fan_out = 450, 720 // groups
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2,
           "fan_geo_avg": (fan_in * fan_out) ** 0.5}[mode]  # fmt: skip
    w = initcore.variance_scaling(
        Rng(6), shape, scale=3.0, mode=mode, distribution=law, groups=groups
    ).astype(np.float64)
    # 36000 entries: the relative deviation of the mean square is at most sqrt(2 / 36000) = .0075.
    assert (w**2).mean() * fan / 3 == pytest.approx(1, abs=5.3 * 0.0075)


def test_named_children_are_variance_scaling() -> None:
    shape = (30, 20)
    for name, scale, mode in (
        ("lecun", 1, "fan_in"),
        ("glorot", 1, "fan_avg"),
        ("he", 2, "fan_in"),
    ):
        for suffix, law in (("normal", "truncated_normal"), ("uniform", "uniform")):
            child = draw(f"{name}_{suffix}", shape, Rng(0))
            parent = initcore.variance_scaling(
                Rng(0), shape, scale=scale, mode=mode, distribution=law
            )
            assert (child == parent).all()


def test_layouts_turn_every_framework_order_and_back() -> None:
    cases = {
        "torch Linear": (Layout((0,), (1,)), (4, 6), (4, 6), 1),
        "torch grouped Conv2d": (Layout((0,), (1,), groups=2), (8, 3, 2, 5), (8, 3, 2, 5), 2),
        "torch ConvTranspose": (
            Layout((1,), (0,), groups=2, groups_on_in=True), (8, 3, 2), (6, 4, 2), 2,
        ),
        "Keras Conv2D": (Layout((-1,), (-2,)), (2, 5, 3, 8), (8, 3, 2, 5), 1),
        "Keras Conv2DTranspose": (Layout((-2,), (-1,)), (2, 5, 8, 3), (8, 3, 2, 5), 1),
        "Keras Depthwise": (Layout((-1,), (), batch=(-2,)), (2, 5, 6, 3), (18, 1, 2, 5), 6),
        "attention": (Layout((1, 2), (0,)), (10, 2, 3), (6, 10), 1),
        "batched": (Layout((-1,), (-2,), batch=(0,)), (5, 3, 4), (20, 3), 5),
    }  # fmt: skip
    for what, (layout, shape, canonical, groups) in cases.items():
        assert layout.kernel(shape) == Kernel(canonical, groups), what
        w = np.arange(np.prod(shape)).reshape(shape)
        moved = layout.to_canonical(w, xp=np)
        assert moved.shape == canonical, what
        assert (layout.from_canonical(moved, shape, xp=np) == w).all(), what


def test_a_transposed_layout_puts_each_weight_where_the_real_layer_reads_it() -> None:
    layer = torch.nn.ConvTranspose1d(4, 6, 3, groups=2, bias=False, padding=1)
    layout = Layout((1,), (0,), groups=2, groups_on_in=True)
    w = layout.to_canonical(layer.weight.detach().numpy(), xp=np)  # (6, 2, 3): two groups of 3
    x = torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(0))
    y = layer(x).detach().numpy()
    padded = np.pad(x.numpy()[0], ((0, 0), (1, 1)))
    for o in range(6):
        group = padded[2 * (o // 3) : 2 * (o // 3) + 2]
        expected = sum(np.convolve(group[i], w[o, i], "valid") for i in range(2))
        assert y[0, o] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: initcore.orthogonal(0, (3, 3)), TypeError, "an initcore.Rng as its first arg"),
        (lambda: initcore.orthogonal(Rng(0), (3,)), ValueError, r"2 or more axes, got .* \(3,\)"),
        (lambda: initcore.delta_orthogonal(Rng(0), (3, 4)), ValueError, "dense layer use orthog"),
        (lambda: initcore.delta_orthogonal(Rng(0), (3,) * 6), ValueError, "3 to 5 axes"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=-1), ValueError, ">= 0, got -1"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=float("nan")), ValueError, "got nan"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=float("inf")), ValueError, "finite"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain="2"), TypeError, "got '2'"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=True), TypeError, "got True"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=1j), TypeError, "got 1j"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), gain=[1]), TypeError, "finite number"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), std=1), TypeError, "no parameter 'std'"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), groups=2), ValueError, "divide the 3 outputs"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), groups=0), ValueError, "integer >= 1, got 0"),
        (lambda: initcore.orthogonal(Rng(0), (3, 3), groups=1.0), TypeError, "integer >= 1"),
        (lambda: initcore.orthogonal(Rng(0), (10**8, 10**8)), MemoryError, "GiB that shape"),
        (lambda: initcore.normal(Rng(0), (3,), std=-0.1), ValueError, "std .* got -0.1"),
        (lambda: initcore.uniform(Rng(0), (3,), low=2.0), ValueError, "low <= high, got 2 and 1"),
        (lambda: initcore.truncated_normal(Rng(0), (3,), low=2.0), ValueError, "low < high"),
        (lambda: initcore.constant(Rng(0), (3,)), TypeError, "needs a value for value"),
        (lambda: initcore.variance_scaling(Rng(0), (3, 3), mode="in"), ValueError, "'fan_geo_avg'"),
        (lambda: initcore.variance_scaling(Rng(0), (3,)), ValueError, "2 or more axes"),
        (lambda: initcore.sparse(Rng(0), (3, 3), sparsity=1.5), ValueError, r"\[0, 1\], got 1.5"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_numpy_scalars_and_traced_parameters_are_welcome() -> None:
    expected = initcore.orthogonal(Rng(0), (5, 5), gain=2.0)
    assert (initcore.orthogonal(Rng(0), np.array([5, 5]), gain=np.float32(2)) == expected).all()
    traced = jax.jit(lambda g: initcore.orthogonal(Rng(0, xp=jnp), (5, 5), gain=g))(2.0)
    assert abs(np.asarray(traced) - expected).max() < 4e-5
