"""Changing the import is enough: `mlx.nn.init`'s signatures, distributions, dtypes, and state."""

import inspect
from typing import Any

import numpy as np
import pytest

WHY = "MLX has wheels for Apple silicon and for Linux on x86-64 only"
mx = pytest.importorskip("mlx.core", reason=WHY)
nn = pytest.importorskip("mlx.nn", reason=WHY)
init = pytest.importorskip("initcore_mlx", reason=WHY)

MLX = sorted(n for n, f in vars(nn.init).items() if inspect.isfunction(f) and n[0] != "_")
NEEDED = {"constant": {"value": 0.5}, "sparse": {"sparsity": 0.3}}
SHAPES = {"identity": (64, 64), "sparse": (400, 300), "orthogonal": (96, 64)}


def made(module: Any, name: str, **parameters: Any) -> Any:
    return getattr(module, name)(**{**NEEDED.get(name, {}), **parameters})


def test_mlx_has_what_this_was_written_for() -> None:
    assert MLX == [
        "constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity",
        "normal", "orthogonal", "sparse", "uniform",
    ]  # fmt: skip


def follows(ours: Any, theirs: Any, first: int = 0) -> None:
    """The parameters of `ours` begin with those of `theirs`, from number `first` on."""
    wanted = list(inspect.signature(theirs).parameters.values())
    got = list(inspect.signature(ours).parameters.values())
    for a, b in zip(wanted[first:], got[first:], strict=False):
        assert (a.name, a.default, a.kind) == (b.name, b.default, b.kind)
    assert len(got) >= len(wanted)
    assert all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in got[len(wanted) :])


@pytest.mark.parametrize("name", MLX)
def test_arguments_have_the_same_names_order_and_defaults(name: str) -> None:
    follows(getattr(init, name), getattr(nn.init, name))
    follows(made(init, name), made(nn.init, name), first=1)  # the array has two names in MLX


@pytest.mark.parametrize("name", MLX)
def test_the_dtype_is_the_argument_whatever_the_array_has(name: str) -> None:
    a = mx.zeros((6, 6), dtype=mx.bfloat16)
    for dtype in (mx.float32, mx.float16, mx.bfloat16):
        assert made(init, name, dtype=dtype)(a).dtype == made(nn.init, name, dtype=dtype)(a).dtype
    assert made(init, name)(a).dtype == made(nn.init, name)(a).dtype == mx.float32


def statistics(w: Any) -> dict[str, float]:
    x = np.array(w, dtype=np.float64)
    part = x[x != 0]
    return {
        "mean": part.mean(), "std": part.std(), "kurtosis": (part**4).mean() / part.std() ** 4,
        "zeros": (x == 0).mean(),
    }  # fmt: skip


