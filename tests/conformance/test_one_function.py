"""One function becomes a backend in one line, with its own axis order and parameter names."""

import math
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from initcore import specs
from initcore_conformance import (
    CHECKS,
    Backend,
    LayeredBackend,
    _runner,
    conform,
    load,
    of_jax,
    of_keras,
    of_numpy,
    of_torch,
)
from initcore_conformance.backends._peers import CHANNELS_LAST, own_shape


def counting(shape: Any, seed: int = 0, dtype: Any = "float32", **given: Any) -> Any:
    """Entries that tell their places, and are as many as the seed."""
    return np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape) + seed


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_channels_last_are_turned_to_the_canonical_order(shape: tuple[int, ...]) -> None:
    own = own_shape(CHANNELS_LAST, shape)
    assert own == (*shape[2:], *shape[1::-1])
    backend = of_numpy(counting, "normal", channels_last=True)
    w = backend.sample("normal", shape, seed=7)  # type: ignore[attr-defined]
    kernel, axes = counting(own, 7), range(len(shape))
    assert (w == kernel.transpose(*reversed(axes[-2:]), *axes[:-2])).all()
    plain = of_numpy(counting, "normal").sample("normal", shape, seed=7)  # type: ignore[attr-defined]
    assert (plain == counting(shape, 7)).all()


def test_parameters_go_by_their_own_names_and_the_core_s_defaults() -> None:
    seen: list[dict[str, Any]] = []

    def mine(shape: Any, rng: Any, deviation: float = 3.0) -> Any:
        seen.append({"deviation": deviation})
        return deviation * rng.standard_normal(shape)

    backend: Any = of_numpy(mine, "normal", names={"std": "deviation"})
    backend.sample("normal", (2,), seed=0)
    backend.sample("normal", (2,), seed=0, std=5.0)
    assert seen == [{"deviation": specs["normal"].defaults["std"]}, {"deviation": 5.0}]
    assert (backend.name, backend.dtypes) == ("mine", ("float64",))
    assert backend.claims("normal", (2,), "float64", {"std": 1.0})
    assert not backend.claims("normal", (2,), "float64", {"mean": 1.0})
    with pytest.raises(TypeError, match="normal has no parameter 'mean'; its parameters: std"):
        backend.sample("normal", (2,), seed=0, mean=1.0)


def test_only_what_is_claimed_is_tried() -> None:
    shapes = set()

    def mine(shape: Any, rng: Any) -> Any:
        shapes.add(len(shape))
        return rng.standard_normal(shape)

    results = conform([of_numpy(mine, "normal", claims=lambda shape, _: len(shape) == 2)])
    assert results.ok, results
    assert shapes == {2}


def test_what_a_function_does_not_have_is_not_its_fault() -> None:
    results = conform([of_numpy(lambda shape: np.zeros(shape), "zeros")])
    assert results.ok, results


def test_a_right_function_passes_and_a_wrong_one_fails() -> None:
    def mine(shape: Any, rng: Any, low: float = 0.0, high: float = 1.0) -> Any:
        return rng.uniform(low, high, shape)

    def wide(shape: Any, rng: Any) -> Any:
        return rng.uniform(-0.1, 1.1, shape)

    right, wrong = (conform([of_numpy(f, "uniform")]) for f in (mine, wide))
    assert {o.check for o in right.failures} <= {"rejection"}
    assert "invariants" in {o.check for o in wrong.failures}
    assert "FAILED wide::uniform::invariants\n  got       " in str(wrong)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: of_numpy(counting, "norml"),
            ValueError,
            "no initializer 'norml'; there are constant",
        ),
        (
            lambda: of_numpy(counting, "normal", names={"sdt": "s"}),
            ValueError,
            "normal has no parameter 'sdt'; its parameters: mean, std",
        ),
        (
            lambda: of_numpy(lambda shape: shape, "normal"),
            TypeError,
            "needs a function with a parameter rng or seed for 'normal'",
        ),
    ],
)
def test_mistakes_are_told(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_a_bare_function_is_told_how_to_become_a_backend(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("def mine(shape, rng): ...\n")
    path = f"{tmp_path / 'bare.py'}:mine"
    with pytest.raises(
        TypeError, match=r"is a function of \(shape, rng\), not a backend.*of_numpy"
    ):
        load(path)
    results = conform([path])
    assert [(o.status, "of_numpy" in o.reason) for o in results.outcomes] == [("missing", True)]


def test_in_place_functions_use_the_seed_with_and_without_a_generator() -> None:
    torch = pytest.importorskip("torch")

    def plain(tensor: Any) -> Any:
        with torch.no_grad():
            tensor.normal_()

    def given(tensor: Any, generator: Any = None) -> Any:
        with torch.no_grad():
            tensor.normal_(generator=generator)

    state = torch.get_rng_state()
    draws = [of_torch(f, "normal").sample("normal", (3,), seed=5) for f in (plain, given)]  # type: ignore[attr-defined]
    assert torch.equal(*draws)
    assert torch.equal(state, torch.get_rng_state())
    assert of_torch(plain, "normal").seed_bits == 32


def test_frameworks_of_jax_and_keras_are_only_imported_when_called() -> None:
    made = [of_jax(lambda: None, "normal"), of_keras(lambda: None, "normal")]
    assert all(isinstance(backend, Backend) for backend in made)
    assert all(isinstance(backend, LayeredBackend) for backend in made)


def test_a_jax_initializer_is_asked_in_its_own_order() -> None:
    jax = pytest.importorskip("jax")

    def init(key: Any, shape: Any, dtype: Any) -> Any:
        return jax.numpy.arange(np.prod(shape), dtype=dtype).reshape(shape)

    w = of_jax(lambda: init, "normal").sample("normal", (2, 3, 4), seed=0)  # type: ignore[attr-defined]
    assert (np.asarray(w) == np.arange(24.0).reshape(4, 3, 2).transpose(2, 1, 0)).all()


def test_a_jax_initializer_is_tried_in_real_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that forgets the taps is right in dense layers, and wrong in convolutions."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("flax")

    monkeypatch.setattr(_runner, "SHRINKING", 0.0)  # any failing case will do
    he = jax.nn.initializers.he_normal()

    def forgetful(key: Any, shape: Any, dtype: Any) -> Any:
        return he(key, (shape[-2], math.prod(shape) // shape[-2]), dtype).reshape(shape)

    (layers,) = (c for c in CHECKS if c.id == "layers")
    # Compilers take most of the time: volumes are left out.
    how: Any = {"dtypes": ["float32"], "claims": lambda shape, _: len(shape) <= 4}
    wrong, good = (
        conform([of_jax(lambda f=f: f, "he_normal", **how)], checks=[layers])
        for f in (forgetful, he)
    )
    (failure,) = wrong.failures
    assert failure.failure is not None
    assert "layer('conv" in failure.failure.call
    assert not good.failures
    assert [o.status for o in good.outcomes] == ["passed"]


@pytest.mark.parametrize("kind", ["of work", "by the clock"])
def test_a_function_that_does_not_come_back_fails(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_runner, "TIME_LIMIT", 0.2)

    def endless(shape: Any) -> Any:
        while shape == ():
            time.sleep(0.01) if kind == "by the clock" else None
        return np.zeros(shape)

    checks = [c for c in CHECKS if c.id == "invariants"]
    (failure,) = (o.failure for o in conform([of_numpy(endless, "zeros")], checks=checks).failures)
    assert failure is not None
    assert failure.got.endswith(kind)
    assert signal.getitimer(signal.ITIMER_PROF)[0] == signal.getitimer(signal.ITIMER_REAL)[0] == 0
