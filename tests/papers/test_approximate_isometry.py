"""`approximate_isometry` reaches the least value that the mask allows, in every framework."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime
from scipy.sparse import csr_array
from scipy.sparse.csgraph import structural_rank

import initcore
import initcore_jax
import initcore_torch
from initcore import Rng

CASES = [(40, 40, 0.3), (40, 40, 0.06), (40, 40, 0.02), (30, 70, 0.1), (70, 30, 0.1), (9, 9, 1.0)]


def random_mask(*shape: int, density: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < density


def squared(w: np.ndarray) -> float:
    """`‖W Wᵀ - I‖²` on the shorter side."""
    w = w.T if w.shape[0] > w.shape[1] else w
    return float(np.linalg.norm(w @ w.T - np.eye(len(w))) ** 2)


def least(mask: np.ndarray) -> int:
    """The rank of `W Wᵀ` is the structural rank of the mask at most: so many ones stay."""
    return int(min(mask.shape) - structural_rank(csr_array(mask)))


@pytest.mark.parametrize(("n", "m", "density"), CASES)
def test_the_least_value_of_the_mask_is_reached(n: int, m: int, density: float) -> None:
    mask = random_mask(n, m, density=density)
    for seed in range(3):
        w = initcore.approximate_isometry(Rng(seed, dtype="float64"), mask)
        assert not w[~mask].any()
        assert squared(w) == pytest.approx(least(mask), abs=1e-6)


def test_plain_gradient_descent_leaves_directions_dead() -> None:
    # The twin that starts from random numbers alone: the same value, the same mask.
    dead = 0
    for seed in range(5):
        mask = random_mask(40, 40, density=0.12, seed=seed)
        w = np.random.default_rng(seed).normal(size=mask.shape) * mask
        w /= np.maximum(np.linalg.norm(w, axis=1, keepdims=True), 1e-9)
        for _ in range(4000):
            w -= 0.1 * ((w @ w.T - np.eye(40)) @ w) * mask
        dead += squared(w) > least(mask) + 0.5
        ours = initcore.approximate_isometry(Rng(seed, dtype="float64"), mask)
        assert squared(ours) == pytest.approx(least(mask), abs=1e-6)
    assert dead >= 2


def test_where_random_numbers_lead_to_the_least_value_many_weights_are_in_use() -> None:
    mask = random_mask(64, 64, density=0.7)
    w = initcore.approximate_isometry(Rng(0, dtype="float64"), mask)[mask]
    # 1 / 3 for normal numbers; a start with a matching ends at it, at 1 / 45.
    assert (w**2).sum() ** 2 / (w**4).sum() / w.size > 0.25


def test_the_result_is_a_minimum_of_what_is_minimized() -> None:
    mask = random_mask(12, 12, density=0.1, seed=1)
    assert least(mask) > 0
    w = initcore.approximate_isometry(Rng(0, dtype="float64"), mask)

    def value(free: np.ndarray) -> float:
        x = np.zeros(mask.shape)
        x[mask] = free
        return squared(x)

    assert abs(approx_fprime(w[mask], value, 1e-6)).max() < 1e-4
    assert abs(approx_fprime(1.1 * w[mask], value, 1e-6)).max() > 1e-1


def test_gain_groups_and_taps_are_those_of_orthogonal() -> None:
    mask = random_mask(12, 4, 3, 3, density=0.5)
    w = initcore.approximate_isometry(Rng(0, dtype="float64"), mask, gain=2.0, groups=2)
    assert not w[~mask].any()
    for half in w.reshape(2, 6, 36):
        assert half @ half.T == pytest.approx(4 * np.eye(6), abs=1e-4)
    whole = w.reshape(12, 36)
    assert abs(whole @ whole.T - 4 * np.eye(12)).max() > 0.1


def test_seeds_and_dtypes() -> None:
    mask = random_mask(20, 20, density=0.5)
    fine = initcore.approximate_isometry(Rng(0, dtype="float64"), mask)
    assert (fine == initcore.approximate_isometry(Rng(0, dtype="float64"), mask)).all()
    assert (fine != initcore.approximate_isometry(Rng(1, dtype="float64"), mask)).any()
    coarse = initcore.approximate_isometry(Rng(0), mask)
    assert (coarse == fine.astype("float32")).all()


def test_empty_rows_and_empty_masks_are_zero() -> None:
    mask = random_mask(10, 10, density=0.5)
    mask[3] = False
    w = initcore.approximate_isometry(Rng(0, dtype="float64"), mask)
    assert squared(w) == pytest.approx(1, abs=1e-7)
    for none in (np.zeros((4, 5), bool), np.zeros((0, 5), bool), np.zeros((4, 0), bool)):
        found = initcore.approximate_isometry(Rng(0), none)
        assert found.shape == none.shape
        assert not found.any()


def test_steps_end_it() -> None:
    mask = random_mask(60, 60, density=0.4)
    early, late = (
        squared(initcore.approximate_isometry(Rng(0, dtype="float64"), mask, steps=n))
        for n in (5, 500)
    )
    assert late < 1e-6 < early


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_torch_layers_get_the_values_of_the_core(dtype: torch.dtype, transposed: bool) -> None:
    kind = torch.nn.ConvTranspose1d if transposed else torch.nn.Conv1d
    layer = kind(6, 4, 3, groups=2).to(dtype)
    shape = tuple(layer.weight.shape)
    mask = torch.from_numpy(random_mask(*shape, density=0.7))
    with torch.no_grad():
        w = initcore_torch.approximate_isometry_(
            layer.weight, mask, 1.5, seed=3, groups=2, transposed=transposed
        )
    assert w is layer.weight
    assert not w[~mask].any()
    turned = mask.numpy()
    if transposed:
        turned = turned.reshape(2, 3, 2, 3).swapaxes(1, 2).reshape(4, 3, 3)
    expected = initcore.approximate_isometry(Rng(3, dtype="float64"), turned, gain=1.5, groups=2)
    if transposed:
        expected = expected.reshape(2, 2, 3, 3).swapaxes(1, 2).reshape(6, 2, 3)
    assert torch.equal(w.detach(), torch.from_numpy(expected).to(dtype))


def test_torch_generators_and_meta_tensors() -> None:
    mask = torch.ones(5, 5, dtype=torch.bool)
    torch.manual_seed(0)
    first = initcore_torch.approximate_isometry_(torch.empty(5, 5), mask)
    torch.manual_seed(0)
    assert torch.equal(first, initcore_torch.approximate_isometry_(torch.empty(5, 5), mask))
    generator = torch.Generator().manual_seed(1)
    other = initcore_torch.approximate_isometry_(torch.empty(5, 5), mask, generator=generator)
    assert not torch.equal(first, other)
    assert initcore_torch.approximate_isometry_(torch.empty(5, 5, device="meta"), mask).is_meta


def test_torch_compile_gives_the_same_values() -> None:
    mask = torch.from_numpy(random_mask(8, 12, density=0.5))

    @torch.compile(backend="eager")
    def filled(w: torch.Tensor) -> torch.Tensor:
        return 2 * initcore_torch.approximate_isometry_(w + 1, mask, seed=1)

    expected = initcore_torch.approximate_isometry_(torch.empty(8, 12), mask, seed=1)
    assert torch.equal(filled(torch.zeros(8, 12)), 2 * expected)


def test_jax_initializers_get_the_values_of_the_core_under_jit_too() -> None:
    mask = random_mask(3, 3, 4, 6, density=0.5)
    init = initcore_jax.approximate_isometry(mask, 2.0)
    key = jax.random.key(5)
    w = init(key, mask.shape)
    expected = initcore.approximate_isometry(Rng(5), mask.transpose(3, 2, 0, 1), gain=2.0)
    assert (np.asarray(w).transpose(3, 2, 0, 1) == expected).all()
    assert (jax.jit(lambda k: init(k, mask.shape))(key) == w).all()
    model = initcore_jax.equinox(
        eqx.nn.Linear(6, 4, key=key),
        lambda **axes: initcore_jax.approximate_isometry(jnp.ones((4, 6), bool), **axes),
        key=key,
    )
    assert np.linalg.svd(np.asarray(model.weight))[1] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: initcore.approximate_isometry(0, m), TypeError, "initcore.Rng .*, got int"),
        (lambda m: initcore.approximate_isometry(Rng(0), 1.0 * m), TypeError, "array of float64"),
        (lambda m: initcore.approximate_isometry(Rng(0), [[True]]), TypeError, "mask, got list"),
        (lambda m: initcore.approximate_isometry(Rng(0), m[0]), ValueError, r"shape \(6,\)"),
        (lambda m: initcore.approximate_isometry(Rng(0), m, gain=0.0), ValueError, "got 0.0"),
        (lambda m: initcore.approximate_isometry(Rng(0), m, groups=3), ValueError, "divide the 4"),
        (lambda m: initcore.approximate_isometry(Rng(0), m, steps=0), ValueError, "steps"),
        (lambda m: initcore_torch.approximate_isometry_(torch.ones(4, 6), m.T), ValueError,
         r"approximate_isometry_ needs a mask of the tensor's shape \(4, 6\), got .*\(6, 4\)"),
        (lambda m: initcore_torch.approximate_isometry_(torch.ones(4), m[0]), ValueError,
         "2 or more axes"),
        (lambda m: initcore_jax.approximate_isometry(m)(jax.random.key(0), (6, 4)), ValueError,
         r"needs the shape \(4, 6\) of its mask, got \(6, 4\)"),
        (lambda m: initcore_jax.approximate_isometry(m, -1.0), ValueError, "scale .* got -1.0"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call(random_mask(4, 6, density=0.5))
    assert "\n" not in str(caught.value)
