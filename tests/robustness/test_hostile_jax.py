"""Hostile arguments to all of initcore_jax: a right result or one clear error, models unharmed."""

import inspect
import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import initcore_jax as init
from initcore import specs
from initcore.arguments import as_shape
from tests.tools.hostile import DTYPES, REFUSED, SHAPES, THINGS, Mute, clear, usual

KEY = jax.random.key(0)
MAKERS = sorted({*specs, "kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform"})


def made(call: Any, *arguments: Any, **keywords: Any) -> Any:
    """What a call returns, or None where it raised a clear error."""
    try:
        with np.errstate(over="ignore"):  # 1e300 is inf in float32
            return call(*arguments, **keywords)
    except (*REFUSED, OverflowError) as error:
        clear(error)
        return None


@pytest.mark.parametrize("name", [n for n in MAKERS if n not in ("zeros", "ones")])
def test_each_argument_of_an_initializer_is_refused_or_gives_an_array(name: str) -> None:
    make = getattr(init, name)
    right = {"scale": 1.0, "mode": "fan_in", "distribution": "normal"}
    right = right if name == "variance_scaling" else usual(name) if name in specs else {}
    for argument in [*inspect.signature(make).parameters, "no_such_argument"]:
        for thing in THINGS:
            fill = made(make, **{**right, argument: thing})
            w = None if fill is None else made(fill, KEY, (4, 6))
            assert w is None or w.shape == (4, 6), (argument, thing)
    fill = make(**right)
    for shape in SHAPES:
        w = made(fill, KEY, shape)
        assert w is None or w.shape == as_shape(shape)
    for dtype in DTYPES:
        w = made(fill, KEY, (4, 4), dtype)
        plain = name in ("constant", "identity")  # of every dtype
        assert w is None or plain or jnp.issubdtype(w.dtype, jnp.inexact)


@pytest.mark.parametrize("name", ["zeros", "ones"])
def test_constants_take_any_dtype_or_refuse_it(name: str) -> None:
    for shape in SHAPES:
        w = made(getattr(init, name), KEY, shape)
        assert w is None or w.shape == as_shape(shape)
    for dtype in DTYPES:
        w = made(getattr(init, name), KEY, (4, 4), dtype)
        assert w is None or w.shape == (4, 4)


def net(p: Any, x: Any) -> Any:
    return jnp.tanh(x @ p["a"] + p["c"]) @ p["b"]


def model() -> Any:
    return net, {"a": jnp.ones((6, 6)), "b": jnp.ones((6, 3)), "c": jnp.zeros(6)}


def flax() -> Any:
    return nnx.Sequential(nnx.Linear(6, 6, rngs=nnx.Rngs(0)), nnx.tanh,
                          nnx.Linear(6, 3, rngs=nnx.Rngs(1)))  # fmt: skip


def loss(p: Any, x: Any) -> Any:
    return (net(p, x) ** 2).sum()


BATCH = jnp.arange(12.0).reshape(2, 6) / 12
PARAMS = model()[1]
MASKS = {"a": jnp.ones((6, 6), bool), "b": None, "c": None}
RIGHT: dict[str, dict[str, Any]] = {
    "initialize": {"model": model(), "scheme": "orthogonal", "seed": 0, "overrides": None,
                   "sample_input": BATCH, "paths": None, "only": None, "input_scale": None},
    "signal_report": {"model": model(), "inputs": BATCH, "seed": 0},
    "jacobian_spectrum": {"model": model(), "inputs": BATCH, "probes": 2, "steps": 3, "seed": 0},
    "orthogonality": {"model": model(), "sample_input": BATCH, "image": 2},
    "snip": {"loss": loss, "params": PARAMS, "batch": BATCH, "where": None},
    "grasp": {"loss": loss, "params": PARAMS, "batch": BATCH, "where": None},
    "synflow": {"apply": net, "params": PARAMS, "shape": (1, 6), "density": 0.5, "rounds": 2,
                "where": None},
    "masks_from_scores": {"scores": PARAMS, "density": 0.5, "least": 1},
    "densities_from_scores": {"scores": PARAMS, "density": 0.5, "least": 1},
    "apply_masks": {"params": PARAMS, "masks": MASKS},
    "keep_masks": {"masks": MASKS},
    "sparse_orthogonal_mask": {"density": 0.5, "column_axis": -1, "sampling": "uniform",
                               "tap_density": "same", "in_axis": None, "out_axis": None,
                               "batch_axis": (), "groups": 1},
    "approximate_isometry": {"mask": MASKS["a"], "scale": 1.0, "column_axis": -1, "dtype": None,
                             "steps": 3, "in_axis": None, "out_axis": None, "batch_axis": (),
                             "groups": 1},
    "crelu": {"x": BATCH, "axis": -1},
    "rng": {"key": KEY, "dtype": "float32"},
}  # fmt: skip


