"""Constants are JAX's in every dtype and for every value that JAX takes, and need no key."""

import copy
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore_jax as ours

theirs = jax.nn.initializers
KEY = jax.random.key(3)
DTYPES = ["bool", "int4", "int8", "uint8", "int32", "uint32", "int64", "float8_e4m3fn",
          "float8_e5m2", "float16", "bfloat16", "float32", "float64", "complex64"]  # fmt: skip
VALUES = [True, False, 0, 3, 2.5, np.float64(0.1), np.array(3), jnp.float16(0.1), float("nan"),
          float("inf")]  # fmt: skip


def same(mine: Any, other: Any) -> bool:
    assert mine.dtype == other.dtype
    assert mine.shape == other.shape
    return np.asarray(mine).tobytes() == np.asarray(other).tobytes()


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype", "ignore:invalid value")
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_of_jax_has_constants(dtype: str) -> None:
    assert same(ours.zeros(KEY, (2, 3), dtype), theirs.zeros(KEY, (2, 3), dtype))
    assert same(ours.ones(KEY, (), dtype), theirs.ones(KEY, (), dtype))
    for value in VALUES:
        if not np.isfinite(value) and dtype.startswith(("int", "uint")):
            continue  # what an integer then is differs by processor
        mine, other = ours.constant(value, dtype), theirs.constant(value, dtype)
        assert same(mine(KEY, (2, 3)), other(KEY, (2, 3))), value
    assert same(jax.jit(lambda: mine(None, (2, 3)))(), other(KEY, (2, 3)))  # of the last value


def test_complex_numbers_fill_complex_arrays_alone() -> None:
    assert same(ours.constant(1 - 2j)(KEY, (2,), "complex64"), jnp.full((2,), 1 - 2j, "complex64"))
    with pytest.raises(TypeError, match=r"an array of float32 can hold, got 1j"):
        ours.constant(1j)(KEY, (2,))


@pytest.mark.parametrize(
    ("value", "shape"),
    [(np.arange(3), (2, 3)), (jnp.ones((2, 1)), (2, 3)), ([1, 2], (3, 2)), ([[1.5], [2]], (2, 2)),
     (np.ones(1), (4,)), (np.ones((0,)), (3, 0))],
)  # fmt: skip
def test_arrays_fill_what_they_broadcast_to(value: Any, shape: tuple[int, ...]) -> None:
    w = ours.constant(value)(KEY, shape, jnp.int32)
    assert w.dtype == jnp.int32
    assert (w == jnp.broadcast_to(jnp.asarray(value), shape).astype(int)).all()
    assert w.shape == shape
    assert same(jax.jit(lambda: ours.constant(value)(KEY, shape, jnp.int32))(), w)


@pytest.mark.parametrize(
    ("value", "shape"), [(np.ones(3), (1,)), (np.ones(3), ()), ([1, 2], (2, 3)), ([[1]], (1,))]
)
def test_an_array_that_does_not_broadcast_is_refused(value: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^constant needs a value that broadcasts to the shape"):
        ours.constant(value)(KEY, shape)


@pytest.mark.parametrize("value", ["1", None, ["a"], {}, np.array(["a"]), object(), [None]])
def test_what_is_no_number_is_refused_when_the_initializer_is_made(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^constant needs value .* a number or an array of num"):
        ours.constant(value)


def test_a_key_is_told_where_it_goes() -> None:
    with pytest.raises(
        TypeError, match=r"^constant\(\.\.\.\) makes an initializer, and needs no key"
    ):
        ours.constant(KEY)


def test_no_such_dtype_is_one_sentence() -> None:
    for call in (lambda d: ours.zeros(KEY, (2,), d), lambda d: ours.constant(1, d)(KEY, (2,))):
        with pytest.raises(TypeError, match=r"^(zeros|constant) needs a dtype of JAX, got 'no'"):
            call("no")


def test_traced_values_have_gradients() -> None:
    assert jax.grad(lambda v: ours.constant(v)(KEY, (3,)).sum())(2.0) == 3.0
    assert jax.jit(lambda v: ours.constant(v)(KEY, (2, 3)))(jnp.arange(3.0)).shape == (2, 3)
    assert jax.jit(lambda v: ours.constant([v, 1.0])(KEY, (2,)))(2.0).tolist() == [2, 1]


def test_constants_can_be_copied_compared_and_shown() -> None:
    for init in (ours.constant(True), ours.constant([1, 2], "int8"), ours.constant(2.5)):
        for again in (pickle.loads(pickle.dumps(init)), copy.deepcopy(init)):
            assert again == init
            assert same(again(None, (3, 2)), init(None, (3, 2)))
    assert ours.constant(1) != ours.constant(2)
    assert repr(ours.constant(0.5)) == "<initcore_jax.constant(value=0.5)>"
    assert pickle.loads(pickle.dumps(ours.zeros)) is ours.zeros


def test_flax_makes_its_builders_and_its_counters() -> None:
    from flax import linen

    assert ours.zeros_init() is ours.zeros
    assert ours.ones_init() is ours.ones

    class Counter(linen.Module):
        @linen.compact
        def __call__(self, x: Any) -> Any:
            self.variable("cache", "index", ours.zeros, None, (), jnp.int32)
            return linen.Dense(3, kernel_init=ours.ones_init())(x)

    made = Counter().init(KEY, jnp.ones((1, 2)))
    assert made["cache"]["index"].dtype == jnp.int32
    assert (made["params"]["Dense_0"]["kernel"] == 1).all()


def test_sharded_constants_keep_their_sharding() -> None:
    mesh = jax.make_mesh((1,), ("x",))
    where = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    for dtype in ("float32", "int8"):
        w = ours.constant(2, dtype)(KEY, (4, 2), out_sharding=where)
        assert w.sharding == where
        assert same(w, jnp.full((4, 2), 2, dtype))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "float8_e4m3fn", "complex64"])
def test_the_identity_takes_every_dtype(dtype: str) -> None:
    w = ours.identity(2)(KEY, (3, 4), dtype)
    assert w.dtype == dtype
    assert (w == (2 * jnp.eye(3, 4)).astype(dtype)).all()


def test_haiku_needs_no_key_for_what_does_not_depend_on_it() -> None:
    import haiku as hk

    plain = [ours.zeros, ours.ones, ours.constant(3), ours.identity(), ours.idinit_zero(),
             theirs.zeros, theirs.ones]  # fmt: skip
    for init in plain:
        expected = init(None, (2, 3), jnp.float32)  # type: ignore[arg-type]
        assert (ours.haiku(init)([2, 3], jnp.float32) == expected).all()
    net = hk.transform(lambda x: hk.Linear(4, w_init=ours.haiku(ours.ones))(x))
    assert (net.init(None, jnp.ones((1, 2)))["linear"]["w"] == 1).all()
    random = hk.transform(lambda x: hk.Linear(4, w_init=ours.haiku(ours.he_normal()))(x))
    with pytest.raises(ValueError, match="non-None PRNGKey"):
        random.init(None, jnp.ones((1, 2)))


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 5), (3, 3, 4, 2)])
def test_identity_under_haiku_is_haikus(shape: tuple[int, ...]) -> None:
    import haiku as hk

    expected = hk.initializers.Identity(2.0)(shape, jnp.float32)
    assert (ours.haiku(ours.identity(2.0))(shape, jnp.float32) == expected).all()
    # Axes that were named stay.
    named = ours.identity(2.0, in_axis=-1, out_axis=-2)
    assert (ours.haiku(named)(shape, jnp.float32) == named(None, shape)).all()
    assert ours.identity()(None, (3, 3, 4, 4)).sum() == 4
