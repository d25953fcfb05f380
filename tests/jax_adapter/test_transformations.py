"""Keys of every kind, transformations, shardings: always the reference's values."""

import subprocess
import sys
import textwrap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import initcore_jax
from initcore import Rng, specs
from initcore_jax._backend import backend

pytestmark = pytest.mark.optimized

NEEDED: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.25},
    "sparse": {"sparsity": 0.3},
    "sparse_orthogonal": {"density": 0.4},
}
ALL = sorted(specs)


def shape_of(name: str) -> tuple[int, ...]:
    low = specs[name].shape.low
    return (6, 8) if (specs[name].shape.high == 2 or low < 3) else (6, 4, 3, 3)


def reference(name: str, dtype: str = "float32", seed: int = 7) -> Any:
    w = specs[name].function(Rng(seed, dtype=dtype), shape_of(name), **NEEDED.get(name, {}))
    return w.astype(np.float64)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_reference(name: str, dtype: str) -> None:
    parameters = dict(NEEDED.get(name, {}))
    if name == "sparse":
        parameters["std"] = 0.01
    w = backend.sample(name, shape_of(name), seed=7, dtype=dtype, **parameters)
    ulp = {"bfloat16": 2.0**-7, "float16": 2.0**-9}.get(dtype, 2e-5)
    expected = reference(name, dtype)
    assert abs(np.asarray(w, np.float64) - expected).max() <= ulp * max(1, abs(expected).max())


@pytest.mark.parametrize("make", [
    lambda: initcore_jax.orthogonal(2.0), lambda: initcore_jax.normal(), lambda:
    initcore_jax.sparse(0.5), lambda: initcore_jax.he_uniform(), lambda: initcore_jax.identity(),
])  # fmt: skip
def test_jit_vmap_scan_and_eval_shape(make: Any) -> None:
    init = make()
    key = jax.random.key(3)
    eager = init(key, (12, 10))
    jitted = jax.jit(lambda k: init(k, (12, 10)))(key)
    assert abs(jitted - eager).max() < 4e-5
    constant_key = jax.jit(lambda: init(key, (12, 10)))()
    assert abs(constant_key - eager).max() < 4e-5
    keys = jax.random.split(key, 3)
    many = jax.vmap(lambda k: init(k, (12, 10)))(keys)
    for k, w in zip(keys, many, strict=True):
        assert abs(init(k, (12, 10)) - w).max() < 4e-5
    _, scanned = jax.lax.scan(lambda c, k: (c, init(k, (12, 10))), 0, keys)
    assert abs(scanned - many).max() < 4e-5
    shape = jax.eval_shape(lambda k: init(k, (12, 10), jnp.bfloat16), key)
    assert shape.shape == (12, 10)
    assert shape.dtype == jnp.bfloat16


def test_traced_parameters_have_gradients() -> None:
    key = jax.random.key(3)
    scale = jax.grad(lambda s: (initcore_jax.orthogonal(s)(key, (5, 5)) ** 2).sum())(2.0)
    assert scale == pytest.approx(20.0, rel=1e-5)
    std = jax.jit(lambda s: initcore_jax.normal(s)(key, (5,)))(3.0)
    assert abs(std - initcore_jax.normal(3.0)(key, (5,))).max() < 6e-6
    span = jax.jit(lambda s: initcore_jax.uniform(s, low=-1.0)(key, (5,)))(3.0)
    assert abs(span - initcore_jax.uniform(3.0, low=-1.0)(key, (5,))).max() < 1e-6


def test_keys_of_every_kind() -> None:
    init = initcore_jax.normal(1.0)
    new, raw = jax.random.key(9), jax.random.PRNGKey(9)
    assert (init(new, (20,)) == init(raw, (20,))).all()
    assert (init(new, (20,)) == init(np.asarray(raw), (20,))).all()
    rbg = jax.random.key(9, impl="rbg")
    assert not (init(rbg, (20,)) == init(new, (20,))).any()
    assert (init(rbg, (20,)) == init(jax.random.key(9, impl="rbg"), (20,))).all()
    assert not (init(rbg, (20,)) == init(jax.random.fold_in(rbg, 1), (20,))).any()
    assert initcore_jax.rng(new).bits(3).dtype == jnp.uint32


def test_weights_do_not_depend_on_the_sharding() -> None:
    code = """
        import jax, jax.numpy as jnp, numpy as np
        import initcore_jax
        from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec as P
        assert len(jax.devices()) == 4
        mesh = Mesh(np.array(jax.devices()).reshape(2, 2), ("a", "b"))
        key = jax.random.key(3)
        for make in (initcore_jax.normal, initcore_jax.orthogonal, initcore_jax.glorot_uniform):
            whole = make()(key, (64, 32))
            for spec in (P("a", "b"), P("b"), P(None, "a"), P()):
                sharding = NamedSharding(mesh, spec)
                w = make()(key, (64, 32), jnp.float32, out_sharding=sharding)
                assert w.sharding.is_equivalent_to(sharding, 2), (w.sharding, sharding)
                assert abs(np.asarray(w) - np.asarray(whole)).max() < 2e-6, (make, spec)
                inside = jax.jit(lambda k: make()(k, (64, 32)), out_shardings=sharding)(key)
                assert abs(np.asarray(inside) - np.asarray(whole)).max() < 2e-6, (make, spec)
        array = initcore_jax.constant(np.arange(32.0))(key, (64, 32), jnp.float32, sharding)
        assert array.sharding.is_equivalent_to(sharding, 2), array.sharding
        explicit = jax.make_mesh((2, 2), ("a", "b"), axis_types=(AxisType.Explicit,) * 2)
        init = initcore_jax.orthogonal()
        with jax.set_mesh(explicit):
            inside = jax.jit(lambda k: init(k, (64, 32), jnp.float32, P("a", "b")))(key)
        assert inside.sharding.spec == P("a", "b"), inside.sharding
        assert abs(np.asarray(inside) - np.asarray(init(key, (64, 32)))).max() < 2e-6
        print("same")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "PATH": "",
             "PYTHONPATH": ":".join(p for p in sys.path if p), "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert done.stdout.strip() == "same", done.stderr


def test_eager_weights_are_arrays_of_their_own_that_a_program_may_take_over() -> None:
    for init in (initcore_jax.normal(), initcore_jax.he_normal(), initcore_jax.orthogonal()):
        w = init(jax.random.key(0), (64, 48))
        before, again = np.array(w), init(jax.random.key(1), (64, 48))
        doubled = jax.jit(lambda x: 2 * x, donate_argnums=0)(w)
        assert np.array_equal(np.asarray(doubled), 2 * before)
        assert w.is_deleted()
        assert not np.array_equal(np.asarray(again), before)
        assert not again.committed  # it goes where the program's other arguments are


def test_raw_keys_known_inside_a_program_are_drawn_there() -> None:
    raw = np.array([0, 3], np.uint32)
    for key in (raw, jax.numpy.asarray(raw), jax.random.key(3)):
        init = initcore_jax.normal()
        inside = jax.jit(lambda key=key, init=init: init(key, (5, 4)))()
        assert abs(np.asarray(inside) - np.asarray(init(key, (5, 4)))).max() < 1e-7
