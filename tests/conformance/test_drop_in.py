"""Names taken over from a framework: each facet sees the mistake meant for it, and no other."""

import pytest
import torch

import initcore_torch
from initcore import specs
from initcore_conformance import CHECKS, _runner
from initcore_conformance._runner import examine
from initcore_conformance.drop_in import FRAMEWORKS, Trial, framework_of
from initcore_conformance.drop_in._samples import unlike

from .zoo import FAULTS, Fault
from .zoo._names import FACETS

(DROP_IN,) = (c for c in CHECKS if c.id == "drop_in")
MISTAKES = [f for f in FAULTS if f.check == "drop_in"]


@pytest.mark.parametrize("fault", MISTAKES, ids=lambda f: f.make.__name__)
def test_a_mistake_is_seen_by_its_facet(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_runner, "SHRINKING", 0.0)
    backend = fault.make()
    failure, _ = examine(DROP_IN, backend, specs[fault.initializer])
    assert failure is not None
    facet = FACETS[type(backend).__name__]
    framework = framework_of(backend.replaces)
    known = {f.__name__: f.__doc__ for f in (*framework.interface, *framework.facets)}
    text = known[facet].partition("\n")[0] if facet in known else ""
    assert failure.should.startswith(text), f"{failure.got}; {failure.should}"
    assert (facet == "distribution") == failure.should.startswith("the distribution of")
    assert (facet == "missing") == failure.should.startswith("the names of")
    assert failure.call.startswith("tests.conformance.zoo._names.")


def test_every_facet_has_a_mistake() -> None:
    wanted = {"distribution", "missing"}
    for name in ("torch.nn.init", "jax.nn.initializers"):
        framework = framework_of(name)
        wanted |= {f.__name__ for f in (*framework.interface, *framework.facets)}
    assert wanted - set(FACETS.values()) == {"inside_of_transformations", "kept_in_copies"}


@pytest.mark.parametrize("name", FRAMEWORKS[:2])
def test_a_framework_replaces_itself(name: str) -> None:
    class Itself:
        replaces, namespace = name, __import__(name, fromlist=["_"])

    for initializer in ("zeros", "uniform", "orthogonal"):
        failure, tried = examine(DROP_IN, Itself(), specs[initializer])
        assert failure is None, failure
        assert tried


def test_calls_that_differ_on_purpose_are_not_compared() -> None:
    (fault,) = (f for f in MISTAKES if f.make.__name__ == "NotInPlace")
    backend = fault.make()
    backend.differs = lambda name, shape, dtype, arguments: True
    assert examine(DROP_IN, backend, specs["orthogonal"]) == (None, 0)


def test_frameworks_are_known_by_their_modules() -> None:
    with pytest.raises(ValueError, match=r"replaces torch.nn.init, .* got 'flax'"):
        framework_of("flax")


def test_samples_of_one_distribution_are_not_told_apart() -> None:
    # Right samples are told apart with a probability below 1e-9; the seed is fixed.
    import numpy as np

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6000))
    assert unlike(x, y) is None
    assert "mean is" in (unlike(x + 0.2, y) or "")
    assert "mean square is" in (unlike(1.2 * x, y) or "")
    assert "a share of" in (unlike(np.sign(x), y) or "")
    assert unlike(x + 1j * y, y + 1j * x) is None


def test_numbers_of_every_dtype_can_be_compared() -> None:
    framework = framework_of("torch.nn.init")
    for dtype in framework.dtypes:
        own, given = torch.nn.init.constant_, {"val": 1}
        trial = Trial("constant_", own, initcore_torch, given, (3,), dtype, 0)
        assert framework.numbers(initcore_torch.constant_, trial, 0).tolist() == [1, 1, 1]