def called(name: str, given: dict[str, Any]) -> Any:
    batch = [given.pop("batch")] if "batch" in given else []
    call = getattr(init, name)
    if batch:
        return call(given.pop("loss"), given.pop("params"), *batch, **given)
    found = call(**given)
    if name in ("sparse_orthogonal_mask", "approximate_isometry"):
        return found(KEY, (6, 6))
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_each_argument_in_turn_is_refused_in_one_sentence_or_taken(name: str) -> None:
    called(name, dict(RIGHT[name]))
    takes = inspect.signature(getattr(init, name)).parameters
    assert set(takes) == set(RIGHT[name]), "every argument is driven"
    # Each Jacobian is compiled anew; what JAX makes of an x that is no array is JAX's.
    things = THINGS[::6] if name == "jacobian_spectrum" else THINGS
    for argument in RIGHT[name]:
        for thing in things if (name, argument) != ("crelu", "x") else ():
            made(called, name, {**RIGHT[name], argument: thing})


BAD: list[Any] = [
    *THINGS,
    {"layers/0/kernel": "orthogonal", "layers/2/kernel": "no_such"},
    {"*kernel": ("orthogonal", {"gain": -1})},
    {"*kernel": "delta_orthogonal"},
    {"*kernel": Mute()},
    ("orthogonal", {"gain": "big"}),
    ("lsuv", {"no_such": 1}),
    ("lsuv",),
]


@pytest.mark.parametrize("argument", ["scheme", "seed", "overrides", "sample_input", "paths"])
def test_a_model_that_is_written_in_place_stays_as_it_was_where_it_raises(argument: str) -> None:
    network = flax()
    for thing in BAD:
        before = jax.tree.leaves(nnx.state(network))
        try:
            init.initialize(network, **{"scheme": "orthogonal", argument: thing})
        except REFUSED as error:
            clear(error)
            after = jax.tree.leaves(nnx.state(network))
            assert all((a == b).all() for a, b in zip(before, after, strict=True)), thing


WRONG_BATCHES = [
    jnp.zeros((2, 5)), jnp.zeros(6), jnp.zeros((0, 6)), jnp.zeros((2, 6), int), (BATCH, BATCH),
    {"x": BATCH}, {"no_such": BATCH}, jnp.full((2, 6), jnp.nan), [], {}, np.zeros((2, 6)),
    np.broadcast_to(np.float32(1), (2, 6)), jnp.zeros((2, 6), complex), np.zeros((2, 6), object),
    jax.ShapeDtypeStruct((2, 6), jnp.float32), np.full((2, 6), "a"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["signal_report", "jacobian_spectrum", "snip", "lsuv"])
def test_batches_that_do_not_fit_are_refused_in_one_sentence_or_measured(name: str) -> None:
    for batch in WRONG_BATCHES:
        if name == "lsuv":
            made(init.initialize, model(), "lsuv", sample_input=batch)
        else:
            argument = "batch" if name == "snip" else "inputs"
            made(called, name, {**RIGHT[name], argument: batch})


def test_arrays_of_numpy_that_are_given_stay_as_they_were_and_may_be_read_only() -> None:
    weights = {"a": np.ones((6, 6), np.float32), "b": np.ones((6, 3), np.float32),
               "c": np.zeros(6, np.float32)}  # fmt: skip
    for w in weights.values():
        w.flags.writeable = False
    new, _ = init.initialize((net, weights), "orthogonal", sample_input=BATCH)
    assert (weights["a"] == 1).all()
    assert not np.shares_memory(np.asarray(new["a"]), weights["a"])


def test_threads_at_once_get_the_values_of_their_keys_traced_or_not() -> None:
    fill = init.orthogonal()
    wanted = [np.asarray(fill(jax.random.key(n), (8, 8))) for n in range(6)]
    traced = jax.jit(lambda key: fill(key, (8, 8)))
    wrong: list[Any] = []

    def work(n: int) -> None:
        try:
            for _ in range(5):
                if not np.array_equal(fill(jax.random.key(n), (8, 8)), wanted[n]):
                    wrong.append(n)
                if not np.allclose(traced(jax.random.key(n)), wanted[n], atol=1e-5):
                    wrong.append(("traced", n))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)