CALLS: list[tuple[str, dict[str, Any], tuple[Any, ...], tuple[int, ...]]] = [
    ("normal", {}, (), (300, 400)),
    ("normal", {"mean": 2.0, "std": 0.3}, (), (300, 400)),
    ("uniform", {}, (), (300, 400)),
    ("uniform", {"low": -0.2, "high": 0.7}, (), (300, 400)),
    ("sparse", {"mean": 1.5, "std": 0.1}, (), (400, 300)),
    *((n, {}, args, (80, 3, 3, 160)) for n in MLX if n[:6] == "glorot" for args in ((), (2.0,))),
    *((n, {}, args, (80, 3, 3, 160)) for n in MLX if n[:2] == "he"
      for args in ((), ("fan_out",), ("fan_in", 3.0))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters", "args", "shape"), CALLS)
def test_the_law_is_mlx_s(
    name: str, parameters: dict[str, Any], args: tuple[Any, ...], shape: tuple[int, ...]
) -> None:
    mx.random.seed(3)
    a = mx.zeros(shape)
    theirs = statistics(made(nn.init, name, **parameters)(a, *args))
    ours = statistics(made(init, name, **parameters)(a, *args))
    # More than 80000 entries each: deviations of the difference are below .5 % of the standard
    # deviation for mean and deviation, and .8 % of the kurtosis; five of them.
    assert abs(ours["mean"] - theirs["mean"]) < 0.025 * theirs["std"]
    assert ours["std"] == pytest.approx(theirs["std"], rel=0.025)
    assert ours["kurtosis"] == pytest.approx(theirs["kurtosis"], rel=0.04)
    assert ours["zeros"] == pytest.approx(theirs["zeros"], abs=1e-4)


@pytest.mark.parametrize("module", [nn.init, init])
def test_sparse_has_its_zeros_in_every_row(module: Any) -> None:
    w = np.array(module.sparse(0.3, mean=1.0)(mx.zeros((20, 11))))
    assert set((w == 0).sum(1)) == {4}
    assert len(set((w == 0).sum(0))) > 1


@pytest.mark.parametrize("shape", [(96, 64), (64, 96)])
def test_orthogonal_and_identity_are_what_they_say(shape: tuple[int, int]) -> None:
    for module in (nn.init, init):
        w = np.array(module.orthogonal(1.5)(mx.zeros(shape)), dtype=np.float64)
        assert np.linalg.svd(w, compute_uv=False) == pytest.approx(1.5, abs=1e-5)
    eye = mx.zeros((5, 5))
    assert (init.identity()(eye) == nn.init.identity()(eye)).all()
    assert (init.constant(0.5)(eye) == nn.init.constant(0.5)(eye)).all()


def test_mlx_s_seed_makes_the_next_values_repeat() -> None:
    a = mx.zeros((4, 4))
    mx.random.seed(11)
    first, second = init.normal()(a), init.normal()(a)
    mx.random.seed(11)
    assert (init.normal()(a) == first).all()
    assert (init.normal()(a) == second).all()
    assert (first != second).any()


def test_a_seed_is_a_key_and_leaves_the_random_state_alone() -> None:
    a = mx.zeros((4, 4))
    before = mx.random.state[0].tolist()
    for seed in (0, 7, 2**40 + 3, 2**64 - 1):
        assert (
            init.orthogonal()(a, seed=seed) == init.orthogonal()(a, key=mx.random.key(seed))
        ).all()
    assert mx.random.state[0].tolist() == before


@pytest.mark.parametrize("name", ["glorot_normal", "he_uniform", "sparse", "orthogonal"])
def test_what_mlx_refuses_is_refused_with_the_same_kind_of_error(name: str) -> None:
    for module in (nn.init, init):
        with pytest.raises(ValueError, match=r"\d|dimension|matrix"):
            made(module, name)(mx.zeros((3,)))
    for module in (nn.init, init):
        with pytest.raises(ValueError, match="fan_out"):
            module.he_normal()(mx.zeros((3, 3)), mode="fan")


@pytest.mark.parametrize("dtype", [mx.int32, mx.bool_, mx.uint8, mx.complex64, mx.bfloat16])
def test_constants_are_of_any_dtype(dtype: Any) -> None:
    a = mx.zeros((2, 3), dtype=dtype)
    assert init.constant(1, dtype)(a).dtype == dtype  # MLX's own makes int32 of bool
    assert init.constant(True)(a).tolist() == nn.init.constant(True)(a).tolist()
    assert init.constant(mx.array([1, 2, 3]), dtype)(a).shape == (2, 3)
    assert init.ones()(a).dtype == init.zeros()(a).dtype == dtype
    assert bool((init.ones()(a) == mx.ones((2, 3), dtype=dtype)).all())
    assert not bool(init.zeros()(a).any())


def test_errors_say_who_needs_what_and_what_there_was() -> None:
    a = mx.zeros((3, 2))
    with pytest.raises(ValueError, match=r"orthogonal needs gain .* >= 0, got -1"):
        init.orthogonal(-1)
    with pytest.raises(
        ValueError, match=r"delta_orthogonal needs .*, got an array of shape \(3, 2\)"
    ):
        init.delta_orthogonal()(a)
    with pytest.raises(ValueError, match=r"orthogonal, shape \(3, 2\): .* got 2"):
        init.orthogonal(groups=2)(a)
    with pytest.raises(TypeError, match=r"normal needs a real floating dtype of MLX .* got int32"):
        init.normal(dtype=mx.int32)
    with pytest.raises(TypeError, match=r"lecun_normal needs a real floating .* got int32"):
        init.lecun_normal()(a.astype(mx.int32))
    with pytest.raises(
        TypeError, match=r"normal needs an mlx.core.array for its shape, got \(3, 2\)"
    ):
        init.normal()((3, 2))
    with pytest.raises(TypeError, match="normal needs an integer seed, got '0'"):
        init.normal()(a, seed="0")
    with pytest.raises(TypeError, match=r"normal needs key to be an mlx.core.random.key, got 3"):
        init.normal()(a, key=3)
    with pytest.raises(ValueError, match="normal takes a seed or a key, got both"):
        init.normal()(a, seed=0, key=mx.random.key(0))
    with pytest.raises(TypeError, match="idinit takes keyword arguments only"):
        init.idinit(2.0)
    with pytest.raises(TypeError, match="sparse_orthogonal needs a value for density"):
        init.sparse_orthogonal()
    with pytest.raises(TypeError, match=r"he_normal needs gain \(factor\) .* got '2'"):
        init.he_normal()(a, gain="2")
    with pytest.raises(ValueError, match="sparse needs std"):
        init.sparse(0.5, std=-1.0)
