"""Hostile arguments to every initializer: the right result or one clear error, never half of it."""

import os
import threading
from decimal import Decimal
from fractions import Fraction
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

REFUSED = (TypeError, ValueError)


class Whole(int):
    """An integer of one's own."""


class Broken(float):
    """A number that cannot be compared."""

    def __lt__(self, other: Any) -> bool:
        raise RuntimeError("not comparable")


class Strange:
    """Looks like an array, and is none."""

    shape, dtype, ndim = (2, 3), "float32", 2


THINGS: list[Any] = [
    None, True, np.True_, "", "1", b"x", float("nan"), float("inf"), -float("inf"), -1, 0, 1, 0.5,
    -0.0, 1e300, 1e-300, 10**400, -(10**400), 1j, np.float64("nan"), np.float16(0.5), np.int64(-3),
    np.array(2.0), np.array([1.0, 2.0]), np.array("a"), [], [1], (), (1, 2), {}, {1: 2}, set(),
    object(), Strange(), Whole(2), Decimal("0.5"), Fraction(1, 3), lambda x: x, int, ...,
    Broken(0.5), np.datetime64("2020-01-01"), 2**63, 2**64, slice(1), range(3), memoryview(b"ab"),
]  # fmt: skip
SHAPES: list[Any] = [
    (), (3,), (4, 6), (4, 4, 3), (2, 2, 3, 3), (0, 4), (4, 0), (1, 1), (-1, 2), (2.0, 3), ("a", 2),
    (True, 2), None, "45", 5, -5, 2.5, [4, 6], np.array([4, 6]), (10**30, 2), ((2, 3),), {2: 3},
    object(), (Whole(4), 6), (np.int8(4), np.uint16(6)), (4, None), range(2, 4), b"ab", {2, 3},
]  # fmt: skip
SEEDS: list[Any] = [
    0,
    5,
    2**64 - 1,
    -1,
    2**64,
    1.0,
    "0",
    None,
    True,
    np.int64(3),
    [1],
    1j,
    object(),
]
QUICK = settings(max_examples=120, deadline=None, database=None, derandomize=True)


def parameters_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some parameters, known and unknown, with anything for a value."""
    names = [*specs[name].parameters, "no_such_parameter"]
    needed = {n for n in specs[name].parameters if n not in specs[name].defaults}
    right = {"value": 1.0, "sparsity": 0.5, "density": 0.6}
    usual = {n: right[n] for n in needed}
    hostile = st.dictionaries(st.sampled_from(names), st.sampled_from(THINGS), max_size=2)
    return hostile.map(lambda given: {**usual, **given})


def clear(error: BaseException) -> None:
    """One sentence that names what is wrong."""
    text = str(error)
    assert text.strip(), type(error)
    assert len(text) < 2000
    assert "\n" not in text.strip()


@pytest.mark.parametrize("name", specs)
def test_the_core_gives_an_array_or_one_clear_error(name: str) -> None:
    @QUICK
    @given(st.sampled_from(SHAPES), parameters_of(name), st.sampled_from(SEEDS))
    def hostile(shape: Any, parameters: dict[str, Any], seed: Any) -> None:
        try:
            rng = Rng(seed, dtype="float32")
            with np.errstate(over="ignore", invalid="ignore"):  # 1e300 is inf in float32
                w = specs[name].function(rng, shape, **parameters)
        except REFUSED as error:
            clear(error)
        else:
            assert w.dtype == np.float32
            assert w.shape == tuple(int(n) for n in (shape if np.ndim(shape) else (shape,)))

    hostile()


@pytest.mark.parametrize("name", specs)
def test_a_tensor_of_pytorch_is_filled_or_stays_as_it_was(name: str) -> None:
    fill = getattr(initcore_torch, f"{name}_")
    shapes = ((), (3,), (4, 6), (4, 4, 3), (2, 2, 3, 3), (0, 4))

    @QUICK
    @given(st.sampled_from(shapes), parameters_of(name), st.sampled_from(SEEDS))
    def hostile(shape: Any, parameters: dict[str, Any], seed: Any) -> None:
        tensor = torch.full(shape, 7.0)
        try:
            result = fill(tensor, seed=seed, **parameters)
        except REFUSED as error:
            clear(error)
            assert (tensor == 7).all()
        else:
            assert result is tensor

    hostile()


@pytest.mark.parametrize("name", [n for n in specs if n not in ("zeros", "ones")])
def test_jax_gives_an_array_or_one_clear_error(name: str) -> None:
    make = getattr(initcore_jax, name)
    key = jax.random.key(0)
    keys = (key, jax.random.PRNGKey(1), 0, None, "key", np.zeros(2), object())

    @settings(QUICK, max_examples=40)
    @given(st.sampled_from(SHAPES), parameters_of(name), st.sampled_from(keys))
    def hostile(shape: Any, parameters: dict[str, Any], key: Any) -> None:
        try:
            w = make(**parameters)(key, shape)
        except REFUSED as error:
            clear(error)
        else:
            assert w.dtype == np.float32

    hostile()


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(4, 6),  # every element is the same memory
        torch.zeros(4, 6, dtype=torch.int32),
        torch.zeros(4, 6, dtype=torch.complex64),
        torch.zeros(4, 6).to_sparse(),
        torch.zeros(4, 6, dtype=torch.bool),
        np.zeros((4, 6), np.float32),
        [[0.0]],
        None,
        Strange(),
    ],
    ids=str,
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
