"""Changing jax.nn.initializers to initcore_jax is enough; where the algorithm is JAX's, so are
the numbers."""

import inspect
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore
import initcore_jax as ours
from initcore import Rng, specs
from initcore.spec import Choice

theirs = jax.nn.initializers
NAMES = [n for n in dir(theirs) if not n.startswith("_") and n != "Initializer"]
KEY = jax.random.key(5)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_function_takes_the_same_arguments(name: str) -> None:
    def positional(function: Any) -> list[tuple[str, Any]]:
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.default) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert positional(getattr(ours, name)) == positional(getattr(theirs, name))


def test_every_initializer_of_the_core_is_here() -> None:
    missing = [n for n in specs if not hasattr(ours, n)]
    assert not missing, f"add these to initcore_jax: {missing}"


KERNEL = "in_axis=-2, out_axis=-1, batch_axis=(), groups=1"
COLUMN = "column_axis=-1, dtype=None, *, "
FRAME = "in_axis=None, out_axis=None, batch_axis=(), groups=1"
SPARSE = "sampling='uniform', tap_density='same', "
MIRRORED = "part='hidden', base='orthogonal', activation='relu', negative_slope=0.01, "
SIGNATURES = {
    "approximate_isometry": f"(mask, scale=1.0, {COLUMN}steps=1000, {FRAME})",
    "constant": "(value, dtype=None)",
    "ones_init": "()",
    "zeros_init": "()",
    "conv_orthogonal": f"(scale=1.0, {COLUMN}{FRAME})",
    "delta_orthogonal": f"(scale=1.0, {COLUMN}{FRAME})",
    "glorot_normal": "(in_axis=-2, out_axis=-1, batch_axis=(), dtype=None, *, groups=1)",
    "hadamard": f"(scale=1.0, dtype=None, *, {KERNEL})",
    "identity": f"(scale=1.0, dtype=None, *, {KERNEL})",
    "idinit": f"(tau=1.0, dtype=None, *, noise=1e-06, taps='center', {KERNEL})",
    "idinit_zero": f"(eps=1e-06, dtype=None, *, taps='center', {KERNEL})",
    "mirrored": f"(scale=1.0, dtype=None, *, {MIRRORED}{KERNEL})",
    "normal": "(stddev=0.01, dtype=None, *, mean=0.0, in_axis=-2, out_axis=-1, groups=1)",
    "ones": "(key, shape, dtype=None, out_sharding=None, *, part=None)",
    "orthogonal": f"(scale=1.0, {COLUMN}{FRAME})",
    "scaled_orthogonal": f"(scale=1.0, {COLUMN}narrowing='isometric', {FRAME})",
    "sparse": "(sparsity, stddev=0.01, dtype=None, *, in_axis=-2, out_axis=-1)",
    "sparse_orthogonal": f"(density, scale=1.0, {COLUMN}{SPARSE}{FRAME})",
    "sparse_orthogonal_mask": f"(density, column_axis=-1, *, {SPARSE}{FRAME})",
    "truncated_normal": (
        "(stddev=0.01, dtype=None, lower=-2.0, upper=2.0, *, mean=0.0, in_axis=-2, out_axis=-1, "
        "groups=1)"
    ),
    "uniform": "(scale=0.01, dtype=None, *, low=0.0, in_axis=-2, out_axis=-1, groups=1)",
    "variance_scaling": (
        "(scale, mode, distribution, in_axis=-2, out_axis=-1, batch_axis=(), dtype=None, *, "
        "groups=1)"
    ),
    "zeros": "(key, shape, dtype=None, out_sharding=None, *, part=None)",
}
VARIANCES = [f"{n}_{law}" for n in ("glorot", "he", "kaiming", "lecun", "xavier")
             for law in ("normal", "uniform")]  # fmt: skip
