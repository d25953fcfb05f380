"""The stream is JAX's, the same in every namespace, and any part of it can be drawn alone."""

import sys

import array_api_strict as strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import initcore
from initcore import Rng
from initcore.random._threefry import Int32Words, PythonWords, UInt32Words, threefry2x32

pytestmark = pytest.mark.optimized

SEEDS = (0, 1, 12345, 2**32 - 1, 2**63 + 12345, 2**64 - 1)
DEVICES = (None, strict.Device("no_x64"), strict.Device("no_float64"))


def jax_key(seed: int) -> jax.Array:
    return jax.random.wrap_key_data(jnp.array([seed >> 32, seed & 0xFFFFFFFF], dtype=jnp.uint32))


def to_numpy(x: object) -> np.ndarray:
    return np.asarray(getattr(x, "_array", x))


def traced_like(rng: Rng, xp: object) -> Rng:
    """The same key as arrays, which takes the path without host loops."""
    if xp is torch:
        words = [torch.tensor(np.uint32(k).astype(np.int32)) for k in rng.key]
    else:
        words = [jnp.uint32(k) for k in rng.key]
    return Rng.from_key(tuple(words), xp=xp, dtype=str(np.dtype(rng.dtype)))


def other_namespaces(rng: Rng) -> list[Rng]:
    dtype = str(np.dtype(rng.dtype))
    found = [traced_like(rng, torch), Rng.from_key(rng.key, xp=torch, dtype=dtype)]
    for device in DEVICES:
        if dtype == "float32" or device is None:
            found.append(Rng.from_key(rng.key, xp=strict, dtype=dtype, device=device))
    if dtype == "float32":
        found += [traced_like(rng, jnp), Rng.from_key(rng.key, xp=jnp)]
    return found


def test_known_answers_of_the_cipher() -> None:
    assert threefry2x32(PythonWords(), (0, 0), 0, 0) == (0x6B200159, 0x99BA4EFE)


def test_the_cipher_is_the_same_in_every_form_of_word() -> None:
    counters = np.arange(1000, dtype=np.uint32) * np.uint32(2654435761)
    key = (0x9E3779B9, 0x7F4A7C15)
    expected = np.array([threefry2x32(PythonWords(), key, 7, int(c)) for c in counters])
    unsigned = threefry2x32(UInt32Words(), key, np.full_like(counters, 7), counters)
    signed = threefry2x32(
        Int32Words(), key, torch.full((1000,), 7, dtype=torch.int32),
        torch.from_numpy(counters.view(np.int32)),
    )  # fmt: skip
    for word in range(2):
        assert (unsigned[word] == expected[:, word]).all()
        assert (signed[word].numpy().view(np.uint32) == expected[:, word]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_bits_and_uniforms_are_those_of_jax_to_the_bit(seed: int) -> None:
    rng, key = Rng(seed), jax_key(seed)
    assert (rng.bits((257, 3)) == np.asarray(jax.random.bits(key, (257, 3)))).all()
    for low, high in ((0.0, 1.0), (-1.0, 1.0), (-1e-3, 5.5), (0.1, 0.3)):
        ours = rng.uniform((5000,), low, high)
        assert (ours == np.asarray(jax.random.uniform(key, (5000,), minval=low, maxval=high))).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_normals_are_within_2e_6_of_those_of_jax(seed: int) -> None:
    ours, theirs = Rng(seed).normal((300_000,)), jax.random.normal(jax_key(seed), (300_000,))
    assert abs(ours - np.asarray(theirs)).max() < 2e-6
    ours = Rng(seed).truncated_normal((300_000,), -1.5, 2.5)
    theirs = jax.random.truncated_normal(jax_key(seed), -1.5, 2.5, (300_000,))
    assert abs(ours - np.asarray(theirs)).max() < 2e-6


def test_every_float32_normal_is_within_2e_6_of_jax() -> None:
    # All 2**23 numbers that a draw can be, by the two implementations of erfinv.
    from initcore.random._erfinv import erfinv_host

    u = (np.arange(2**23, dtype=np.float32) * np.float32(2**-22)) + np.nextafter(
        np.float32(-1), np.float32(0)
    )
    root2 = np.float32(np.sqrt(2))
    theirs = np.asarray(jax.jit(jax.lax.erf_inv)(u)) * root2
    ours = np.concatenate([erfinv_host(part.copy()) for part in np.split(u, 64)]) * root2
    assert abs(ours - theirs).max() < 2e-6


def test_float64_draws_are_those_of_jax() -> None:
    with jax.enable_x64(True):
        rng, key = Rng(7, dtype="float64"), jax_key(7)
        bits = np.asarray(jax.random.bits(key, (999,), dtype=jnp.uint64))
        assert (rng.bits((999,), width=64) == bits).all()
        uniform = np.asarray(jax.random.uniform(key, (9999,), jnp.float64, -0.3, 0.7))
        assert (rng.uniform((9999,), -0.3, 0.7) == uniform).all()
        normal = np.asarray(jax.random.normal(key, (200_000,), jnp.float64))
        assert abs(rng.normal((200_000,)) - normal).max() < 1e-14


def test_integers_permutations_and_derived_keys_are_those_of_jax() -> None:
    for seed in SEEDS:
        rng, key = Rng(seed), jax_key(seed)
        for low, high in ((-5, 17), (0, 1), (-(2**31), 2**31 - 1), (3, 100_003)):
            theirs = jax.random.randint(key, (999,), low, high, dtype=jnp.int32)
            assert (rng.integers((999,), low, high) == np.asarray(theirs)).all()
        assert (rng.permutation(5000) == np.asarray(jax.random.permutation(key, 5000))).all()
        child = jax.random.fold_in(key, 77)
        assert (rng.fold_in(77).bits(9) == np.asarray(jax.random.bits(child, (9,)))).all()
        for mine, other in zip(rng.split(3), jax.random.split(key, 3), strict=True):
            assert (mine.bits(9) == np.asarray(jax.random.bits(other, (9,)))).all()
        assert (rng.signs(99) == np.asarray(jax.random.rademacher(key, (99,)))).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", SEEDS[-3:])
def test_every_namespace_draws_the_same(seed: int, dtype: str) -> None:
    rng = Rng(seed, dtype=dtype)
    limit = 2e-6 if dtype == "float32" else 1e-14
    for other in other_namespaces(rng):
        assert (to_numpy(other.bits((50, 7))) == rng.bits((50, 7))).all()
        assert (to_numpy(other.uniform((999,), -0.3, 0.7)) == rng.uniform((999,), -0.3, 0.7)).all()
        assert abs(to_numpy(other.normal((300, 70))) - rng.normal((300, 70))).max() < limit
        assert (to_numpy(other.signs(99)) == rng.signs(99)).all()
        assert (to_numpy(other.integers(99, -5, 17)) == rng.integers(99, -5, 17)).all()
        assert (to_numpy(other.permutation((4, 50))) == rng.permutation((4, 50))).all()
        assert (to_numpy(other.fold_in("a/b").bits(9)) == rng.fold_in("a/b").bits(9)).all()


@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    corner=st.tuples(*[st.floats(0, 1, exclude_max=True)] * 3),
    extent=st.tuples(*[st.floats(0, 1)] * 3),
    start=st.sampled_from([0, 1, 2**32 - 50, 2**40 + 3]),
)
def test_any_window_of_an_array_can_be_drawn_alone(
    shape: tuple[int, ...], corner: tuple[float, ...], extent: tuple[float, ...], start: int
) -> None:
    rng = Rng(3)
    low = [int(n * c) for n, c in zip(shape, corner, strict=True)]
    size = [max(1, int((n - a) * e)) for n, a, e in zip(shape, low, extent, strict=True)]
    strides = (shape[1] * shape[2], shape[2], 1)
    first = start + sum(a * s for a, s in zip(low, strides, strict=True))
    whole = rng.normal(shape, start=start)
    part = whole[tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))]
    assert (rng.normal(tuple(size), start=first, strides=strides) == part).all()
    for other in (traced_like(rng, torch), Rng.from_key(rng.key, xp=strict)):
        drawn = other.bits(tuple(size), start=first, strides=strides)
        assert (to_numpy(drawn) == rng.bits(tuple(size), start=first, strides=strides)).all()


