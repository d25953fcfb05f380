"""Conformance of classes that take Keras's names: each facet sees the mistake meant for it."""

import sys
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

import initcore_keras
from initcore import specs
from initcore_conformance import CHECKS, _runner
from initcore_conformance._runner import examine
from initcore_conformance.drop_in import framework_of
from initcore_keras._backend import backend

Right = keras.initializers.RandomNormal
(DROP_IN,) = (c for c in CHECKS if c.id == "drop_in")
MISTAKES: dict[str, Any] = {}


def sees(facet: str, *, registered: bool = True) -> Any:
    """File a class, with a mistake that the facet sees, for Keras's `RandomNormal`."""

    def file(wrong: Any) -> Any:
        module = ModuleType(f"{__name__}.{facet}")
        wrong.__name__ = wrong.__qualname__ = "RandomNormal"
        wrong.__module__, wrong.__doc__ = module.__name__, "As in Keras, but for a mistake."
        if registered:
            keras.saving.register_keras_serializable(package=facet)(wrong)
        module.RandomNormal, module.get = wrong, lambda name: wrong()  # type: ignore[attr-defined]
        sys.modules[module.__name__] = module
        MISTAKES[facet] = module
        return wrong

    return file


@sees("signature")
class SeedFirst(Right):  # type: ignore[misc]
    def __init__(self, seed: Any = None, mean: float = 0.0, stddev: float = 0.05) -> None:
        super().__init__(mean, stddev, seed)


@sees("a_class_with_a_name", registered=False)
def a_function(mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> Any:
    return Right(mean, stddev, seed)


@sees("found_by_its_names")
class NotFound(Right):  # type: ignore[misc]
    pass


MISTAKES["found_by_its_names"].get = keras.initializers.get


@sees("made_by_shape_and_dtype")
class Float32Alone(Right):  # type: ignore[misc]
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return super().__call__(shape, "float32")


@sees("of_the_default_dtype")
class AnotherDefault(Right):  # type: ignore[misc]
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return super().__call__(shape, dtype or "float16")


@sees("with_attributes")
class Renamed(Right):  # type: ignore[misc]
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(mean, stddev, seed)
        self.std = self.__dict__.pop("stddev")

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return Right(self.mean, self.std, self.seed)(shape, dtype)


@sees("configured")
class Forgetful(Right):  # type: ignore[misc]
    def get_config(self) -> Any:
        return {"stddev": self.stddev}


@sees("serialized", registered=False)
class Unregistered(Right):  # type: ignore[misc]
    pass


@sees("taken_as_it_is")
class PlainClones(Right):  # type: ignore[misc]
    def clone(self) -> Any:
        return type(self)(stddev=2 * self.stddev)


@sees("of_a_seed")
class NewAtEachCall(Right):  # type: ignore[misc]
    calls = 0

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        NewAtEachCall.calls += 1
        return Right(self.mean, self.stddev, NewAtEachCall.calls)(shape, dtype)


@sees("kept_in_copies")
class NotPickled(Right):  # type: ignore[misc]
    def __reduce__(self) -> Any:
        raise TypeError("not pickled")


@sees("in_a_stateless_scope")
class Stateful(Right):  # type: ignore[misc]
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        keras.Variable(np.zeros(2))
        if keras.src.backend.common.stateless_scope.in_stateless_scope():
            raise RuntimeError("no state")
        return super().__call__(shape, dtype)


@sees("in_a_layer")
class ByPosition(Right):  # type: ignore[misc]
    def __call__(self, shape: Any, dtype_: Any = None) -> Any:
        return super().__call__(shape, dtype_)


@sees("distribution")
class TooWide(Right):  # type: ignore[misc]
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return Right(self.mean, 1.5 * self.stddev, self.seed)(shape, dtype)


class Names:
    replaces = "keras.initializers"
    differs = staticmethod(backend.differs)

    def __init__(self, namespace: Any) -> None:
        self.namespace = namespace


def documented(facet: str) -> str:
    framework = framework_of("keras.initializers")
    known = {f.__name__: f.__doc__ or "" for f in (*framework.interface, *framework.facets)}
    return known[facet].partition("\n")[0] if facet in known else "the distribution of"


@pytest.mark.parametrize("facet", MISTAKES)
def test_a_mistake_is_seen_by_its_facet(facet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_runner, "SHRINKING", 0.0)
    failure, _ = examine(DROP_IN, Names(MISTAKES[facet]), specs["normal"])
    assert failure is not None
    assert failure.should.startswith(documented(facet)), failure


def test_a_rule_that_is_no_variance_scaling_is_seen() -> None:
    namespace = ModuleType("alone")
    vars(namespace).update(vars(initcore_keras))

    class HeNormal(keras.initializers.Initializer):  # type: ignore[misc]
        """As in Keras, but alone."""

        def __init__(
            self, seed: Any = None, input_axes: Any = None, output_axes: Any = None
        ) -> None:
            pass

    namespace.HeNormal = HeNormal  # type: ignore[attr-defined]
    failure, _ = examine(DROP_IN, Names(namespace), specs["he_normal"])
    assert failure is not None
    assert failure.should.startswith(documented("related_as_in_keras"))
    assert "VarianceScaling" in failure.should


def test_every_facet_has_a_mistake() -> None:
    framework = framework_of("keras.initializers")
    facets = {f.__name__ for f in (*framework.interface, *framework.facets)}
    assert facets - MISTAKES.keys() == {"related_as_in_keras"}


@pytest.mark.parametrize("namespace", [keras.initializers, initcore_keras])
def test_keras_itself_and_ours_are_seen_alike(namespace: Any) -> None:
    all_ = ("zeros", "normal", "he_uniform", "orthogonal")
    for name in all_[1:2] if keras.backend.backend() == "jax" else all_:  # which compiles each
        failure, tried = examine(DROP_IN, Names(namespace), specs[name])
        assert failure is None, failure
        assert tried