SIGNATURES |= dict.fromkeys(VARIANCES, SIGNATURES["glorot_normal"])
MAKERS = sorted(SIGNATURES.keys() - {"zeros", "ones", "zeros_init", "ones_init"})


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_written_out_for_people(name: str) -> None:
    found = inspect.signature(getattr(ours, name))
    bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    plain = found.replace(parameters=bare, return_annotation=found.empty)
    assert str(plain) == SIGNATURES[name]
    untyped = [p.name for p in found.parameters.values() if p.annotation is p.empty]
    assert not untyped, f"{name} has no types of {untyped}"


@pytest.mark.parametrize("name", MAKERS)
def test_every_argument_is_described_once(name: str) -> None:
    text = getattr(ours, name).__doc__
    (section,) = re.findall(r"^Args:\n((?: {4}.*\n?)+)", text, re.M)
    described = [n for names in re.findall(r"^ {4}(\w[\w, ]*):", section, re.M)
                 for n in names.split(", ")]  # fmt: skip
    assert sorted(described) == sorted(inspect.signature(getattr(ours, name)).parameters)


def test_the_package_works_where_python_strips_docstrings() -> None:
    code = "import initcore_jax as m; print(m.he_normal(), m.he_normal.__doc__ or m.normal.__doc__)"
    done = subprocess.run(
        [sys.executable, "-OO", "-c", code], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.stdout.strip() == "<initcore_jax.he_normal()> None", done.stderr


@pytest.mark.parametrize("name", MAKERS)
def test_an_unknown_keyword_is_refused_by_the_name_of_the_function(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{spelled(name)}\(\) got an unexpected .* 'no_such'"):
        getattr(ours, name)(**{**usual(name), "no_such": 1})


def test_the_few_values_of_a_parameter_are_its_type() -> None:
    for name, spec in specs.items():
        takes = inspect.signature(getattr(ours, name)).parameters
        for parameter, domain in spec.parameters.items():
            if type(domain) is Choice:  # a subclass takes more than its names
                allowed = get_args(takes[parameter].annotation)
                assert allowed == domain.options, f"{name}, {parameter}: {allowed}"


def spelled(name: str) -> str:
    return name.replace("kaiming", "he").replace("xavier", "glorot")


def usual(name: str) -> dict[str, Any]:
    """What a function needs to be called."""
    if name == "variance_scaling":
        return {"scale": 1.0, "mode": "fan_in", "distribution": "normal"}
    if name == "approximate_isometry":
        return {"mask": np.ones((4, 4), bool)}
    name = name.removesuffix("_mask")
    return dict(specs[name].example) if name in specs else {}


def variants() -> Iterator[Any]:
    """Initializers that differ in one argument each."""
    yield ours.orthogonal()
    yield ours.orthogonal(2.0)
    yield ours.orthogonal(dtype=jnp.bfloat16)
    yield ours.orthogonal(column_axis=0)
    yield ours.orthogonal(in_axis=0)
    yield ours.orthogonal(groups=2)
    yield ours.conv_orthogonal()
    yield ours.he_normal()
    yield ours.he_normal(in_axis=(0, 1), out_axis=2)
    yield ours.mirrored(activation="gelu", base="identity")
    yield ours.mirrored(activation=jax.nn.gelu, base="identity")
    yield ours.uniform(1.0)
    yield ours.constant(0.5)


def test_initializers_can_be_pickled_and_are_equal_where_their_arguments_are() -> None:
    several, again = list(variants()), list(variants())
    for n, init in enumerate(several):
        loaded = pickle.loads(pickle.dumps(init))
        assert [loaded == other for other in again] == [n == m for m in range(len(again))], init
        assert hash(loaded) == hash(init)
        assert init != "orthogonal"
    w = pickle.loads(pickle.dumps(ours.he_normal(groups=2)))(KEY, (6, 4))
    assert (w == ours.he_normal(groups=2)(KEY, (6, 4))).all()


def test_functions_and_constants_can_be_pickled() -> None:
    for name in SIGNATURES:
        function = getattr(ours, name)
        assert pickle.loads(pickle.dumps(function)) is function
    table = pickle.loads(pickle.dumps(ours.constant(np.arange(3.0))))
    assert (table(KEY, (2, 3)) == jnp.arange(3.0)).all()


def test_initializers_of_traced_parameters_can_be_compared() -> None:
    def compared(std: Any) -> Any:
        one = ours.normal(std)
        assert one == one
        assert one != ours.normal(2 * std)
        assert hash(one) == hash(ours.normal(2 * std))
        return std

    jax.jit(compared)(1.0)


def test_the_repr_shows_name_and_parameters() -> None:
    assert repr(ours.orthogonal(2.0)) == "<initcore_jax.orthogonal(scale=2.0)>"
    assert repr(ours.uniform(2.0)) == "<initcore_jax.uniform(low=0.0, scale=2.0)>"
    assert ours.he_normal().__name__ == "he_normal"


SAME = {
    "zeros": lambda m: m.zeros,
    "ones": lambda m: m.ones,
    "constant": lambda m: m.constant(0.3),
    "uniform": lambda m: m.uniform(2.0),
    "normal": lambda m: m.normal(0.5),
    "truncated_normal": lambda m: m.truncated_normal(0.5, lower=-1.0, upper=2.5),
    "glorot_uniform": lambda m: m.glorot_uniform(),
    "he_normal": lambda m: m.he_normal(),
    "lecun_normal": lambda m: m.lecun_normal(in_axis=(0, 1), out_axis=2),
    "attention": lambda m: m.variance_scaling(2.0, "fan_avg", "normal", 0, (1, 2)),
    "batched": lambda m: m.variance_scaling(1.0, "fan_geo_avg", "uniform", 1, 2, batch_axis=0),
}


@pytest.mark.parametrize("what", SAME)
def test_the_numbers_are_those_of_jax_for_the_same_key(what: str) -> None:
    mine = SAME[what](ours)(KEY, (30, 8, 12))
    other = SAME[what](theirs)(KEY, (30, 8, 12))
    assert mine.dtype == other.dtype
    # Kernels are drawn in canonical order, so the numbers are JAX's and their places are not.
    assert abs(np.sort(mine, None) - np.sort(other, None)).max() < 2e-6
    if what in ("zeros", "ones", "constant", "uniform", "normal", "truncated_normal"):
        mine, other = SAME[what](ours)(KEY, (30,)), SAME[what](theirs)(KEY, (30,))
        assert abs(mine - other).max() < 2e-6


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (3, 3, 8, 5), (3, 3, 5, 8), (2, 2, 2, 4, 4)])
def test_orthogonal_columns_are_along_the_column_axis(shape: tuple[int, ...]) -> None:
    for axis in (-1, 0):
        w = jnp.moveaxis(ours.orthogonal(3.0, axis)(KEY, shape), axis, -1)
        w = np.asarray(w.reshape(-1, w.shape[-1]))
        assert np.linalg.svd(w)[1] == pytest.approx(3.0, rel=1e-5)


