"""Changing the import from torch.nn.init to initcore_torch is enough."""

import inspect
import math
import pickle
import typing
import warnings
from typing import Any

import pytest
import torch
from scipy import stats

import initcore_torch as init
from initcore import specs

THEIRS = torch.nn.init
FUNCTIONS = [n for n in THEIRS.__all__ if n != "calculate_gain"]


def symmetric(bound: float) -> Any:
    return stats.uniform(-bound, 2 * bound)


def gen(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", THEIRS.__all__)
def test_every_public_function_takes_the_same_arguments(name: str) -> None:
    def positional(function: Any) -> list[tuple[str, Any]]:
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.default) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]

    ours, theirs = getattr(init, name), getattr(THEIRS, name)
    if name.endswith("_") or name == "calculate_gain":
        assert positional(ours) == positional(theirs)
    else:
        with pytest.warns(FutureWarning, match=f"{name}_"):
            ours(torch.empty(3, 3, 3) if name == "dirac" else torch.empty(3, 3), *(
                [0.5] if name in ("constant", "sparse") else []))  # fmt: skip


def test_every_initializer_of_the_core_is_here() -> None:
    missing = [n for n in specs if not hasattr(init, f"{n}_")]
    assert not missing, f"add these to initcore_torch: {missing}"


@pytest.mark.parametrize(
    ("fill", "law"),
    [
        (lambda t: init.uniform_(t, -1.0, 3.0), stats.uniform(-1, 4)),
        (lambda t: init.normal_(t, 2.0, 0.5), stats.norm(2, 0.5)),
        (lambda t: init.trunc_normal_(t, 1.0, 2.0, -1.0, 2.5), stats.truncnorm(-1, 0.75, 1, 2)),
        (lambda t: init.xavier_uniform_(t, 2.0), symmetric((24 / 250) ** 0.5)),
        (lambda t: init.xavier_normal_(t, 2.0), stats.norm(0, (8 / 250) ** 0.5)),
        (lambda t: init.kaiming_uniform_(t, a=1.0), symmetric((3 / 50) ** 0.5)),
        (lambda t: init.kaiming_normal_(t, 0, "fan_out", "relu"), stats.norm(0, 0.1)),
    ],
)  # fmt: skip
def test_laws_are_those_of_pytorch(fill: Any, law: Any) -> None:
    # Kolmogorov-Smirnov at 1e-6: a false alarm for one seed in a million; the seed is fixed.
    torch.manual_seed(1)
    w = fill(torch.empty(200, 50)).double().numpy().reshape(-1)
    assert stats.kstest(w, law.cdf).pvalue > 1e-6
    torch.manual_seed(1)
    wrong = fill(torch.empty(200, 50)).double().numpy().reshape(-1) * 1.1
    assert stats.kstest(wrong, law.cdf).pvalue < 1e-2  # the test can tell


@pytest.mark.parametrize("gain", [1.0, 0.3, 3.0])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (20, 2, 3, 4), (2, 3, 4, 5), (7, 7), (1, 9)])
def test_orthogonal_has_singular_values_gain(shape: tuple[int, ...], gain: float) -> None:
    w = init.orthogonal_(torch.empty(shape), gain).flatten(1)
    assert torch.linalg.svdvals(w).numpy() == pytest.approx(gain, rel=2e-6)


def test_sparse_zeroes_a_share_of_each_column_and_honours_the_generator() -> None:
    w = init.sparse_(torch.empty(40, 30), 0.31, generator=gen(5))
    assert ((w == 0).sum(0) == math.ceil(0.31 * 40)).all()
    again = init.sparse_(torch.empty(40, 30), 0.31, generator=gen(5))
    assert torch.equal(w, again)
    other = init.sparse_(torch.empty(40, 30), 0.31, generator=gen(6))
    assert not torch.equal(w == 0, other == 0)


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("shape", [(6, 4, 3), (12, 3, 5, 3), (6, 6, 3, 3, 3)])
def test_dirac_passes_each_group_on(shape: tuple[int, ...], groups: int) -> None:
    w = init.dirac_(torch.empty(shape), groups)
    x = torch.randn(1, shape[1] * groups, *[7] * (len(shape) - 2), generator=gen(0))
    conv = (torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d)
    y = conv[len(shape) - 3](x, w, padding="same", groups=groups)
    out, used = shape[0] // groups, min(shape[0] // groups, shape[1])
    for g in range(groups):
        passed = x[:, g * shape[1] : g * shape[1] + used]
        assert torch.equal(y[:, g * out : g * out + used], passed)
        assert not y[:, g * out + used : (g + 1) * out].any()
    assert torch.equal(w, THEIRS.dirac_(torch.empty(shape), groups))


def test_constants_equal_pytorchs_on_any_dtype() -> None:
    for dtype in (torch.float32, torch.int64, torch.complex64, torch.bool):
        assert torch.equal(init.ones_(torch.empty(3, dtype=dtype)), torch.ones(3, dtype=dtype))
        assert torch.equal(init.zeros_(torch.ones(3, dtype=dtype)), torch.zeros(3, dtype=dtype))
    assert torch.equal(init.constant_(torch.empty(2, 2), 0.25), torch.full((2, 2), 0.25))
    assert torch.equal(init.eye_(torch.empty(3, 5)), torch.eye(3, 5))


