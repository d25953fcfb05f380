"""Hostile arguments to all that initcore_keras offers: a right result or one clear error."""

import inspect
import os
import threading
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

import initcore_keras
from initcore import specs
from initcore.arguments import as_shape
from initcore_keras._initializer import spell
from tests.tools.hostile import DTYPES, QUICK, REFUSED, SEEDS, SHAPES, THINGS, Mute, clear

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64")
CLASSES = [getattr(initcore_keras, spell(name)) for name in specs]
NEEDED: dict[str, dict[str, Any]] = {
    "Sparse": {"sparsity": 0.5},
    "SparseOrthogonal": {"density": 0.6},
}
each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def needed(cls: Any) -> dict[str, Any]:
    return NEEDED.get(cls.__name__, {})


def tried(call: Any, *arguments: Any, **keywords: Any) -> Any:
    """What a call returns, or None where it raised a clear error."""
    try:
        return call(*arguments, **keywords)
    except REFUSED as error:
        clear(error)
        return None


def drawn(init: Any, shape: Any, dtype: Any = "float32") -> None:
    """A call gives a whole array of that shape, or a clear error."""
    with np.errstate(over="ignore"):  # 1e300 is inf in float32
        w = tried(init, shape, dtype)
    if w is not None:
        assert tuple(w.shape) == as_shape(shape)
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        # JAX says that it has none unless it is told to.
        if (BACKEND, kind) != ("jax", "float64"):
            assert keras.backend.standardize_dtype(w.dtype) == kind


@each_class
def test_a_hostile_parameter_is_refused_or_gives_an_array_and_a_config(cls: Any) -> None:
    for name in [*inspect.signature(cls).parameters, "no_such_parameter"]:
        for thing in THINGS:
            init = tried(cls, **{**needed(cls), name: thing})
            if init is None:
                continue
            drawn(init, (4, 6))
            again = cls.from_config(init.get_config())
            assert type(again) is cls


@each_class
def test_hostile_shapes_and_dtypes_are_refused_or_drawn(cls: Any) -> None:
    init = cls(**needed(cls))
    for shape in SHAPES:
        drawn(init, shape)
    for dtype in DTYPES:
        drawn(init, (4, 4), dtype)
    for thing in THINGS:
        tried(init, (4, 4), what=thing)


@pytest.mark.parametrize("cls", [initcore_keras.Orthogonal, initcore_keras.Mirrored])
@settings(QUICK, max_examples=60)
@given(st.data())
def test_hostile_configs_are_refused_or_make_an_initializer(cls: Any, data: Any) -> None:
    names = [*cls().get_config(), "kind", "input_axes", "no_such_parameter"]
    entries = st.dictionaries(st.sampled_from(names), st.sampled_from([*THINGS, *SEEDS]))
    init = tried(cls.from_config, {**cls().get_config(), **data.draw(entries)})
    if init is not None:
        drawn(init, data.draw(st.sampled_from(SHAPES)), data.draw(st.sampled_from(DTYPES)))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda s: type(s).__name__)
def test_hostile_seeds_are_refused_or_decide(seed: Any) -> None:
    init = tried(initcore_keras.Orthogonal, seed=seed)
    if init is not None and seed is not None:
        assert (numpy(init((4, 6))) == numpy(init((4, 6)))).all()


KERNELS = [
    (layers.Dense, {"units": 5}, (None, 3)),
    (layers.Conv2D, {"filters": 4, "kernel_size": 3}, (None, 5, 5, 3)),
    (layers.EinsumDense, {"equation": "ab,bc->ac", "output_shape": 5}, (None, 3)),
]


@each_class
@pytest.mark.parametrize(
    ("layer", "how", "shape"), KERNELS, ids=lambda x: getattr(x, "__name__", "")
)
def test_a_layer_is_built_whole_or_not_at_all(
    cls: Any, layer: Any, how: dict[str, Any], shape: Any
) -> None:
    made = layer(**how, kernel_initializer=cls(**needed(cls)))
    try:
        made.build(shape)
    except REFUSED as error:
        clear(error)
        assert not made.weights
    else:
        assert all(np.isfinite(numpy(w)).all() for w in made.weights)


def model() -> Any:
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(6, "tanh", name="first"),
            layers.Dense(6, "tanh", name="hidden"),
            layers.Dense(3, name="last"),
        ]
    )