def test_delta_orthogonal_also_narrows_and_takes_one_to_three_dimensions() -> None:
    for k, (i, o) in (((3,), (4, 9)), ((3, 5), (9, 4)), ((2, 2, 3), (4, 4))):
        w = ours.delta_orthogonal(2.0)(KEY, (*k, i, o))
        center = tuple((n - 1) // 2 for n in k)
        assert np.linalg.svd(np.asarray(w[center]))[1] == pytest.approx(2.0, rel=1e-5)
        assert int((w != 0).sum()) == i * o


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes_of_the_maker_and_of_the_call(dtype: str) -> None:
    assert ours.orthogonal(dtype=dtype)(KEY, (3, 3)).dtype == dtype
    assert ours.orthogonal()(KEY, (3, 3), dtype).dtype == dtype
    assert ours.orthogonal(dtype="float32")(KEY, (3, 3), jnp.dtype(dtype)).dtype == dtype


def test_float64_is_canonicalised_as_jax_does() -> None:
    assert ours.normal()(KEY, (3,), jnp.float64).dtype == jnp.float32
    with jax.enable_x64(True):
        w = ours.orthogonal()(KEY, (30, 30), jnp.float64)
        assert w.dtype == jnp.float64
        assert abs(w @ w.T - jnp.eye(30)).max() < 1e-14
        assert ours.normal()(KEY, (3,)).dtype == jnp.float64
        expected = initcore.orthogonal(Rng(5, dtype="float64"), (30, 30))
        assert abs(np.asarray(w).T - expected).max() < 1e-14


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ours.orthogonal(-1.0), ValueError, r"orthogonal needs scale .* got -1"),
        (lambda: ours.orthogonal("2"), TypeError, "got '2'"),
        (lambda: ours.orthogonal(float("inf")), ValueError, "finite"),
        (lambda: ours.normal(-0.1), ValueError, "normal needs stddev"),
        (lambda: ours.truncated_normal(lower=2.0), ValueError, "lower < upper"),
        (lambda: ours.variance_scaling(1.0, "fan", "normal"), ValueError,
         "^Invalid `mode` argument: variance_scaling needs mode .*fan_geo_avg"),
        (lambda: ours.variance_scaling(1.0, "fan_in", "cauchy"), ValueError,
         "^Invalid `distribution` argument: variance_scaling needs .*truncated_normal"),
        (lambda: ours.orthogonal()(KEY, (3,)), ValueError, r"2 or more axes, got shape \(3,\)"),
        (lambda: ours.delta_orthogonal()(KEY, (3, 4)), ValueError,
         r"delta_orthogonal needs .* got shape \(3, 4\); for a dense layer use orthogonal"),
        (lambda: ours.orthogonal(in_axis=0, out_axis=0)(KEY, (3, 4)), ValueError, "one role"),
        (lambda: ours.identity(in_axis=1)(KEY, (3, 4)), ValueError, "identity, .* one role"),
        (lambda: ours.orthogonal()(KEY, (3,)), ValueError,
         "^orthogonal initializer requires at least a 2D shape: orthogonal needs"),
        (lambda: ours.delta_orthogonal()(KEY, (3, 4)), ValueError,
         "^Delta orthogonal initializer requires a 3D, 4D or 5D shape: delta_orthogonal needs"),
        (lambda: ours.identity()(KEY, (3,)), ValueError, "requires at least a 2D shape: identity"),
        (lambda: ours.variance_scaling(-1.0, "fan_in", "normal"), ValueError,
         r"`scale` must be a positive float: variance_scaling needs scale .* got -1.0"),
        (lambda: ours.lecun_normal(in_axis=4)(KEY, (3, 4)), ValueError, "out of range"),
        (lambda: ours.lecun_normal(groups=2)(KEY, (4, 3)), ValueError, "divide the 3 outputs"),
        (lambda: ours.orthogonal()(0, (3, 4)), TypeError, "a JAX key .* got int"),
        (lambda: ours.orthogonal()(jnp.ones(2), (3, 4)), TypeError, "a JAX key"),
        (lambda: ours.orthogonal()(jax.random.split(KEY), (3, 4)), ValueError, "jax.vmap"),
        (lambda: ours.orthogonal()(KEY, (3, 4), jnp.int32), TypeError, "got int32"),
        (lambda: ours.hadamard()(KEY, (4, 4), jnp.complex64), TypeError, "got complex64"),
        (lambda: ours.orthogonal()(KEY, (3, 4.5)), TypeError, "made of integers"),
        (lambda: ours.orthogonal(column_axis="out")(KEY, (3, 4)), TypeError, "an integer.* 'out'"),
        (lambda: ours.lecun_normal(in_axis=(0, 1.5)), TypeError, r"an integer.* \(0, 1.5\)"),
        (lambda: ours.truncated_normal(upper="2"), TypeError, "upper .* got '2'"),
        (lambda: ours.normal()(np.zeros(4, np.uint32), (3,)), TypeError, "which kind"),
        (lambda: jax.jit(lambda v: ours.truncated_normal(lower=v)(KEY, (3,)))(-1.0), TypeError,
         "needs lower .*Tracer"),
        (lambda: jax.jit(lambda v: ours.sparse(v)(KEY, (3, 3)))(0.5), TypeError,
         "needs sparsity .*Tracer"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