def test_gains_are_pytorchs_for_its_names_and_computed_for_others() -> None:
    for name in typing.get_args(THEIRS._NonlinearityType):
        assert init.calculate_gain(name) == THEIRS.calculate_gain(name)
    for slope in (None, 0, 0.2, 1, -0.5, 10):
        assert init.calculate_gain("leaky_relu", slope) == THEIRS.calculate_gain(
            "leaky_relu", slope
        )
    for same in (torch.nn.functional.gelu, torch.nn.GELU(), "GELU"):
        assert init.calculate_gain(same) == pytest.approx(1.5335304411955)
    assert init.calculate_gain("gelu") == pytest.approx(1.5335304411955)
    for bad in (True, "0.1", [1], {"a": 1}):
        with pytest.raises(ValueError, match="negative slope"):
            init.calculate_gain("leaky_relu", bad)
    with pytest.raises(ValueError, match="did you mean"):
        init.calculate_gain("rellu")
    with pytest.raises(ValueError, match="elementwise"):
        init.calculate_gain(torch.nn.Softmax(-1))
    with pytest.raises(TypeError, match="name or a callable"):
        init.calculate_gain(3)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n.endswith("_")])
def test_empty_tensors_are_left_alone_and_warned_of_where_pytorch_warns(name: str) -> None:
    extra = {"constant_": [1.0], "sparse_": [0.5]}.get(name, [])
    shape = (0, 3, 3) if name == "dirac_" else (0, 3)

    def warned(module: Any) -> list[tuple[type, str, str]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert getattr(module, name)(torch.empty(shape), *extra).shape == shape
        return [(w.category, str(w.message), w.filename) for w in caught]

    assert warned(init) == warned(THEIRS)


def test_old_names_warn_as_pytorchs_do() -> None:
    for name in ("uniform", "orthogonal", "xavier_normal"):
        with pytest.warns(FutureWarning, match=f"deprecated in favor of `.*{name}_`") as theirs:
            getattr(THEIRS, name)(torch.empty(3, 3))
        with pytest.warns(FutureWarning, match=f"deprecated in favor of `.*{name}_`") as ours:
            assert getattr(init, name)(torch.empty(3, 3)).shape == (3, 3)
        assert ours[0].filename == theirs[0].filename == __file__


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0.0, 1.0, -2.0, 2.0), (0.0, 1.0, 2.0, 3.0), (1.0, 0.02, 0.96, 1.04), (0.0, 1.0, 3.0, 4.0),
     (-2.0, 0.5, -2.3, -1.9), (0.0, 0.1, -2.0, 2.0), (0.0, 1.0, -math.inf, -1.0)],
)  # fmt: skip
def test_cuts_of_the_truncated_normal_are_values(
    dtype: torch.dtype, mean: float, std: float, a: float, b: float
) -> None:
    w = init.trunc_normal_(torch.empty(20_000, dtype=dtype), mean, std, a, b, seed=2)
    low, high = torch.tensor([a, b], dtype=dtype).tolist()
    assert low <= w.min() <= w.max() <= high
    if dtype in (torch.float32, torch.float64):  # halves are stepped: 65 values of bf16 in [2, 3]
        law = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
        assert stats.kstest(w.double().numpy(), law.cdf).pvalue > 1e-6  # false alarms: 1e-6
    elif (a, b) == (-2.0, 2.0):
        # Sampled in half precision there would be 128 values or fewer.
        assert w.unique().numel() > 1000


def test_cuts_too_far_out_are_refused() -> None:
    for fill, cuts in (
        (init.trunc_normal_, {"a": 5.0, "b": 6.0}),
        (init.truncated_normal_, {"low": 5.0, "high": 6.0}),
    ):
        text = f"^{fill.__name__} needs .* up to 4 deviations .* at 5 and 6 .* float32 has too few"
        with pytest.raises(ValueError, match=text):
            fill(torch.empty(5, dtype=torch.bfloat16), **cuts, seed=0)
    init.trunc_normal_(torch.empty(5, dtype=torch.float64), a=5.0, b=6.0, seed=0)


@pytest.mark.parametrize(
    "name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "orthogonal_", "eye_",
             "sparse_", "dirac_"],
)  # fmt: skip
def test_vectors_are_refused_where_pytorch_refuses_them(name: str) -> None:
    t = torch.full((5,), 7.0)
    with pytest.raises(ValueError, match=name) as caught:
        getattr(init, name)(t, *([0.5] if name == "sparse_" else []))
    assert (t == 7).all()
    assert "\n" not in str(caught.value)


def test_manual_seed_and_generators_decide() -> None:
    def draws() -> list[torch.Tensor]:
        return [init.normal_(torch.empty(4)), init.orthogonal_(torch.empty(4, 4))]

    torch.manual_seed(3)
    first, second = draws(), draws()
    torch.manual_seed(3)
    again = draws()
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], second[0])
    a, b = (init.normal_(torch.empty(4), generator=gen(8)) for _ in range(2))
    assert torch.equal(a, b)
    state = torch.get_rng_state()
    init.orthogonal_(torch.empty(4, 4), seed=1)
    init.eye_(torch.empty(4, 4))
    assert torch.equal(state, torch.get_rng_state())


FUNCTIONS = [n for n, f in vars(init).items() if not n.startswith("_") and callable(f)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_name_a_docstring_and_can_be_pickled(name: str) -> None:
    function = getattr(init, name)
    assert function.__name__ == name
    assert function.__doc__
    assert pickle.loads(pickle.dumps(function)) is function
    if name.endswith("_") and name not in ("zeros_", "ones_", "constant_"):
        with pytest.raises(TypeError, match=f"^{name}.*unexpected keyword"):
            function(torch.empty(3, 3), nonsense=1)