@pytest.mark.parametrize("argument", ["scheme", "seed", "overrides", "sample", "no_such"])
def test_a_model_stays_as_it_was_where_initialize_raises(argument: str) -> None:
    net = model()
    for thing in [*THINGS, {"first/kernel": "orthogonal", "last/kernel": "no_such"},
                  {"first/kernel": "orthogonal", "last/kernel": ("orthogonal", {"gain": -1})},
                  {"first/kernel": "orthogonal", "hidden/kernel": "delta_orthogonal"},
                  {"first/kernel": ("normal", {"std": Mute()})}]:  # fmt: skip
        before = [numpy(w).copy() for w in net.weights]
        try:
            initcore_keras.initialize(net, **{"seed": 0, argument: thing})
        except REFUSED as error:
            clear(error)
            after = [numpy(w) for w in net.weights]
            assert all((a == b).all() for a, b in zip(before, after, strict=True)), thing


@pytest.mark.parametrize("batch", [np.full((2, 6), np.nan), np.zeros((0, 6))], ids=["nan", "none"])
def test_data_of_no_use_leaves_the_model_as_it_was(batch: Any) -> None:
    net = model()
    before = [numpy(w).copy() for w in net.weights]
    with pytest.raises(ValueError, match=r"variance|call") as caught:
        initcore_keras.initialize(net, "lsuv", sample_input=batch.astype("float32"))
    clear(caught.value)
    assert all((numpy(w) == b).all() for w, b in zip(net.weights, before, strict=True))


@pytest.mark.parametrize(
    "name", ["initialize", "signal_report", "jacobian_spectrum", "orthogonality"]
)
def test_what_is_no_model_or_no_batch_is_refused_in_one_sentence(name: str) -> None:
    call = getattr(initcore_keras, name)
    takes = list(inspect.signature(call).parameters)
    for thing in THINGS:
        rest = [np.zeros((2, 6), "float32")] if takes[1] == "inputs" else []
        with pytest.raises((*REFUSED, NotImplementedError)) as caught:
            call(thing, *rest)
        clear(caught.value)
        if takes[1] == "inputs" and (name, BACKEND) != ("jacobian_spectrum", "numpy"):
            tried(call, model(), thing)


@pytest.mark.parametrize("name", ["ApproximateIsometry", "SparseMask"])
def test_masks_refuse_hostile_arguments(name: str) -> None:
    cls = getattr(initcore_keras, name)
    right = {
        "mask": np.ones((4, 6), bool),
        "initializer": initcore_keras.SparseOrthogonal(0.5, seed=0),
    }
    takes = list(inspect.signature(cls).parameters)
    for argument in takes:
        for thing in THINGS:
            made = tried(cls, **{**{k: v for k, v in right.items() if k in takes}, argument: thing})
            if made is not None:
                tried(made, (4, 6))


def test_the_mask_of_an_initializer_is_refused_or_drawn() -> None:
    right = {"initializer": initcore_keras.SparseOrthogonal(0.5, seed=0), "shape": (4, 6)}
    for argument in right:
        for thing in [*THINGS, *SHAPES]:
            found = tried(initcore_keras.sparse_orthogonal_mask, **{**right, argument: thing})
            assert found is None or found.dtype == bool


def test_layers_built_in_threads_have_the_values_of_their_seeds() -> None:
    wanted = [numpy(initcore_keras.Orthogonal(seed=n)((8, 8))) for n in range(8)]
    free = [initcore_keras.HeNormal() for _ in range(8)]
    wrong: list[Any] = []
    new: list[bytes] = []

    def work(n: int) -> None:
        try:
            for _ in range(10):
                layer = layers.Dense(8, kernel_initializer=initcore_keras.Orthogonal(seed=n))
                layer.build((None, 8))
                if not (numpy(layer.kernel) == wanted[n]).all():
                    wrong.append(n)
                new.append(numpy(free[n]((4, 4))).tobytes())
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)
    assert len(set(new)) == len(new) == 80


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.skipif(BACKEND != "numpy" or not hasattr(os, "fork"),
                    reason="a fork of a framework that runs threads is not safe")  # fmt: skip
def test_a_forked_process_draws_the_same() -> None:
    wanted = numpy(initcore_keras.HeNormal(seed=1)((300, 300)))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        same = np.array_equal(numpy(initcore_keras.HeNormal(seed=1)((300, 300))), wanted)
        os.write(write, b"1" if same else b"0")
        os._exit(0)
    os.close(write)
    assert os.read(read, 1) == b"1"
    os.waitpid(child, 0)
    os.close(read)