def test_draws_work_under_jit_vmap_and_compile() -> None:
    rng = Rng(11)
    draw = jax.jit(lambda k0, k1: Rng.from_key((k0, k1), xp=jnp).normal((40, 3)))
    drawn = draw(jnp.uint32(rng.key[0]), jnp.uint32(rng.key[1]))
    assert abs(np.asarray(drawn) - rng.normal((40, 3))).max() < 2e-6

    words = jnp.array([r.key for r in rng.split(4)], dtype=jnp.uint32)
    many = jax.vmap(lambda k: Rng.from_key((k[0], k[1]), xp=jnp).bits((5,)))(words)
    assert (np.asarray(many) == np.stack([r.bits(5) for r in rng.split(4)])).all()

    compiled = torch.compile(
        lambda: Rng(11, xp=torch).normal((40, 3)), backend="eager", fullgraph=True
    )
    assert abs(compiled().numpy() - rng.normal((40, 3))).max() < 2e-6


def test_empty_and_scalar_shapes() -> None:
    assert Rng(0).normal((0, 3)).shape == (0, 3)
    assert Rng(0).normal(()).shape == ()
    assert Rng(0).normal(()) == Rng(0).normal(1)[0]
    assert traced_like(Rng(0), jnp).normal((3, 0)).shape == (3, 0)


def test_the_core_imports_no_framework() -> None:
    import subprocess

    heavy = "('torch', 'jax', 'keras', 'tensorflow', 'scipy')"
    code = f"import initcore, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert initcore.__version__


@pytest.mark.parametrize("strides", [None, (40, 1), (1, 50)])
def test_an_accelerator_draws_large_arrays_in_pieces_of_the_same_values(
    strides: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from initcore.random import _draw, _rng

    drawn: list[int] = []
    blocks = _draw.blocks
    monkeypatch.setattr(_rng, "on_host", lambda xp, device: False)
    monkeypatch.setattr(
        _draw,
        "blocks",
        lambda key, shape, *a, **k: drawn.append(shape) or blocks(key, shape, *a, **k),
    )
    rng = Rng(3, xp=torch, dtype="bfloat16")
    whole = rng.normal((41, 30), start=7, strides=strides)
    monkeypatch.setattr(_draw, "PIECE", 100)
    pieces = rng.normal((41, 30), start=7, strides=strides)
    assert torch.equal(whole, pieces)
    assert len(drawn) > 10
    assert max(np.prod(s) for s in drawn[1:]) <= 100


def test_a_traced_key_folds_in_a_traced_number() -> None:
    @jax.jit
    @jax.vmap
    def folded(i: jax.Array) -> jax.Array:
        words = tuple(jnp.uint32(word) for word in (1, 2))
        return Rng.from_key(words, xp=jnp).fold_in(i).bits((3,))

    found = folded(jnp.arange(2, 5, dtype=jnp.uint32))
    wanted = [Rng((1 << 32) + 2).fold_in(i).bits((3,)) for i in range(2, 5)]
    assert (np.asarray(found) == np.stack(wanted)).all()
