"""Hostile arguments to every initializer: the right result or one clear error, never half of it."""

import os
import threading
from typing import Any

import jax
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import initcore
import initcore_jax
import initcore_torch
from initcore import Rng, specs
from initcore.arguments import as_shape
from tests.tools.hostile import (
    DTYPES,
    QUICK,
    REFUSED,
    SEEDS,
    SHAPES,
    Strange,
    clear,
    label,
    one_by_one,
    parameters_of,
    usual,
)


def drawn(name: str, shape: Any, parameters: dict[str, Any], seed: Any, dtype: Any) -> None:
    """A whole array of that shape and dtype, or a clear error."""
    try:
        rng = Rng(seed, dtype=dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # 1e300 is inf in float32
            w = specs[name].function(rng, shape, **parameters)
    except REFUSED as error:
        clear(error)
    else:
        assert w.dtype == rng.dtype
        assert w.shape == as_shape(shape)


@pytest.mark.parametrize("name", specs)
def test_the_core_gives_an_array_or_one_clear_error(name: str) -> None:
    @QUICK
    @given(st.sampled_from(SHAPES), parameters_of(name), st.sampled_from(SEEDS))
    def hostile(shape: Any, parameters: dict[str, Any], seed: Any) -> None:
        drawn(name, shape, parameters, seed, "float32")

    hostile()
    for parameters in one_by_one(name):
        drawn(name, (4, 6), parameters, 0, "float32")
    for shape in SHAPES:
        drawn(name, shape, usual(name), 0, "float64")
    for seed in SEEDS:
        drawn(name, (4, 4), usual(name), seed, "float32")
    for dtype in DTYPES:
        drawn(name, (4, 4), usual(name), 0, dtype)


@pytest.mark.parametrize("name", specs)
def test_a_tensor_of_pytorch_is_filled_or_stays_as_it_was(name: str) -> None:
    fill = getattr(initcore_torch, f"{name}_")

    def filled(shape: tuple[int, ...], parameters: dict[str, Any], seed: Any) -> None:
        tensor = torch.full(shape, 7.0)
        try:
            with np.errstate(over="ignore"):
                result = fill(tensor, seed=seed, **parameters)
        except REFUSED as error:
            clear(error)
            assert (tensor == 7).all()
        else:
            assert result is tensor
            assert not (tensor == 7).any()

    shapes = ((), (3,), (4, 6), (4, 4, 3), (2, 2, 3, 3), (0, 4))

    @QUICK
    @given(st.sampled_from(shapes), parameters_of(name), st.sampled_from(SEEDS))
    def hostile(shape: Any, parameters: dict[str, Any], seed: Any) -> None:
        filled(shape, parameters, seed)

    hostile()
    for parameters in one_by_one(name):
        filled((4, 6), parameters, 0)


@pytest.mark.parametrize("name", [n for n in specs if n not in ("zeros", "ones")])
def test_jax_gives_an_array_or_one_clear_error(name: str) -> None:
    make = getattr(initcore_jax, name)
    key = jax.random.key(0)
    keys = (key, jax.random.PRNGKey(1), 0, None, "key", np.zeros(2), object())

    def made(shape: Any, parameters: dict[str, Any], key: Any, dtype: Any = "float32") -> None:
        try:
            with np.errstate(over="ignore"):
                w = make(**parameters)(key, shape, dtype)
        except REFUSED as error:
            clear(error)
        else:
            assert w.dtype == jax.numpy.dtype(dtype or "float32")
            assert w.shape == as_shape(shape)

    @settings(QUICK, max_examples=20)
    @given(st.sampled_from(SHAPES), parameters_of(name), st.sampled_from(keys))
    def hostile(shape: Any, parameters: dict[str, Any], key: Any) -> None:
        made(shape, parameters, key)

    hostile()
    for parameters in one_by_one(name):
        made((4, 6), parameters, key)


@pytest.mark.parametrize("dtype", DTYPES, ids=label)
def test_jax_refuses_hostile_dtypes_or_gives_them(dtype: Any) -> None:
    try:
        w = initcore_jax.normal()(jax.random.key(0), (4, 4), dtype)
    except REFUSED as error:
        clear(error)
    else:
        kinds = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
        assert w.dtype in map(jax.numpy.dtype, kinds)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(4, 6),  # every element is the same memory
        torch.zeros(4, 6, dtype=torch.int32),
        torch.zeros(4, 6, dtype=torch.int16),
        torch.zeros(4, 6).to_sparse(),
        torch.zeros(4, 6, dtype=torch.bool),
        np.zeros((4, 6), np.float32),
        [[0.0]],
        None,
        Strange(),
    ],
    ids=label,
)
def test_what_is_no_tensor_to_fill_is_refused(tensor: Any) -> None:
    with pytest.raises(REFUSED) as caught:
        initcore_torch.orthogonal_(tensor)
    clear(caught.value)


def test_threads_at_once_give_what_one_gives() -> None:
    names = [n for n in specs if n not in ("constant", "sparse", "sparse_orthogonal")]
    shape = (8, 4, 3)
    names = [n for n in names if specs[n].shape.low <= 3 <= (specs[n].shape.high or 9)]
    alone = {n: specs[n].function(Rng(3, dtype="float32"), shape) for n in names}
    wrong: list[str] = []

    def work() -> None:
        for _ in range(5):
            for n in names:
                w = specs[n].function(Rng(3, dtype="float32"), shape)
                if not np.array_equal(w, alone[n]):
                    wrong.append(n)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_draws_the_same() -> None:
    wanted = initcore.normal(Rng(1, dtype="float32"), (300, 300))  # beyond one piece
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        same = np.array_equal(initcore.normal(Rng(1, dtype="float32"), (300, 300)), wanted)
        os.write(write, b"1" if same else b"0")
        os._exit(0)
    os.close(write)
    assert os.read(read, 1) == b"1"
    os.waitpid(child, 0)
    os.close(read)
