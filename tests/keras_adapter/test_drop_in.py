"""Changing keras.initializers to initcore_keras is enough."""

import inspect
from typing import Any, get_args

import keras
import numpy as np
import pytest
from keras import initializers as theirs
from scipy import stats

import initcore_keras as ours
from initcore import specs
from initcore.spec import Choice
from initcore_keras._initializer import spell
from initcore_keras._kernel import KINDS

NAMES = [n for n in dir(theirs) if isinstance(getattr(theirs, n), type) and n != "Initializer"]
CLASSES = sorted((getattr(ours, spell(n)) for n in specs), key=lambda c: c.__name__)
NEEDED: dict[str, dict[str, Any]] = {
    "Sparse": {"sparsity": 0.3},
    "SparseOrthogonal": {"density": 0.4},
    "ApproximateIsometry": {"mask": np.ones((4, 6), bool)},
}
PUBLIC = [*CLASSES, ours.ApproximateIsometry]
each_class = pytest.mark.parametrize("cls", PUBLIC, ids=lambda c: c.__name__)


def numpy(x: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def make(cls: Any, **how: Any) -> Any:
    return cls(**{**NEEDED.get(cls.__name__, {}), **how})


@pytest.mark.parametrize("name", NAMES)
def test_every_class_takes_the_same_arguments(name: str) -> None:
    def positional(cls: Any) -> list[tuple[str, Any]]:
        found = inspect.signature(cls).parameters.values()
        return [(p.name, p.default) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert positional(getattr(ours, name)) == positional(getattr(theirs, name))


def test_every_initializer_of_the_core_is_here() -> None:
    missing = [spell(n) for n in specs if not hasattr(ours, spell(n))]
    assert not missing, f"add these to initcore_keras: {missing}"


@each_class
def test_every_argument_is_in_the_signature_and_in_the_docstring(cls: Any) -> None:
    names = inspect.signature(cls).parameters
    assert not any(p.kind is p.VAR_KEYWORD for p in names.values())
    for name in names:
        assert cls.__doc__.count(f"\n    {name}: ") == 1, name
    made = make(cls)
    for name, parameter in names.items():
        if parameter.default is not parameter.empty:
            assert getattr(made, name) == parameter.default, name


def test_a_subclass_has_the_signature_that_it_is_written_with() -> None:
    class Mine(ours.Orthogonal):  # type: ignore[misc]
        def __init__(self, seed: Any = None) -> None:
            super().__init__(2.0, seed, kind="transposed")

    class Same(ours.Orthogonal):  # type: ignore[misc]
        pass

    assert list(inspect.signature(Mine).parameters) == ["seed"]
    assert inspect.signature(Same) == inspect.signature(ours.Orthogonal)
    expected = ours.Orthogonal(2.0, 1, kind="transposed")((4, 6))
    assert (numpy(Mine(1)((4, 6))) == numpy(expected)).all()


@each_class
def test_an_unknown_argument_is_named_with_the_class(cls: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{cls.__name__}\b.* argument 'no_such'") as caught:
        make(cls, no_such=1)
    assert "\n" not in str(caught.value)


def test_the_types_of_few_values_are_the_choices_of_the_specs() -> None:
    seen = 0
    for cls in CLASSES:
        types = {n: p.annotation for n, p in inspect.signature(cls).parameters.items()}
        for name, domain in specs_of(cls).parameters.items():
            if type(domain) is Choice:
                values = set(get_args(types[name])) - {"untruncated_normal"}  # Keras's alone
                assert values == set(domain.options), f"{cls.__name__}({name}=)"
                seen += 1
        if "kind" in types:
            assert set(get_args(types["kind"])) == set(KINDS)
    assert seen == 9


# Keras's Identity forgets its gain; ours keeps it.
CAPITALS = [n for n in NAMES if n[0].isupper() and not n.startswith(("STFT", "Identity"))]


def specs_of(cls: Any) -> Any:
    return specs[cls.core]


@pytest.mark.parametrize(
    ("init", "law"),
    [
        (ours.RandomNormal(1.0, 2.0), stats.norm(1, 2)),
        (ours.RandomUniform(-1.0, 3.0), stats.uniform(-1, 4)),
        (ours.TruncatedNormal(1.0, 2.0), stats.truncnorm(-2, 2, 1, 2)),
        (ours.VarianceScaling(3.0, "fan_out", "untruncated_normal"), stats.norm(0, 0.1)),
        (ours.GlorotUniform(), stats.uniform(-((6 / 400) ** 0.5), 2 * (6 / 400) ** 0.5)),
        (ours.HeUniform(), stats.uniform(-((6 / 100) ** 0.5), 2 * (6 / 100) ** 0.5)),
        (ours.LecunNormal(), stats.truncnorm(-2, 2, 0, 0.1 / 0.8796256610342398)),
    ],
)  # fmt: skip
def test_laws_are_those_of_keras(init: Any, law: Any) -> None:
    # Kolmogorov-Smirnov at 1e-6: a false alarm for one seed in a million; the seed is fixed.
    keras.utils.set_random_seed(3)
    w = numpy(init((100, 300))).astype(np.float64).reshape(-1)
    assert stats.kstest(w, law.cdf).pvalue > 1e-6
    assert stats.kstest(w * 1.05, law.cdf).pvalue < 1e-2  # the test can tell


def test_fans_of_vectors_scalars_and_named_axes_are_those_of_keras() -> None:
    for shape in ((400,), ()):
        w = numpy(ours.HeNormal(seed=1)(shape))
        assert w.shape == shape
    w = numpy(ours.GlorotNormal(seed=1)((4000,)))
    assert w.std() * 4000**0.5 == pytest.approx(1, abs=5.3 / 8000**0.5)
    einsum = ours.VarianceScaling(
        1.0, "fan_in", "untruncated_normal", 1, input_axes=(0,), output_axes=(1, 2)
    )
    w = numpy(einsum((100, 10, 30)))
    assert w.std() * 10 == pytest.approx(1, abs=5.3 / 60000**0.5)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (3, 3, 8, 5), (3, 3, 5, 80), (2, 2, 2, 4, 4)])
def test_orthogonal_columns_are_along_the_last_axis(shape: tuple[int, ...]) -> None:
    w = numpy(ours.Orthogonal(3.0, seed=0)(shape)).reshape(-1, shape[-1])
    assert np.linalg.svd(w)[1] == pytest.approx(3.0, rel=1e-5)


def test_constants_of_any_dtype_and_identity() -> None:
    assert (numpy(ours.Identity(2.0)((3, 5))) == 2 * np.eye(3, 5)).all()
    assert keras.backend.standardize_dtype(ours.Ones()((2,), "int32").dtype) == "int32"
    assert (numpy(ours.Zeros()((2, 2), "uint8")) == 0).all()
    assert (numpy(ours.Constant(7)((2,), "int32")) == 7).all()
    array = np.arange(3.0, dtype="float32")
    assert (numpy(ours.Constant(array)((2, 3))) == np.tile(array, (2, 1))).all()
    w = numpy(ours.Identity()((2, 2, 3, 3)))
    assert (w[0, 0] == np.eye(3)).all()
    assert w.sum() == 3


RULES = [n for n in CAPITALS if issubclass(getattr(theirs, n), theirs.VarianceScaling)]


@pytest.mark.parametrize("name", RULES)
def test_named_rules_are_variance_scalings_with_keras_attributes(name: str) -> None:
    mine, other = getattr(ours, name)(seed=3), getattr(theirs, name)(seed=3)
    assert isinstance(mine, ours.VarianceScaling)
    assert isinstance(mine, theirs.VarianceScaling)
    for attribute in ("scale", "mode", "distribution", "seed", "input_axes", "output_axes"):
        assert getattr(mine, attribute) == getattr(other, attribute), attribute
    if name != "VarianceScaling":
        assert not {"scale", "mode", "distribution"} & mine.get_config().keys()
        general = ours.VarianceScaling(mine.scale, mine.mode, mine.distribution, seed=3)
        assert (numpy(general((30, 20))) == numpy(mine((30, 20)))).all()


def test_axes_of_one_side_alone_say_nothing_as_in_keras() -> None:
    plain = numpy(ours.GlorotNormal(seed=1)((3, 4, 5)))
    for axes in ({"input_axes": [0]}, {"output_axes": [0, 1]}):
        init = ours.GlorotNormal(seed=1, **axes)
        assert (numpy(init((3, 4, 5))) == plain).all()
        assert init((7,)).shape == (7,)
        assert init.get_config() == theirs.GlorotNormal(seed=1, **axes).get_config()


def test_true_is_the_seed_one_as_in_keras() -> None:
    assert (numpy(ours.HeNormal(seed=True)((5, 4))) == numpy(ours.HeNormal(seed=1)((5, 4)))).all()
    assert ours.RandomNormal(seed=True).get_config()["seed"] == 1


def test_seeds_decide() -> None:
    seeded, free = ours.RandomNormal(seed=4), ours.RandomNormal()
    assert (numpy(seeded((5,))) == numpy(seeded((5,)))).all()
    assert not (numpy(free((5,))) == numpy(free((5,)))).any()
    keras.utils.set_random_seed(9)
    first = numpy(free((5,)))
    keras.utils.set_random_seed(9)
    assert (numpy(free((5,))) == first).all()
    # Keras on PyTorch: the second draw of SeedGenerator(1) is the first of SeedGenerator(2).
    one = ours.RandomNormal(seed=keras.random.SeedGenerator(1))
    two = ours.RandomNormal(seed=keras.random.SeedGenerator(2))
    draws = [numpy(one((5,))), numpy(one((5,))), numpy(two((5,)))]
    assert len({d[0].item() for d in draws}) == 3
    again = ours.RandomNormal(seed=keras.random.SeedGenerator(1))
    assert (numpy(again((5,))) == draws[0]).all()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ours.Orthogonal(-1.0), ValueError, r"Orthogonal needs gain .* got -1"),
        (lambda: ours.Orthogonal("a"), TypeError, "got 'a'"),
        (lambda: ours.RandomNormal(stddev=-1), ValueError, "RandomNormal needs stddev"),
        (lambda: ours.RandomNormal(stddev=float("nan")), ValueError, "got nan"),
        (lambda: ours.RandomUniform(1.0, 0.0), ValueError, "minval <= maxval"),
        (lambda: ours.VarianceScaling(mode="fan"), ValueError,
         "^Invalid `mode` argument: VarianceScaling needs mode .*fan_geo_avg"),
        (lambda: ours.VarianceScaling(distribution="cauchy"), ValueError,
         "^Invalid `distribution` argument: VarianceScaling needs .* got 'cauchy'"),
        (lambda: ours.VarianceScaling(-1.0), ValueError,
         "^Argument `scale` must be positive float: VarianceScaling needs scale .* got -1.0"),
        (lambda: ours.Orthogonal(seed=-1), ValueError, "^Orthogonal needs a seed with 0 <= seed"),
        (lambda: ours.HeNormal(seed=2**64), ValueError, "^HeNormal needs a seed with 0 <= seed"),
        (lambda: ours.Orthogonal(seed=1.0), TypeError, "^Orthogonal needs an integer seed"),
        (lambda: ours.Sparse(0.5, seed="x"), TypeError, "^Sparse needs an integer seed, got 'x'"),
        (lambda: ours.HeNormal(no_such=1), TypeError, "; it takes seed, input_axes, output_axes"),
        (lambda: ours.Zeros(no_such=1), TypeError, "; it takes none"),
        (lambda: ours.Orthogonal(kind="conv"), ValueError, "one of kernel, transposed, depthwise"),
        (lambda: ours.Orthogonal(groups=0), ValueError, "groups"),
        (lambda: ours.Orthogonal(input_axes=(0,)), ValueError, "together"),
        (lambda: ours.Orthogonal(groups=2)((4, 3)), ValueError, "divide the 3 outputs"),
        (lambda: ours.Orthogonal()((4,)), ValueError,
         r"^The tensor to initialize must be at least two-dimensional: Orthogonal needs .* \(4,\)"),
        (lambda: ours.DeltaOrthogonal()((3, 4)), ValueError, r"for a dense layer use Orthogonal"),
        (lambda: ours.Orthogonal()((4, 4), "int32"), TypeError, "got int32"),
        (lambda: ours.Orthogonal()((4, 4.5)), TypeError, "made of integers"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_sentence(call: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
